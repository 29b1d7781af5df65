"""Between the site and everybody stands a cache that keeps all it may: it must never hold a byte that was made for somebody.

And what it keeps is late by no more than the stated seconds, while who has changed it sees that at once.
"""

import hashlib
import hmac
import random
import re
import secrets
from collections.abc import Iterator

import httpx
import pytest
from living_site import Person, Site, until
from shared_cache import SharedCache

from heliograph.web.access import OPEN
from heliograph.web.cacheable import FRESH_S, STALE_S
from heliograph.web.table import ROUTES

LATE_S = FRESH_S + STALE_S
# Longer than anybody waits for Valkey, on a slow machine too.
SILENT_MS = 4000
# What no answer has that is the same for everybody: headers, forms, the bar of who is logged in.
PERSONAL = re.compile(r"(?im)^(?:set-cookie|x-ratelimit-\w+|x-request-id):|csrf_token|bar-member")


@pytest.fixture
def cache(site: Site) -> Iterator[SharedCache]:
    with httpx.Client(base_url=site.url, timeout=30) as http:
        yield SharedCache(http)


class Watcher:
    """Somebody who reads, and does nothing that others see: every trace of them in an answer to others is a leak."""

    def __init__(self, site: Site) -> None:
        self.person = site.person(name=f"w{secrets.token_hex(6)}")
        self.session = site.run(site.product.sessions.start(self.person.id, "x"))
        self.note = f"note{secrets.token_hex(6)}"
        self.asked = f"asked-{secrets.token_hex(6)}"
        self.visit = f"visit{secrets.token_hex(6)}"

    @property
    def guises(self) -> list[dict[str, str]]:
        """The headers with which they come: logged in, with a token, with what they had before log-in, with odd ones."""
        cookie, asked = f"heliograph_session={self.session}", {"x-request-id": self.asked, "user-agent": self.asked}
        return [
            {"cookie": cookie, **asked},
            {"cookie": f"other=1; {cookie}", "if-none-match": "*"},
            {"authorization": f"Bearer {self.person.token}", **asked},
            {"authorization": f"Bearer {self.person.token}", "cookie": cookie},
            {"cookie": f"heliograph_visit={self.visit}", **asked},
            {"cookie": f"heliograph_session={self.visit}", **asked},
            {"x-forwarded-host": f"{self.asked}.test", "x-forwarded-proto": "https", **asked},
            {"forwarded": f"for={self.asked}", "x-forwarded-for": self.asked, "referer": self.asked, **asked},
            {"hx-request": "true", "cookie": cookie, "range": "bytes=0-99"},
        ]

    @property
    def secrets(self) -> list[str]:
        """What is theirs alone."""
        forms = [hmac.new(key.encode(), b"heliograph form", hashlib.sha256) for key in (self.session, self.visit)]
        tokens = [form.hexdigest() for form in forms]
        return [self.person.name, self.session, self.person.token, self.note, self.asked, self.visit, *tokens]


@pytest.fixture
def watcher(site: Site) -> Watcher:
    return Watcher(site)


def leaks(cache: SharedCache, watcher: Watcher) -> list[str]:
    """What is kept of `watcher`, or of anybody who is logged in."""
    found = [f"{each.path}: {word}" for each in cache.kept for word in watcher.secrets if word in each.text]
    return found + [f"{each.path}: {word}" for each in cache.kept for word in PERSONAL.findall(each.text)]


def addresses(author: Person, post: str, photo: str) -> list[str]:
    """An address for each GET route of the site that is no stream, and some more that people go to."""
    values = {"handle": f"@{author.name}", "account_id": str(author.id), "status_id": post, "post_id": post}
    found = {"/", f"/@{author.name}.rss", f"/@{author.name}?max_id=1", f"/@{author.name}/{post}?x=1", photo}
    for route in ROUTES:
        if "GET" not in getattr(route, "http_methods", ()) or route.opt.get("access", OPEN).in_address:
            continue
        for path in route.paths:
            found.add(re.sub(r"\{(\w+)(:\w+)?\}", lambda match: values.get(match[1], "1"), path))
    return sorted(found)


def test_no_personal_byte_is_ever_kept(site: Site, ada: Person, cache: SharedCache, watcher: Watcher) -> None:
    """Strangers, and the watcher in all guises, ask for everything in any order; what is kept is looked through."""
    person = watcher.person
    photo = ada.photo()
    post = ada.publish("For everybody", media_ids=[photo["id"]])["id"]
    person.follow(ada)
    ada.publish(f"@{person.name} for you alone", visibility="direct")
    person.post(f"/api/v1/statuses/{post}/bookmark")
    assert person.post(f"/api/v1/accounts/{ada.id}/note", json={"comment": watcher.note}).status_code == 200
    site.settled()
    asked = [(path, guise) for path in addresses(ada, post, photo["url"]) for guise in ({}, *watcher.guises)]
    random.Random(4).shuffle(asked)
    for path, guise in asked:
        cache.get(path, guise)
        cache.pass_s(0.01)
    assert leaks(cache, watcher) == []
    kept = {each.path for each in cache.kept}
    assert {f"/@{ada.name}", f"/@{ada.name}/{post}", f"/@{ada.name}/with_replies"} <= kept, "nothing was tried"


def test_a_site_that_let_somebody_s_page_be_kept_would_be_found_out(watcher: Watcher) -> None:
    """The test above can fail: a site that says the wrong thing of a page."""

    def careless(request: httpx.Request) -> httpx.Response:
        who = watcher.person.name if "cookie" in request.headers else "nobody"
        return httpx.Response(200, headers={"Cache-Control": "public, s-maxage=10"}, text=f"Hello {who}")

    with httpx.Client(base_url="http://careless.test", transport=httpx.MockTransport(careless)) as http:
        cache = SharedCache(http)
        cache.get("/", watcher.guises[0])
        assert leaks(cache, watcher) == [f"/: {watcher.person.name}"]
        assert watcher.person.name in cache.get("/").text


def test_who_is_logged_in_is_not_given_everybody_s_page(ada: Person, cache: SharedCache, watcher: Watcher) -> None:
    post = ada.publish("For all")["id"]
    for path in (f"/@{ada.name}", f"/@{ada.name}/{post}", f"/@{ada.name}/with_replies"):
        everybodys = cache.get(path)
        own = cache.get(path, {**watcher.guises[0], "if-none-match": everybodys.headers["etag"]})
        assert (own.status_code, watcher.person.name in own.text) == (200, True)
        assert own.headers["cache-control"] == "private, no-store"
        assert "cookie" in own.headers["vary"].lower()
        assert cache.get(path).text == everybodys.text
        assert cache.came_from == "cache"


def test_what_followers_see_is_not_kept_for_others(site: Site, ada: Person, cache: SharedCache) -> None:
    watcher = Watcher(site)
    watcher.person.follow(ada)
    hidden = ada.publish("For my followers", visibility="private")["id"]
    for path in (f"/@{ada.name}/{hidden}", f"/@{ada.name}/with_replies"):
        assert "For my followers" in cache.get(path, watcher.guises[0]).text
        assert "For my followers" not in cache.get(path).text
        assert "For my followers" in cache.get(path, watcher.guises[0]).text
    assert not [each.path for each in cache.kept if "For my followers" in each.text]


def test_a_change_is_seen_by_its_author_at_once_and_by_everybody_within_the_stated_seconds(
    site: Site, stranger: Person, cache: SharedCache
) -> None:
    author = stranger
    cookie = {"cookie": f"heliograph_session={site.run(site.product.sessions.start(author.id, 'x'))}"}
    profile = f"/@{author.name}"
    first = author.publish("The first")["id"]
    photo = f"{profile}/{first}"
    assert "The first" in cache.get(photo).text
    cache.get(f"{profile}/with_replies")

    second = author.publish("The second")["id"]
    assert "The second" in cache.get(f"{profile}/with_replies", cookie).text
    assert "The second" not in cache.get(f"{profile}/with_replies").text, "kept, as it may be"
    cache.pass_s(LATE_S)
    assert "The second" in cache.get(f"{profile}/with_replies").text

    assert author.ask("PUT", f"/api/v1/statuses/{first}", json={"status": "Put right"}).status_code == 200
    assert "Put right" in cache.get(photo, cookie).text
    cache.pass_s(LATE_S)
    assert "Put right" in cache.get(photo).text

    author.ask("PATCH", "/api/v1/accounts/update_credentials", json={"display_name": "A new name"})
    assert "A new name" in cache.get(profile, cookie).text
    cache.pass_s(LATE_S)
    assert "A new name" in cache.get(profile).text

    cache.get(f"{profile}/{second}")
    assert author.ask("DELETE", f"/api/v1/statuses/{second}").status_code == 200
    assert cache.get(f"{profile}/{second}", cookie).status_code == 404
    assert cache.get(f"{profile}/{second}").status_code == 200, "within the stated seconds"
    cache.pass_s(LATE_S)
    assert cache.get(f"{profile}/{second}").status_code == 404
    assert "The second" not in cache.get(f"{profile}/with_replies").text


def test_between_fresh_and_late_everybody_is_answered_at_once_while_the_page_comes_anew(
    ada: Person, cache: SharedCache
) -> None:
    path = f"/@{ada.name}/{ada.publish('As it was')['id']}"
    cache.get(path)
    assert ada.ask("PUT", f"/api/v1/statuses/{path.rpartition('/')[2]}", json={"status": "As it is"}).is_success
    cache.pass_s(FRESH_S)
    assert "As it was" in cache.get(path).text
    assert cache.came_from == "stale"
    assert "As it is" in cache.get(path).text
    assert cache.came_from == "cache"


def test_who_has_the_page_is_told_so_in_few_bytes(site: Site, ada: Person) -> None:
    ada.publish("Just once")
    with httpx.Client(base_url=site.url) as http:
        path = f"/@{ada.name}/with_replies"
        tag = http.get(path).headers["etag"]
        for given in (tag, f"W/{tag}", f'"x", {tag}', "*"):
            again = http.get(path, headers={"If-None-Match": given})
            assert (again.status_code, again.content) == (304, b"")
            assert again.headers["cache-control"].startswith("public")
            assert (again.headers["etag"], again.headers["vary"]) == (tag, "Cookie")
        assert http.get(path, headers={"If-None-Match": '"x"'}).status_code == 200


@pytest.mark.parametrize("form", ["", ".rss"])
def test_an_answer_that_lacks_something_is_not_kept(site: Site, ada: Person, form: str) -> None:
    """What was made while Valkey did not answer, complete or not: nobody looks for what may be missing in it."""
    path = f"/@{ada.name}{form}"
    with httpx.Client(base_url=site.url, timeout=30) as http:
        assert http.get(path).headers["cache-control"].startswith("public")
        site.settled()
        site.run(site.product.stores.valkey.one(lambda _: ("CLIENT", "PAUSE", SILENT_MS, "ALL")))
        degraded = http.get(path)
        assert degraded.headers["heliograph-degraded"]
        assert degraded.headers["cache-control"] == "private, no-store"
        until(lambda: http.get(path).headers["cache-control"].startswith("public"))
