"""Forms from elsewhere do nothing (CSRF), and a cookie that was there before the log-in is nobody's session (fixation)."""

import hashlib
import hmac
import re

import httpx
import pytest
from living_site import PASSWORD, Person, Site

from heliograph.web.access import PAGE
from heliograph.web.table import ROUTES

COOKIE, VISIT = "heliograph_session", "heliograph_visit"
FORMS = sorted(
    re.sub(r"\{[^}]*\}", "1", path)
    for route in ROUTES
    for path in route.paths
    if route.opt.get("access") == PAGE and "POST" in getattr(route, "http_methods", ())
)


def token_of(cookie: str) -> str:
    """The token that our own page has for the browser with `cookie`."""
    return hmac.new(cookie.encode(), b"heliograph form", hashlib.sha256).hexdigest()


def session_of(site: Site, person: Person) -> str:
    return site.run(site.product.sessions.start(person.id, "x"))


def post(site: Site, path: str, session: str, token: str, headers: dict | None = None, **form: str) -> httpx.Response:
    sent = {"Cookie": f"{COOKIE}={session}"} | (headers or {})
    return httpx.post(site.url + path, data={"csrf_token": token} | form, headers=sent)


@pytest.mark.parametrize("path", FORMS)
def test_no_form_counts_that_is_not_ours(site: Site, ada: Person, grace: Person, path: str):
    mine, theirs = session_of(site, ada), session_of(site, grace)
    right = token_of(mine)
    own = {"Sec-Fetch-Site": "same-origin", "Origin": site.url}
    for token, headers, what in (
        ("", own, "without a token"),
        (token_of(theirs), own, "with somebody else's"),
        (token_of(""), own, "with one for no cookie"),
        (right.upper(), own, "with one that is nearly right"),
        (right, {"Sec-Fetch-Site": "cross-site"}, "from another site"),
        (right, {"Sec-Fetch-Site": "same-site"}, "from a neighbour"),
        (right, {"Origin": "https://evil.example"}, "from another origin"),
        (right, {"Origin": "null"}, "from a frame in a sandbox"),
        (right, {"Origin": f"{site.url}.evil.example"}, "from a name that begins like ours"),
    ):
        assert post(site, path, mine, token, headers).status_code == 403, (path, what)
    if path not in ("/auth/sign_out", "/settings/account/delete", "/auth/password", "/notifications/clear"):
        # What was refused was refused for that reason.
        assert post(site, path, mine, right, own).status_code != 403, path
    assert site.http.get(f"/api/v1/accounts/{ada.id}").status_code == 200


def test_the_walk_meets_the_forms():
    assert len(FORMS) > 30
    assert {"/upload", "/auth/sign_in", "/auth/apps/end", "/oauth/authorize", "/settings/account/delete"} <= set(FORMS)


def test_reading_a_page_changes_nothing(site: Site, ada: Person, grace: Person):
    """What changes something is no GET: the same addresses, asked for by a link."""
    session = session_of(site, grace)
    ada.publish("A post")
    for path in FORMS:
        answer = httpx.get(site.url + path, headers={"Cookie": f"{COOKIE}={session}"})
        assert answer.status_code in (200, 303, 400, 404, 405, 422), path
        assert COOKIE not in answer.headers.get("set-cookie", ""), path
    assert site.run(site.product.identities.of_session(session)).account_id == grace.id


def log_in(site: Site, name: str, headers: dict[str, str], token: str, path: str = "/auth/sign_in", **more: str) -> str:
    """The session that a log-in begins."""
    form = {"csrf_token": token, "name": name, "username": name, "password": PASSWORD, "agreement": "true"} | more
    answer = httpx.post(site.url + path, data=form, headers=headers)
    assert answer.status_code == 303, answer.text
    return answer.cookies[COOKIE]


@pytest.mark.parametrize("path", ["/auth/sign_in", "/auth/sign_up"])
def test_a_session_is_a_new_one(site: Site, path: str):
    """Whatever cookies the browser came with, planted or not, none of them is the session, nor opens anything afterwards."""
    person = site.person()
    planted = session_of(site, site.person())
    invented = f"{person.id}.{'A' * 43}"
    for number, session in enumerate((planted, invented, "nonsense")):
        name = person.name if path == "/auth/sign_in" else f"fresh{number}"
        cookies = {"Cookie": f"{COOKIE}={session}; {VISIT}=planted"}
        made = log_in(site, name, cookies, token_of(session), path)
        assert made != session
        assert len(made.partition(".")[2]) == 43, "256 bits"
        assert site.run(site.product.identities.of_session(session)) is None, "what was there before has ended"
        assert site.run(site.product.identities.of_session("planted")) is None
    visit = "planted-visit"
    name = person.name if path == "/auth/sign_in" else "fresh9"
    made = log_in(site, name, {"Cookie": f"{VISIT}={visit}"}, token_of(visit), path)
    again = log_in(site, person.name, {"Cookie": f"{VISIT}={visit}"}, token_of(visit))
    assert visit not in made
    assert made != again, "each log-in has its own"
    with httpx.Client(base_url=site.url, cookies={COOKIE: made}) as browser:
        stale = browser.post("/auth/sign_out", data={"csrf_token": token_of(visit)})
    assert stale.status_code == 403, "nor does the token of before count any more"


def test_a_session_in_the_address_is_none(site: Site, ada: Person):
    session = session_of(site, ada)
    for query in (f"{COOKIE}={session}", f"session={session}", f"access_token={session}"):
        assert site.http.get(f"/auth/sessions?{query}").status_code == 303
