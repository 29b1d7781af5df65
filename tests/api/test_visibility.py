"""Who sees what, written down as a table and compared with every way to a post."""

import hashlib
import hmac
from itertools import product as combinations

import pytest
from living_site import Person, Site

VISIBILITIES = ("public", "unlisted", "private", "direct")
VIEWERS = ("anyone", "stranger", "follower", "mentioned", "author")

# May the viewer open the post, like it, read who likes it?      public unlisted private direct
OPENS = {
    "anyone": (True, True, False, False),
    "stranger": (True, True, False, False),
    "follower": (True, True, True, False),
    "mentioned": (True, True, True, True),
    "author": (True, True, True, True),
}
# Is it in the viewer's home? Only of those whom they follow.
HOME = {
    "stranger": (False, False, False, False),
    "follower": (True, True, True, False),
    "mentioned": (False, False, False, False),
    "author": (True, True, True, True),
}
# Is it in everybody's timeline?
PUBLIC = dict.fromkeys(VIEWERS, (True, False, False, False))

CASES = list(combinations(VIEWERS, VISIBILITIES))


@pytest.fixture(scope="module")
def people(site: Site) -> dict[str, Person]:
    found = {name: site.person() for name in VIEWERS if name != "anyone"} | {"anyone": site.anyone}
    found["follower"].follow(found["author"])
    return found


@pytest.fixture(scope="module")
def posts(people: dict[str, Person], site: Site) -> dict[str, str]:
    """A post of each visibility, all of which mention `mentioned`: its id."""
    text = f"Hello @{people['mentioned'].name}"
    made = {name: people["author"].publish(text, visibility=name)["id"] for name in VISIBILITIES}
    site.settled()
    return made


def expected(table: dict[str, tuple[bool, ...]], viewer: str, visibility: str) -> bool:
    return table[viewer][VISIBILITIES.index(visibility)]


@pytest.mark.parametrize(("viewer", "visibility"), CASES)
def test_ways_to_one_post(people, posts, viewer, visibility):
    who, ident, author = people[viewer], posts[visibility], people["author"]
    opens = expected(OPENS, viewer, visibility)
    right = 200 if opens else 404
    path = f"/api/v1/statuses/{ident}"
    for way in ("", "/context", "/favourited_by", "/history", "/reblogged_by"):
        assert who.get(path + way).status_code == right, way
    assert bool(who.get("/api/v1/statuses", params={"id[]": ident}).json()) is opens
    assert bool(who.get("/api/v2/search", params={"q": f"{who.site.url}/p/{ident}"}).json()["statuses"]) is opens
    of_author = who.get(f"/api/v1/accounts/{author.id}/statuses").json()
    assert (ident in [each["id"] for each in of_author]) is opens
    if viewer != "anyone":
        assert who.post(f"{path}/favourite").status_code == right
        assert (ident in [each["id"] for each in who.get("/api/v1/favourites").json()]) is opens
        assert who.post(f"{path}/unfavourite").status_code == right
        assert who.get(f"{path}/source").status_code == right
        assert who.post(f"{path}/bookmark").status_code == right
        assert (ident in [each["id"] for each in who.get("/api/v1/bookmarks").json()]) is opens
        assert who.post(f"{path}/unbookmark").status_code == right
        answer = {"status": "Hm", "visibility": "direct", "in_reply_to_id": ident}
        assert who.post("/api/v1/statuses", json=answer).status_code == right


@pytest.mark.parametrize(("viewer", "visibility"), CASES)
def test_timelines(people, posts, viewer, visibility):
    who, ident = people[viewer], posts[visibility]
    for query in ("", "?local=true"):
        public = who.get(f"/api/v1/timelines/public{query}").json()
        assert (ident in [each["id"] for each in public]) is expected(PUBLIC, viewer, visibility)
    if viewer != "anyone":
        home = [each["id"] for each in who.get("/api/v1/timelines/home").json()]
        assert (ident in home) is expected(HOME, viewer, visibility)


@pytest.fixture(scope="module")
def browse(site, people):
    """GET a page as somebody does who has logged in with a browser: its status."""
    sessions = {name: site.run(site.product.sessions.start(who.id, "x")) for name, who in people.items() if who.id}

    def get(viewer, path):
        cookie = {"Cookie": f"heliograph_session={sessions[viewer]}"} if viewer in sessions else {}
        answer = site.http.get(path, headers=cookie)
        if answer.is_redirect:
            answer = site.http.get(answer.headers["location"], headers=cookie)
        return answer.status_code

    return get


@pytest.mark.parametrize(("viewer", "visibility"), CASES)
def test_pages(people, posts, browse, viewer, visibility):
    ident, right = posts[visibility], 200 if expected(OPENS, viewer, visibility) else 404
    assert browse(viewer, f"/@{people['author'].name}/{ident}") == right
    assert browse(viewer, f"/p/{ident}") == right
    # The address of another account is no way round.
    assert browse(viewer, f"/@{people['stranger'].name}/{ident}") == right


@pytest.mark.parametrize("visibility", ["private", "direct"])
def test_a_token_opens_no_page(people, posts, visibility):
    author = people["author"]
    assert author.get(f"/@{author.name}/{posts[visibility]}").status_code == 404


def test_only_the_author_deletes(people, posts):
    for name in set(VIEWERS) - {"author", "anyone"}:
        assert people[name].ask("DELETE", f"/api/v1/statuses/{posts['public']}").status_code == 404
    assert people["anyone"].ask("DELETE", f"/api/v1/statuses/{posts['public']}").status_code == 401


def test_an_end_of_following_is_an_end_of_seeing(site, people):
    author, fan = people["author"], site.person()
    fan.follow(author)
    ident = author.publish("For followers", visibility="private")["id"]
    assert fan.get(f"/api/v1/statuses/{ident}").status_code == 200
    assert fan.post(f"/api/v1/statuses/{ident}/favourite").json()["favourites_count"] == 1
    fan.post(f"/api/v1/accounts/{author.id}/unfollow")
    assert fan.get(f"/api/v1/statuses/{ident}").status_code == 404
    assert fan.get("/api/v1/favourites").json() == []
    assert fan.post(f"/api/v1/statuses/{ident}/favourite").status_code == 404


def test_a_token_without_the_scope_sees_what_anyone_sees_or_nothing(site, people, posts):
    narrow = site.again(people["author"], "write")
    assert narrow.get(f"/api/v1/statuses/{posts['private']}").status_code == 403


def test_who_is_suspended_can_still_be_unfollowed(site):
    fan = site.person()
    for page in (False, True):
        author = site.person()
        fan.follow(author)
        site.run(site.product.suspension.suspend(author.id))
        if page:
            cookie = site.run(site.product.sessions.start(fan.id, "x"))
            token = hmac.new(cookie.encode(), b"heliograph form", hashlib.sha256).hexdigest()
            answer = site.http.post(
                f"/@{author.name}/unfollow",
                data={"csrf_token": token},
                headers={"Cookie": f"heliograph_session={cookie}"},
            )
            assert answer.status_code == 303, answer.text
        else:
            answer = fan.post(f"/api/v1/accounts/{author.id}/unfollow")
            assert (answer.status_code, answer.json()["following"]) == (200, False)
        assert fan.post(f"/api/v1/accounts/{author.id}/follow").status_code == 404
        asked = {"id[]": author.id}
        assert fan.get("/api/v1/accounts/relationships", params=asked).json() == []
        (relation,) = fan.get("/api/v1/accounts/relationships", params=asked | {"with_suspended": True}).json()
        assert relation["following"] is False
    assert fan.post(f"/api/v1/accounts/{int(fan.id) + 4}/unfollow").status_code == 404
