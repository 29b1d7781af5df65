"""The pages by plain HTTP: they give no more than the API, nobody else keeps them, and they do what their forms say."""

import hashlib
import hmac
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from living_site import Person, Site

from heliograph.web.access import OPEN
from heliograph.web.pages.table import ROUTES

WORDS = "Behind the third hill"


class Browser:
    """A browser of `person` that runs no scripts."""

    def __init__(self, person: Person) -> None:
        self.http, session = person.site.http, person.site.run(person.site.product.sessions.start(person.id, "x"))
        self._cookie = {"Cookie": f"heliograph_session={session}"}
        self._token = hmac.new(session.encode(), b"heliograph form", hashlib.sha256).hexdigest()

    def open(self, path: str, headers: dict[str, str] | None = None) -> httpx.Response:
        return self.http.get(path, headers=self._cookie | (headers or {}))

    def send(self, path: str, **fields: Any) -> httpx.Response:
        return self.http.post(path, headers=self._cookie, data={"csrf_token": self._token} | fields)

    def post_made_by(self, answer: httpx.Response) -> str:
        """The id of the post to which a form led."""
        assert answer.status_code == 303, answer.text
        return answer.headers["location"].rpartition("/")[2].rpartition("#c")[2]


@pytest.fixture
def browser_of() -> Callable[[Person], Browser]:
    return Browser


def test_no_page_of_a_member_is_kept_by_anybody(ada, browser_of):
    post, browser = ada.publish(WORDS), browser_of(ada)
    pages = [path for route in ROUTES if route.opt.get("access", OPEN).kind == "page" for path in route.paths]
    values = {"post_id": post["id"], "handle": f"@{ada.name}", "name": "light", "ident": "1", "media_id": "1"}
    for pattern in pages:
        path = pattern
        for name, value in values.items():
            path = path.replace(f"{{{name}:str}}", value)
        answer = browser.open(path)
        if answer.status_code in (200, 303):
            assert "no-store" in answer.headers["cache-control"], path


def test_what_hangs_on_a_post_is_seen_by_whom_the_post_is_seen_by(ada, stranger, browser_of):
    words = "For followers alone"
    private = ada.publish(words, visibility="private")["id"]
    other = browser_of(stranger)
    for path in (f"/p/{private}", f"/p/{private}/history", f"/p/{private}/edit", f"/@{ada.name}/{private}"):
        assert other.open(path).status_code == 404, path
    for act in ("like", "share", "save", "pin", "comment", "edit", "delete"):
        assert other.send(f"/p/{private}/{act}", text="x").status_code == 404, act
    assert words not in other.open(f"/@{ada.name}/with_replies").text
    assert words in browser_of(ada).open(f"/@{ada.name}/with_replies").text


def test_only_the_author_edits(ada, stranger, browser_of):
    public = ada.publish(WORDS)["id"]
    assert browser_of(stranger).open(f"/p/{public}/edit").status_code == 404
    assert browser_of(stranger).send(f"/p/{public}/edit", text="Mine").status_code == 404
    assert browser_of(stranger).send(f"/p/{public}/pin").status_code == 422
    assert ada.get(f"/api/v1/statuses/{public}/source").json()["text"] == WORDS


def test_of_two_of_whom_one_blocks_the_other_neither_sees_anything(site, browser_of):
    one, two = site.person(), site.person()
    ident = one.publish(WORDS)["id"]
    one.post("/api/v1/tags/hills/feature")
    browser_of(two).send(f"/@{one.name}/block")
    for who, other in ((one, two), (two, one)):
        for path in (f"/@{other.name}", f"/@{other.name}/with_replies"):
            page = browser_of(who).open(path)
            assert page.status_code == 200
            assert WORDS not in page.text
            assert "#hills" not in page.text
    assert browser_of(two).open(f"/p/{ident}").status_code == 404
    assert browser_of(one).send(f"/@{two.name}/follow").status_code == 403


def test_a_comment_is_for_those_who_see_the_post(site, browser_of):
    author, friend, third = site.person(), site.person(), site.person()
    friend.follow(author)
    private = author.publish(WORDS, visibility="private")["id"]
    browser = browser_of(friend)
    made = browser.post_made_by(browser.send(f"/p/{private}/comment", text="Where is that?"))
    assert friend.get(f"/api/v1/statuses/{made}").json()["visibility"] == "private"
    assert author.get(f"/api/v1/statuses/{made}").status_code == 200
    assert third.get(f"/api/v1/statuses/{made}").status_code == 404

    direct = author.publish(f"@{friend.name} @{third.name} come", visibility="direct")["id"]
    answer = browser.send(f"/p/{direct}/comment", text=f"@{third.name} I do")
    shown = friend.get(f"/api/v1/statuses/{browser.post_made_by(answer)}").json()
    assert {each["acct"] for each in shown["mentions"]} == {author.name, third.name}
    assert shown["visibility"] == "direct"


def test_a_comment_is_made_once(ada, browser_of):
    ident, browser = ada.publish(WORDS)["id"], browser_of(ada)
    first, second = (browser.send(f"/p/{ident}/comment", text="Once", key="k1") for _ in range(2))
    assert browser.post_made_by(first) == browser.post_made_by(second)
    empty = browser.send(f"/p/{ident}/comment", text=" ", next=f"/@{ada.name}/{ident}")
    assert (empty.status_code, "Text can&#39;t be blank" in empty.text) == (422, True)


def test_an_edit_without_a_difference_is_none(ada, browser_of):
    photo = ada.photo()
    ident = ada.publish("As it is", media_ids=[photo["id"]])["id"]
    browser = browser_of(ada)
    alt = {f"alt{photo['id']}": ""}
    assert browser.send(f"/p/{ident}/edit", text="As it is", warning="", **alt).status_code == 303
    assert ada.get(f"/api/v1/statuses/{ident}").json()["edited_at"] is None
    changed = browser.send(f"/p/{ident}/edit", text="As it was", warning="Old", **{f"alt{photo['id']}": "A wall"})
    assert changed.status_code == 303
    shown = ada.get(f"/api/v1/statuses/{ident}").json()
    assert (shown["spoiler_text"], shown["media_attachments"][0]["description"]) == ("Old", "A wall")
    long = browser.send(f"/p/{ident}/edit", text="x" * 5000, warning="", **alt)
    assert (long.status_code, "character limit" in long.text) == (422, True)


def test_a_switch_that_a_form_does_not_know_stays(site, browser_of):
    person = site.person()
    browser = browser_of(person)
    answer = browser.send("/settings/profile", display_name="P", note="", locked="true", default_visibility="2")
    assert answer.status_code == 303
    account = person.get("/api/v1/accounts/verify_credentials").json()
    assert (account["locked"], account["discoverable"], account["source"]["privacy"]) == (True, True, "private")


def test_a_page_that_a_browser_only_gets_ready_is_not_read(site, browser_of):
    person, fan = site.person(), site.person()
    fan.follow(person)
    site.settled()
    browser = browser_of(person)
    assert "follows you" in browser.open("/notifications", {"Sec-Purpose": "prefetch"}).text
    assert person.get("/api/v1/notifications/unread_count").json() == {"count": 1}
    browser.open("/notifications")
    assert person.get("/api/v1/notifications/unread_count").json() == {"count": 0}


def test_kept_posts_are_found_beyond_those_that_are_no_longer_seen(site, browser_of):
    reader, gone, other = site.person(), site.person(), site.person()
    first = other.publish("The very first")["id"]
    reader.post(f"/api/v1/statuses/{first}/bookmark")
    for _ in range(30):
        reader.post(f"/api/v1/statuses/{gone.publish('Later')['id']}/bookmark")
    reader.post(f"/api/v1/accounts/{gone.id}/block")
    browser = browser_of(reader)
    page = browser.open("/bookmarks").text
    assert "The very first" not in page
    older = page.partition('href="?')[2].partition('"')[0]
    assert "The very first" in browser.open(f"/bookmarks?{older}").text


def test_home_shows_pictures_and_no_talk(site: Site, browser_of: Callable[[Person], Browser]) -> None:
    reader, friend = site.person(), site.person()
    reader.follow(friend)
    friend.publish("A morning in the fog")
    own = reader.publish("An afternoon in the sun")["id"]
    friend.publish("How warm it looks", in_reply_to_id=own)
    friend.publish(f"@{reader.name} a word between us", visibility="direct")
    site.settled()
    page = browser_of(reader).open("/").text
    assert "A morning in the fog" in page
    assert "An afternoon in the sun" in page
    assert "How warm it looks" not in page
    assert "a word between us" not in page
    assert len(reader.get("/api/v1/timelines/home").json()) == 4, "apps are shown all of it"
