"""What is hidden and what does not exist are answered alike, and in about the same time."""

import time
from collections.abc import Callable

import httpx
import pytest
from living_site import PASSWORD, Person, Site

TRIES = 15
NOBODY = str(7 << 22 | 1 << 12)


def told(answer: httpx.Response) -> tuple[int, bytes, str]:
    """All that a client learns, but for what is different at each request."""
    return answer.status_code, answer.content, answer.headers.get("cache-control", "")


def least(first: Callable[[], object], second: Callable[[], object], tries: int = TRIES) -> tuple[float, float]:
    """The fewest seconds that each takes, in turns: whatever else the machine does only ever adds to them."""
    took: tuple[list[float], list[float]] = ([], [])
    for _ in range(tries):
        for ask, times in zip((first, second), took, strict=True):
            began = time.perf_counter()
            ask()
            times.append(time.perf_counter() - began)
    return min(took[0]), min(took[1])


def by_password(site: Site, name: str) -> httpx.Response:
    app = site.http.post("/api/v1/apps", json={"client_name": "x", "redirect_uris": "app://x"}).json()
    form = {"grant_type": "password", "client_id": app["client_id"], "client_secret": app["client_secret"]}
    return site.http.post("/oauth/token", data=form | {"username": name, "password": "a wrong guess"})


def test_a_log_in_does_not_tell_whether_there_is_such_a_name(site: Site, ada: Person):
    known, unknown = by_password(site, ada.name), by_password(site, "nobody_at_all")
    assert told(known) == told(unknown)
    assert known.status_code == 400
    suspended = site.person()
    site.run(site.product.suspension.suspend(suspended.id))
    assert told(by_password(site, suspended.name)) == told(unknown), "it is told to who knows the password only"


@pytest.mark.parametrize("name", ["nobody_at_all", "nobody@example.org", "no name at all", ""])
def test_a_log_in_takes_as_long_for_a_name_that_nobody_has(site: Site, ada: Person, name: str):
    known_s, unknown_s = least(lambda: by_password(site, ada.name), lambda: by_password(site, name))
    assert 0.6 < unknown_s / known_s < 1.6, (known_s, unknown_s)


def test_the_check_of_times_sees_a_log_in_that_gives_up_at_once(site: Site, ada: Person):
    """Without the work for nobody's password the measurement above would fail by far."""
    known_s, other_s = least(lambda: by_password(site, ada.name), lambda: site.http.get("/oauth/token"))
    assert other_s / known_s < 0.6


@pytest.fixture(scope="module")
def hidden(site: Site) -> dict[str, str]:
    """Posts that a stranger may not see, by why."""
    author, other = site.person(), site.person()
    found = {kind: author.publish("Hidden", visibility=kind)["id"] for kind in ("private", "direct")}
    found["deleted"] = author.publish("Hidden")["id"]
    author.ask("DELETE", f"/api/v1/statuses/{found['deleted']}")
    gone = site.person()
    found["suspended"] = gone.publish("Hidden")["id"]
    site.run(site.product.suspension.suspend(gone.id))
    found["of somebody else"] = other.publish(f"@{author.name}", visibility="direct")["id"]
    site.settled()
    return found


WAYS = [
    ("GET", ""),
    ("GET", "/context"),
    ("GET", "/history"),
    ("GET", "/source"),
    ("GET", "/favourited_by"),
    ("GET", "/reblogged_by"),
    ("POST", "/favourite"),
    ("POST", "/unfavourite"),
    ("POST", "/reblog"),
    ("POST", "/bookmark"),
    ("POST", "/unbookmark"),
    ("POST", "/pin"),
    ("POST", "/mute"),
    ("PUT", ""),
    ("DELETE", ""),
]


@pytest.mark.parametrize(("method", "way"), WAYS)
def test_a_post_that_is_hidden_is_no_post(site: Site, hidden: dict[str, str], stranger: Person, method: str, way: str):
    body = {"json": {"status": "x"}} if method == "PUT" else {}
    for who in (stranger, site.anyone):
        nothing = told(who.ask(method, f"/api/v1/statuses/{NOBODY}{way}", **body))
        assert nothing[0] in (401, 404, 405)
        for why, ident in hidden.items():
            assert told(who.ask(method, f"/api/v1/statuses/{ident}{way}", **body)) == nothing, (why, method, way)


def test_pages_of_hidden_posts_are_those_of_none(site: Site, hidden: dict[str, str], ada: Person):
    cookie = {"Cookie": f"heliograph_session={site.run(site.product.sessions.start(ada.id, 'x'))}"}
    for path in ("/p/{}", "/@x/{}", "/@x/{}/embed", "/p/{}/edit", "/p/{}/history"):
        nothing = httpx.get(site.url + path.format(NOBODY), headers=cookie)
        for why, ident in hidden.items():
            answer = httpx.get(site.url + path.format(ident), headers=cookie)
            assert answer.status_code == nothing.status_code == 404, (why, path)
            assert answer.text == nothing.text, (why, path)
    for ident in hidden.values():
        url = f"{site.url}/@x/{ident}"
        assert told(site.http.get("/api/oembed", params={"url": url})) == told(
            site.http.get("/api/oembed", params={"url": f"{site.url}/@x/{NOBODY}"})
        )
        found = ada.get("/api/v2/search", params={"q": url, "resolve": "true"}).json()
        assert found["statuses"] == []


def test_a_post_that_is_hidden_takes_as_long_as_none(hidden: dict[str, str], stranger: Person):
    hidden_s, nothing_s = least(
        lambda: stranger.get(f"/api/v1/statuses/{hidden['private']}"),
        lambda: stranger.get(f"/api/v1/statuses/{NOBODY}"),
        2 * TRIES,
    )
    # A millisecond or two of one query, whichever way it goes: nobody can tell them apart through a network.
    assert abs(hidden_s - nothing_s) < 0.05, (hidden_s, nothing_s)


def test_photos_of_somebody_else_are_none(site: Site, ada: Person, stranger: Person):
    photo = ada.photo()
    for method in ("GET", "PUT"):
        there = stranger.ask(method, f"/api/v1/media/{photo['id']}", **({"json": {}} if method == "PUT" else {}))
        nothing = stranger.ask(method, f"/api/v1/media/{NOBODY}", **({"json": {}} if method == "PUT" else {}))
        assert told(there) == told(nothing)
        assert there.status_code == 404
    for ident in (photo["id"], NOBODY):
        answer = stranger.post("/api/v1/statuses", json={"status": "x", "media_ids": [ident]})
        assert answer.status_code == 422
        assert answer.json()["error"] == f"Validation failed: there is no photo {ident} of yours"
    parts = photo["url"].rpartition("/")
    assert len(parts[0].rpartition("/")[2]) >= 22, "128 bits in the address of a photo"
    assert site.http.get(f"{parts[0]}x/{parts[2]}").status_code == 404


def test_what_belongs_to_somebody_else_is_nothing(site: Site, ada: Person, grace: Person, stranger: Person):
    ada.follow(grace)
    grace.publish(f"@{ada.name}", visibility="direct")
    site.settled()
    notification = ada.get("/api/v1/notifications").json()
    conversation = ada.get("/api/v1/conversations").json()[0]["id"]
    if notification:
        for method, way in (("GET", ""), ("POST", "/dismiss")):
            there = stranger.ask(method, f"/api/v1/notifications/{notification[0]['id']}{way}")
            assert told(there) == told(stranger.ask(method, f"/api/v1/notifications/{NOBODY}{way}"))
    for method, way in (("DELETE", ""), ("POST", "/read")):
        there = stranger.ask(method, f"/api/v1/conversations/{conversation}{way}")
        assert told(there) == told(stranger.ask(method, f"/api/v1/conversations/{NOBODY}{way}"))
    assert ada.get("/api/v1/conversations").json()[0]["id"] == conversation


def test_accounts_that_nobody_may_see_are_none(site: Site, ada: Person):
    gone, waits, left = site.person(), site.person(), site.person()
    site.run(site.product.suspension.suspend(gone.id))
    site.run(site.product.departure.delete(left.id))
    for person in (gone, left):
        for path in ("", "/statuses", "/followers", "/following"):
            answer = ada.get(f"/api/v1/accounts/{person.id}{path}")
            assert told(answer) == told(ada.get(f"/api/v1/accounts/{NOBODY}{path}")), path
        for path in ("/@{}", "/@{}.rss", "/@{}/followers"):
            assert site.http.get(path.format(person.name)).status_code == 404
        answer = site.http.get("/api/v1/accounts/lookup", params={"acct": person.name})
        assert told(answer) == told(site.http.get("/api/v1/accounts/lookup", params={"acct": "nobody_at_all"}))
    assert site.http.get(f"/@{waits.name}").status_code == 200


def test_who_asks_to_follow_is_known_to_who_is_asked_only(site: Site, ada: Person, grace: Person, stranger: Person):
    locked = site.person()
    locked.ask("PATCH", "/api/v1/accounts/update_credentials", json={"locked": True})
    assert ada.post(f"/api/v1/accounts/{locked.id}/follow").json()["requested"] is True
    for way in ("authorize", "reject"):
        there = stranger.post(f"/api/v1/follow_requests/{ada.id}/{way}")
        nothing = stranger.post(f"/api/v1/follow_requests/{grace.id}/{way}")
        same = {key: value for key, value in there.json().items() if key != "id"}
        assert same == {key: value for key, value in nothing.json().items() if key != "id"}
    assert [each["id"] for each in locked.get("/api/v1/follow_requests").json()] == [str(ada.id)]
    assert grace.get("/api/v1/follow_requests").json() == []


def test_the_right_password_is_right(site: Site, ada: Person):
    """So that the tests above have measured what they say."""
    app = site.http.post("/api/v1/apps", json={"client_name": "x", "redirect_uris": "app://x"}).json()
    form = {"grant_type": "password", "client_id": app["client_id"], "client_secret": app["client_secret"]}
    assert site.http.post("/oauth/token", data=form | {"username": ada.name, "password": PASSWORD}).status_code == 200
