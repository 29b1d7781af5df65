"""Who sees what, at every endpoint: the product against expected.txt, and docs/design/visibility.md against that.

The tests that write come last: until then the world only is looked at.
"""

import re
from pathlib import Path

import asks_of_people  # noqa: F401 -- fills ASKS
import asks_of_posts  # noqa: F401 -- this too
import pytest
import routes
import table
import test_seeing
from asks import ASKS
from living_site import Site
from streams import listen
from world import NAMED, PEOPLE, VIEWERS, World, build

BLOCKS = table.blocks()
# Deleting comes last, after the others have tried.
DELETE = "DELETE /api/v1/statuses/{status_id}"


def cases(*, reading: bool) -> list:
    return [
        pytest.param(block, title, id=f"{title} / {block.name}")
        for block in BLOCKS
        for title in block.titles
        if title.startswith(("GET", "WS")) is reading and title != DELETE
    ]


@pytest.fixture(scope="module")
def world(site: Site) -> World:
    return build(site, listen)


# -- the table itself ---------------------------------------------------------------------------------------------------


def test_every_route_is_accounted_for():
    """Whoever adds a route says here what it shows to whom, or why that is no question."""
    matrix = {title.partition(" | ")[0] for title in ASKS}
    known = [*matrix, *routes.ELSEWHERE, *routes.excepted()]
    assert set(routes.all_routes()) - set(known) == set(), "neither in the matrix nor excepted"
    assert set(known) - set(routes.all_routes()) == set(), "there is no such route (any more)"
    assert len(known) == len(set(known)), "in the matrix and excepted, or twice"


def test_what_is_shown_elsewhere_is_shown():
    for route, test in routes.ELSEWHERE.items():
        if test.endswith(".py"):
            path = route.partition("{")[0].partition(" ")[2]
            assert path in (Path(__file__).parents[1] / test).read_text(), route
        else:
            assert callable(getattr(test_seeing, test, None) or globals().get(test)), route


def test_every_ask_is_in_the_table_once():
    assert sorted(title for block in BLOCKS for title in block.titles) == sorted(ASKS)


def test_the_design_page_is_made_of_the_table():
    written = table.PAGE.read_text()
    assert written == table.page(written), "python tests/api/visibility/table.py writes it"


# -- reading ------------------------------------------------------------------------------------------------------------


def compared(world: World, block: table.Block, title: str) -> list[str]:
    """Where what is seen is not what is expected."""
    return [
        f"{viewer} of {column}: {seen}, expected {expected}"
        for viewer in VIEWERS
        for column, expected in block.expected(viewer).items()
        if (seen := ASKS[title](world, viewer, column)) != expected
    ]


def test_unread_counts_only_what_is_shown(world: World):
    """Nothing of whom one blocks, is blocked by, or has muted: a badge would tell.

    Before the page of notifications is opened, which is reading them.
    """
    author, gone = world.people["author"].id, world.people["gone"].id
    for name in PEOPLE:
        listed = world.all_of(name, "/api/v1/notifications")
        assert not isinstance(listed, int)
        for version in ("v1", "v2"):
            path = f"/api/{version}/notifications/unread_count"

            def unread(path: str = path, name: str = name, **only: int) -> int:
                return world.ask(name, path, limit=1000, **only).json()["count"]

            of_author = [each for each in listed if each["account"]["id"] == str(author)]
            expected = of_author if version == "v1" else {each["group_key"] for each in of_author}
            assert unread(account_id=author) == len(expected), (name, version)
        # Who was suspended is still counted, until the marker passes: it tells nothing of anybody.
        v1 = "/api/v1/notifications/unread_count"
        rest = world.ask(name, v1, limit=1000).json()["count"] - world.ask(name, v1, account_id=gone).json()["count"]
        assert rest == len(listed), name


@pytest.mark.parametrize(("block", "title"), cases(reading=True))
def test_reading(world: World, block: table.Block, title: str):
    wrong = compared(world, block, title)
    assert not wrong, "\n".join(wrong)


def test_numbers_are_the_same_for_everybody_who_may_see_them(world: World):
    """So that no number depends on what lies between two people; and none counts what only some may see."""
    author = world.people["author"]
    shown = {world.ask(viewer, f"/api/v1/accounts/{author.id}").text for viewer in VIEWERS}
    assert len(shown) == 1
    root = world.ask("anyone", f"/api/v1/statuses/{world.root}").json()
    # The author's public and unlisted reply, and that of `gone`: not the private, not the direct one.
    assert (root["replies_count"], root["reblogs_count"], root["favourites_count"]) == (3, 2, 2)
    for column, shares in {"public": 1, "unlisted": 1, "private": 0, "direct": 0}.items():
        numbers = ("replies_count", "reblogs_count", "favourites_count")
        path = f"/api/v1/statuses/{world.ids['post'][column]}"
        posts = [post.json() for viewer in VIEWERS if (post := world.ask(viewer, path)).status_code == 200]
        likes = len(NAMED) + 2 if column == "direct" else len(PEOPLE) + 1
        assert {tuple(post[name] for name in numbers) for post in posts} == {(1, shares, likes)}, column


def test_requests_are_counted_for_whom_they_are_for(world: World):
    own = world.ask("author", "/api/v1/accounts/verify_credentials").json()
    listed = world.all_of("author", "/api/v1/follow_requests")
    assert own["source"]["follow_requests_count"] == len(listed) == 1
    for viewer in VIEWERS:
        assert "source" not in world.ask(viewer, f"/api/v1/accounts/{world.people['author'].id}").json()


def test_the_address_of_a_private_photo_is_a_capability(world: World):
    """Whoever has the address has the photo, as docs/design/photos.md says: so it is long, random, and in no answer else."""
    post = world.ask("author", f"/api/v1/statuses/{world.ids['post']['private']}").json()
    (photo,) = post["media_attachments"]
    path = photo["url"].removeprefix(world.site.url)
    assert world.ask("anyone", path).status_code == 200
    assert max(map(len, re.split(r"[/.]", path))) >= 22, "128 bits"
    assert world.ask("anyone", "/media/").status_code == 404
    for viewer in ("anyone", "stranger", "blocked_fan"):
        seen = world.all_of(viewer, f"/api/v1/accounts/{world.people['author'].id}/statuses")
        assert path not in str(seen), viewer


# -- writing ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("block", "title"), cases(reading=False))
def test_writing(world: World, block: table.Block, title: str):
    wrong = compared(world, block, title)
    assert not wrong, "\n".join(wrong)


def test_deleting(world: World):
    """The author last of all."""
    (block,) = [block for block in BLOCKS if DELETE in block.titles]
    assert compared(world, block, DELETE) == []
