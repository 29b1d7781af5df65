"""What every answer says besides its body: what browsers may do with it, what may be kept, and of what kind it is."""

import re

import httpx
import pytest
from living_site import Person, Site

from heliograph.web.access import OPEN
from heliograph.web.table import ROUTES

ALWAYS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": None,
    "content-security-policy": None,
    "cache-control": None,
    "content-type": None,
}
# What may be kept, since it is everybody's.
KEPT = re.compile(
    r"/(static|media|favicon\.ico|\.well-known/(webfinger|host-meta))|.*\.(rss|atom)$|.*/embed$|/api/oembed"
)
GETS = sorted(
    re.sub(r"\{[^}]*\}", "1", path)
    for route in ROUTES
    for path in route.paths
    if "GET" in getattr(route, "http_methods", ()) and not route.opt.get("access", OPEN).in_address
)


@pytest.mark.parametrize("path", [*GETS, "/nowhere/at/all/here", "/api/v1/nowhere"])
def test_every_answer(site: Site, ada: Person, path: str):
    cookie = {"Cookie": f"heliograph_session={site.run(site.product.sessions.start(ada.id, 'x'))}"}
    for answer in (site.http.get(path), ada.get(path), httpx.get(site.url + path, headers=cookie)):
        for name, value in ALWAYS.items():
            if name == "content-type" and not answer.content:
                continue
            assert name in answer.headers, (path, name)
            assert value is None or answer.headers[name] == value
        if not KEPT.match(path):
            assert "no-store" in answer.headers["cache-control"], path
        kind = answer.headers.get("content-type", "")
        assert not answer.content or re.match(r"text/.*charset=utf-8|application/|image/", kind), (path, kind)
        policy = answer.headers["content-security-policy"]
        assert "default-src 'self'" in policy or "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "server" not in answer.headers


def test_nothing_is_traced_and_no_folder_is_listed(site: Site):
    for path in ("/", "/api/v1/instance"):
        answer = site.http.request("TRACE", path, headers={"X-Secret": "as it was"})
        assert answer.status_code == 405
        assert "as it was" not in answer.text
    for path in (
        "/static/",
        "/media/",
        "/static/vendor/",
        "/.git/config",
        "/.env",
        "/var/",
        "/static/../cli/__init__.py",
    ):
        assert site.http.get(path).status_code == 404, path


def test_there_is_nobody_before_somebody_signs_up(site: Site):
    for name in ("admin", "root", "heliograph", "postgres", "administrator"):
        assert site.http.get(f"/@{name}").status_code == 404


def test_an_error_tells_nothing_of_the_inside(site: Site, ada: Person):
    """Whatever was wrong, no path, no query, no class of ours and no line number is in the answer."""
    for answer in (
        site.http.get("/api/v1/statuses/99999999999999999999999999"),
        ada.post("/api/v1/statuses", content=b"{", headers={"Content-Type": "application/json"}),
        ada.post("/api/v1/statuses", json={"status": {"a": [1]}}),
        ada.post("/api/v1/statuses", json={"media_ids": "x"}),
        ada.get("/api/v1/timelines/home?limit=x&max_id=%00"),
        site.http.get("/%ff%fe"),
        site.http.post("/oauth/token", content=b"\xff\xfe"),
        site.http.request("BREW", "/"),
    ):
        assert 400 <= answer.status_code < 500
        assert not re.search(r"Traceback|File \"|\.py|SELECT|asyncpg|msgspec|litestar|/home/|/tmp/", answer.text), (
            answer.text
        )


def test_who_does_not_want_to_be_found_asks_robots_to_stay_away(site: Site):
    shy = site.person()
    post = shy.publish("A quiet word")
    address = f"/@{shy.name}/{post['id']}"
    robots = '<meta name="robots" content="noindex">'
    assert robots not in site.http.get(f"/@{shy.name}").text
    shy.ask("PATCH", "/api/v1/accounts/update_credentials", json={"discoverable": False})
    site.settled()
    for path in (f"/@{shy.name}", address, f"{address}/embed"):
        assert robots in site.http.get(path).text, path
    unlisted = shy.publish("Quieter", visibility="unlisted")
    assert robots in site.http.get(f"/@{shy.name}/{unlisted['id']}").text


def test_a_link_to_elsewhere_says_nothing_of_where_it_stood(site: Site, ada: Person):
    post = ada.publish("https://a.example/x")
    assert re.search(r'<a [^>]*target="_blank"[^>]*rel="nofollow noopener noreferrer"', post["content"])
    page = site.http.get(f"/@{ada.name}/{post['id']}").text
    for link in re.findall(r"<a [^>]*target=\"_blank\"[^>]*>", page):
        assert "noopener" in link
