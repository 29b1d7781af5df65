"""Hashtags and feeds on two shards: who gets what, in whatever order messages come, and what it costs to look."""

import asyncio
import itertools

import msgspec
import pytest
from circle import NUMBERS, Circle

from heliograph.base import ids
from heliograph.base.paging import Page
from heliograph.domain.feeds import tagged, tagging, timelines
from heliograph.domain.feeds.tagging import TagPosted
from heliograph.domain.feeds.timelines import TagFilter
from heliograph.domain.graph.tag_follows import TagFollowChanged
from heliograph.domain.posts.post import Visibility
from heliograph.domain.product import Product
from heliograph.stores.idlists import HOME, TAGGED, IdLists
from heliograph.stores.queries import parse
from heliograph.wiring import drain

PUBLIC = Visibility.PUBLIC
LIGHT = frozenset({0})
looking = parse(
    "looking",
    """
-- name: rows
-- scatter
SELECT tag, post_id FROM tag_posts WHERE tag = ANY(:names::text[]);
""",
)


async def rows(product: Product, *names: str) -> set[tuple[str, int]]:
    return {
        (row["tag"], row["post_id"]) for row in await product.stores.shards.scatter(looking.rows, names=list(names))
    }


async def home_list(product: Product, account: int) -> list[int]:
    """What the list itself holds: nothing mended by a read."""
    lists = IdLists(product.stores.valkey, product.settings.feed_length)
    (found,) = await lists.read([(HOME, account)], product.settings.feed_length + 1, 600)
    return found.ids


async def under(product: Product, name: str, page: Page | None = None, only: TagFilter | None = None) -> list[int]:
    timeline = await product.timelines.tag(None, name, page or Page(), only or TagFilter())
    return [int(msgspec.json.decode(item)["id"]) for item in timeline.items]


async def test_what_is_listed_is_pushed_to_the_active_followers(narrow: Product) -> None:
    circle = await Circle.gather(narrow)
    reader, away, author = 0, 1, 2
    before = await circle.post(author, PUBLIC, set(), LIGHT)
    await circle.read_home(reader, Page())
    assert await home_list(narrow, circle.people[reader]) == []
    for each in (reader, away):
        await circle.follow_tag(each, 0)
    assert await home_list(narrow, circle.people[reader]) == [before], "merged when it was followed"
    after = await circle.post(author, PUBLIC, set(), LIGHT)
    for visibility in (Visibility.UNLISTED, Visibility.PRIVATE, Visibility.DIRECT):
        await circle.post(author, visibility, set(), LIGHT)
    await drain(narrow)
    assert await home_list(narrow, circle.people[reader]) == [after, before]
    assert await home_list(narrow, circle.people[away]) == []
    for each in (reader, away):
        assert await circle.read_home(each, Page()) == [after, before]
    old = await circle.post(author, PUBLIC, set())
    await circle.retag(circle.originals().index(old), LIGHT)
    await drain(narrow)
    assert (await home_list(narrow, circle.people[reader]))[0] == old, "an edit that adds a hashtag counts"
    await circle.unfollow_tag(reader, 0)
    assert await circle.read_home(reader, Page()) == []


async def test_a_large_hashtag_is_pulled(narrow: Product) -> None:
    circle = await Circle.gather(narrow)
    author, readers = 5, range(4)
    for reader in readers:
        await circle.read_home(reader, Page())
        await circle.follow_tag(reader, 0)
    made = [await circle.post(author, PUBLIC, set(), LIGHT)]
    # The message that notices finds its post pushed by nobody, and pulled by all from then on.
    await drain(narrow)
    lists = [await home_list(narrow, circle.people[reader]) for reader in readers]
    made += [await circle.post(author, PUBLIC, set(), LIGHT) for _ in range(2)]
    for reader in readers:
        assert await circle.read_home(reader, Page()) == made[::-1], "at once: nothing has to be pushed"
    await drain(narrow)
    assert [await home_list(narrow, circle.people[reader]) for reader in readers] == lists
    relations = await narrow.relations.of(circle.people[0])
    ((kind, number),) = await narrow.pulled.lists(relations)
    assert (kind, narrow.pulled.tag(number)) == (TAGGED, circle.tags[0])
    made += [await circle.post(author, PUBLIC, set(), LIGHT) for _ in range(9)]
    for reader in readers:
        assert await circle.read_home(reader, Page(limit=20)) == made[::-1], "below the floor too"
    await circle.flush()
    assert await circle.read_home(0, Page(limit=20)) == made[::-1]
    assert await circle.read_home(4, Page()) == [], "who does not follow it has none of it"


async def test_a_delivery_that_dies_goes_on_at_its_cursor(narrow: Product, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tagging, "PAGE", 1)
    monkeypatch.setattr(narrow.tagging, "_push_limit", 100)
    circle = await Circle.gather(narrow)
    for reader in range(5):
        await circle.follow_tag(reader, 0)
        await circle.read_home(reader, Page())
    await drain(narrow)
    post_id = await circle.post(5, PUBLIC, set(), LIGHT)
    posted, cursors = TagPosted(circle.tags[0], post_id), []

    async def advance(cursor: int) -> None:
        cursors.append(cursor)
        if len(cursors) == 3:
            raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await narrow.tagging.deliver(posted, 0, advance)
    readers = sorted(circle.people[:5])
    assert cursors == readers[:3]
    assert [await home_list(narrow, each) for each in readers] == [[post_id]] * 3 + [[]] * 2
    await narrow.tagging.deliver(posted, cursors[1], advance)
    assert [await home_list(narrow, each) for each in readers] == [[post_id]] * 5


async def test_rows_follow_the_post_in_any_order(narrow: Product) -> None:
    """Published, edited twice, deleted: the messages come in every order, some before the others' rows are there."""
    circle = await Circle.gather(narrow, 2)
    names = circle.tags
    for ends in (False, True):
        post_id = await circle.post(0, PUBLIC, set(), frozenset({0}))
        await circle.retag(circle.originals().index(post_id), frozenset({0, 1}))
        await circle.retag(circle.originals().index(post_id), frozenset({1}))
        formerly = [(), (names[0],), (names[0], names[1])]
        if ends:
            await circle.delete(circle.originals().index(post_id))
        truth = set() if ends else {(names[1], post_id)}
        for order in itertools.permutations(formerly):
            for each in [*order, *order]:
                await narrow.tagging.settle(post_id, each)
            if ends:
                await narrow.tags.clear(post_id)
            assert await rows(narrow, *names) == truth
        await drain(narrow)
        for each in formerly:
            # Everything is purged by now: there is not even a row to look at.
            await narrow.tagging.settle(post_id, each)
        assert await rows(narrow, *names) == truth
        if not ends:
            await circle.delete(circle.originals().index(post_id))
            await drain(narrow)
            assert await rows(narrow, *names) == set()


async def test_nobody_deletes_a_post_while_it_is_being_listed(narrow: Product, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who lists has found it alive and is slow: the deletion waits, and its purge removes what was written."""
    circle = await Circle.gather(narrow, 2)
    post_id = await circle.post(0, PUBLIC, set(), frozenset({0, 1}))
    found, go_on = asyncio.Event(), asyncio.Event()
    whole = narrow.tags._run

    async def slow(*arguments, **parameters) -> None:
        found.set()
        await go_on.wait()
        await whole(*arguments, **parameters)

    monkeypatch.setattr(narrow.tags, "_run", slow)
    listing = asyncio.create_task(narrow.tags.settle(post_id))
    await found.wait()
    deletion = asyncio.create_task(circle.delete(0))
    done, _ = await asyncio.wait([deletion], timeout=0.3)
    assert not done
    go_on.set()
    await asyncio.gather(listing, deletion)
    await drain(narrow)
    assert await rows(narrow, *circle.tags) == set()


async def test_many_posts_with_new_hashtags_at_once(narrow: Product) -> None:
    """More at once than there are connections, with the same new hashtags on both shards: none waits for another."""
    circle = await Circle.gather(narrow)
    circle.tags = [f"new{next(NUMBERS)}" for _ in range(12)]
    everything = frozenset(range(12))
    made = await asyncio.gather(*(circle.post(nth % 6, PUBLIC, set(), everything) for nth in range(24)))
    assert await rows(narrow, *circle.tags) == {(name, post_id) for name in circle.tags for post_id in made}
    await asyncio.gather(*(circle.delete(0) for _ in range(24)), drain(narrow))
    await drain(narrow)
    assert await rows(narrow, *circle.tags) == set()


async def test_following_is_applied_in_any_order(narrow: Product) -> None:
    circle = await Circle.gather(narrow, 2)
    name, who = circle.tags[0], circle.people[0]
    said: list[TagFollowChanged] = [await narrow.tag_follows.follow(who, name)]
    await narrow.tag_follows.unfollow(who, name)
    said += [TagFollowChanged(who, name, said[0].rev + 1, gone=True), await narrow.tag_follows.follow(who, name)]
    for order in itertools.permutations(said):
        for change in [*order, *order]:
            await narrow.tagging.settle_follow(change)
        assert (await narrow.tag_follows.of(who, Page())).names == [name]
        assert len((await narrow.relations.of(who)).tags) == 1


async def test_more_hashtags_of_a_post(narrow: Product, monkeypatch: pytest.MonkeyPatch) -> None:
    circle = await Circle.gather(narrow, 2)
    one, two = circle.tags
    only_one = [await circle.post(0, PUBLIC, set(), frozenset({0})) for _ in range(7)]
    both = await circle.post(1, PUBLIC, set(), frozenset({0, 1}))
    only_two = await circle.post(1, PUBLIC, set(), frozenset({1}))
    assert await under(narrow, one, only=TagFilter(any_of=(two,))) == [only_two, both, *only_one[::-1]]
    assert await under(narrow, one, Page(limit=1), TagFilter(none_of=(two,))) == [only_one[-1]]
    assert await under(narrow, two, only=TagFilter(all_of=(one,))) == [both]
    assert await under(narrow, one, Page(limit=2, max_id=only_one[3])) == [only_one[2], only_one[1]]
    assert await under(narrow, one, Page(limit=2, min_id=only_one[0])) == [only_one[2], only_one[1]]
    await circle.delete(circle.originals().index(both))
    looks = 0
    whole = narrow.hydration.posts

    async def counted(post_ids, **options):
        nonlocal looks
        looks += len(post_ids)
        return await whole(post_ids, **options)

    monkeypatch.setattr(timelines, "LOOKED_AT", 4)
    monkeypatch.setattr(narrow.hydration, "posts", counted)
    assert await under(narrow, one, Page(limit=2), TagFilter(all_of=(two,))) == []
    assert looks == 2 + 4, "what is not there is not looked for without end: there are seven"


async def test_the_posts_of_a_suspended_author_are_passed_over(
    narrow: Product, monkeypatch: pytest.MonkeyPatch
) -> None:
    circle = await Circle.gather(narrow, 4)
    wanted = [await circle.post(0, PUBLIC, set(), LIGHT) for _ in range(3)]
    for _ in range(15):
        await circle.post(1, PUBLIC, set(), LIGHT)
    await circle.follow_tag(2, 0)
    await narrow.suspension.suspend(circle.people[1])
    asked = 0
    whole = tagged.TaggedPosts._rows

    async def counted(*arguments, **options):
        nonlocal asked
        asked += 1
        return await whole(*arguments, **options)

    monkeypatch.setattr(tagged.TaggedPosts, "_rows", counted)
    monkeypatch.setattr(tagged, "KEPT", 3)
    assert await under(narrow, circle.tags[0], Page(limit=3)) == wanted[::-1]
    assert asked == 2
    circle.posts = {ident: each for ident, each in circle.posts.items() if each.author != 1}
    assert await circle.read_home(2, Page(limit=20)) == wanted[::-1]
    await narrow.suspension.restore(circle.people[1])
    await drain(narrow)
    found = [int(msgspec.json.decode(item)["id"]) for item in (await narrow.home.page(circle.people[2], Page())).items]
    assert len(found) == 18, "who is let in again is there again"


async def test_a_hashtag_lives_with_its_name(narrow: Product) -> None:
    """On one shard or the other, whoever wrote the post."""
    circle = await Circle.gather(narrow, 2)
    circle.tags = [f"here{next(NUMBERS)}" for _ in range(8)]
    assert len({ids.slot_of_name(name) < 512 for name in circle.tags}) == 2
    for author in range(2):
        await circle.post(author, PUBLIC, set(), frozenset(range(8)))
    for name in circle.tags:
        assert await under(narrow, name) == sorted(circle.posts, reverse=True)


async def test_a_request_that_dies_before_it_lists(narrow: Product, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message of the post does it, for a hashtag that is pushed and for one that is pulled."""
    circle = await Circle.gather(narrow)
    for reader in range(4):
        await circle.follow_tag(reader, 0)
        await circle.read_home(reader, Page())
    await circle.follow_tag(4, 1)
    await circle.read_home(4, Page())
    await circle.post(5, PUBLIC, set(), LIGHT)
    await drain(narrow)
    assert await narrow.pulled.tags_of(circle.tags), "one is pulled by now"

    async def dies(*_) -> None:
        raise asyncio.CancelledError

    with monkeypatch.context() as patch:
        patch.setattr(narrow.tagging, "at_once", dies)
        with pytest.raises(asyncio.CancelledError):
            await circle.post(5, PUBLIC, set(), frozenset({0, 1}))
    await circle.drain()
    (newest,) = await under(narrow, circle.tags[1])
    assert await under(narrow, circle.tags[0], Page(limit=1)) == [newest]
    for reader in range(5):
        timeline = await narrow.home.page(circle.people[reader], Page(limit=1))
        assert int(msgspec.json.decode(timeline.items[0])["id"]) == newest
