"""Deliveries that stop in the middle, and authors who cross the line between push and pull."""

import asyncio
import gc
import json
import time
from datetime import timedelta

import msgspec
import pytest
from circle import Circle, opened

from heliograph.base.errors import StoreUnavailableError
from heliograph.base.paging import Page
from heliograph.base.settings import Settings
from heliograph.base.topology import Topology
from heliograph.domain.feeds import crossing, deliver, pulled
from heliograph.domain.feeds.pulled import PulledAuthors
from heliograph.domain.posts.post import Visibility
from heliograph.domain.product import Product
from heliograph.stores import cache
from heliograph.stores.idlists import HOME, RECENT, IdLists
from heliograph.stores.shards import Shards
from heliograph.wiring import drain


async def lists_of(product: Product, people: list[int]) -> list[list[int]]:
    """What the home lists themselves hold: nothing mended by a read."""
    lists = IdLists(product.stores.valkey, product.settings.feed_length)
    found = await lists.read([(HOME, each) for each in people], product.settings.feed_length + 1, 600)
    return [each.ids for each in found]


async def test_a_spread_that_fails_leaves_no_other_failure_behind(
    two_shards: Topology, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """This page could not be pushed; the query for the next one, which is broken off, fails with the connection."""
    monkeypatch.setattr(deliver, "PAGE", 2)
    alarms: list[dict[str, object]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: alarms.append(context))
    reading = asyncio.Event()

    async def read(_shards: Shards, _author: int, cursor: int, _limit: int) -> list[int]:
        if cursor == 0:
            return [1, 2]
        reading.set()
        try:
            await asyncio.Event().wait()
        finally:
            raise StoreUnavailableError("postgres")

    async def push(_pushes: object) -> int:
        await reading.wait()
        raise StoreUnavailableError("valkey")

    async def advance(_: int, __: int) -> None: ...

    monkeypatch.setattr(deliver, "followers_page", read)
    async with opened(settings, two_shards) as product:
        monkeypatch.setattr(product.delivery._lists, "push", push)
        with pytest.raises(StoreUnavailableError) as raised:
            await product.delivery.spread(1, 2, 0, advance)
    assert raised.value.store == "valkey"
    del raised
    await asyncio.sleep(0)
    gc.collect()
    assert alarms == []


@pytest.mark.parametrize("dies_after", [1, 2, 3])
async def test_a_delivery_that_dies_goes_on_at_its_cursor(
    two_shards: Topology, settings: Settings, monkeypatch: pytest.MonkeyPatch, dies_after: int
) -> None:
    """No follower is missed, nobody has it twice, and the pages that are in are not read again."""
    monkeypatch.setattr(deliver, "PAGE", 2)
    async with opened(settings, two_shards) as product:
        await product.stores.valkey.one(lambda _: ("FLUSHALL",))
        circle = await Circle.gather(product, 8)
        for fan in range(1, 8):
            await circle.follow(fan, 0)
            await circle.read_home(fan, Page())
        await drain(product)
        post_id = await circle.post(0, Visibility.PUBLIC, set())
        cursors: list[int] = []

        async def advance(cursor: int, _: int) -> None:
            cursors.append(cursor)
            if len(cursors) == dies_after:
                raise asyncio.CancelledError

        with pytest.raises(asyncio.CancelledError):
            await product.delivery.spread(post_id, circle.people[0], 0, advance)
        fans = circle.people[1:]
        assert sum(post_id in each for each in await lists_of(product, fans)) == 2 * dies_after
        reached = cursors[-2] if dies_after > 1 else 0
        lists = IdLists(product.stores.valkey, product.settings.feed_length)
        done = [fan for fan in fans if fan <= reached]
        for fan in done:
            # Emptied: it shows if a page is delivered again.
            await product.stores.valkey.one(lambda keys, fan=fan: ("DEL", keys.id_list(HOME, fan)))
            await lists.begin(HOME, fan, 600)
            await lists.finish(HOME, fan, [], 0, 600)

        async def noted(_: int, __: int) -> None: ...

        await product.delivery.spread(post_id, circle.people[0], reached, noted)
        assert await lists_of(product, fans) == [[] if fan in done else [post_id] for fan in fans]
        await drain(product)
        assert await lists_of(product, fans) == [[post_id]] * 7


async def test_crossing_the_line_both_ways(narrow: Product) -> None:
    """Pushed, then pulled, then pushed again: at every step everybody sees all posts, and in the end nobody pulls."""
    circle = await Circle.gather(narrow, 6)
    author = circle.people[0]

    async def seen_by_all() -> None:
        for reader in range(6):
            assert await circle.read_home(reader, Page(limit=40)) == circle.home(reader)

    for fan in range(1, 6):
        await circle.follow(fan, 0)
        await circle.post(0, Visibility.PUBLIC, set())
        await drain(narrow)
        await seen_by_all()
    assert (await narrow.crossing.audiences([author]))[author].pull_from is not None
    before = await lists_of(narrow, circle.people[1:])
    await circle.post(0, Visibility.PUBLIC, set())
    await drain(narrow)
    assert await lists_of(narrow, circle.people[1:]) == before, "nothing is pushed"
    await seen_by_all()
    for fan in range(2, 6):
        await circle.unfollow(fan, 0)
    await circle.post(0, Visibility.PUBLIC, set())
    await drain(narrow)
    assert (await narrow.crossing.audiences([author]))[author].pull_from is None
    assert await narrow.pulled.lists(await narrow.relations.of(circle.people[1])) == []
    await seen_by_all()
    (home,) = await lists_of(narrow, circle.people[1:2])
    assert home == circle.home(1)[:5], "what was pulled has been pushed"


async def test_those_who_ask_first_wait_for_the_first_look(narrow: Product, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that has just started must not answer as if nobody were pulled."""
    monkeypatch.setattr(pulled, "REFRESH_S", 60.0)
    circle = await Circle.gather(narrow, 6)
    for fan in range(1, 6):
        await circle.follow(fan, 0)
    author = circle.people[0]
    await narrow.crossing.start(author)
    relations = await narrow.relations.of(circle.people[1])
    young = PulledAuthors(narrow.stores.shards)
    assert await asyncio.gather(*(young.lists(relations) for _ in range(4))) == [[(RECENT, author)]] * 4


async def test_readers_know_before_the_first_post_is_not_pushed() -> None:
    """GRACE lets every process look at least twice."""
    assert timedelta(seconds=2 * pulled.REFRESH_S) < crossing.GRACE


async def test_everything_works_without_valkey(
    two_shards: Topology, settings: Settings, tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody listens at its address: all is read from PostgreSQL, said to be degraded, and nothing raises."""
    monkeypatch.setattr(pulled, "REFRESH_S", -1.0)
    away = msgspec.structs.replace(two_shards, valkey_url=f"unix://{tmp_path}/nobody")
    async with opened(settings, away) as product:
        circle = await Circle.gather(product, 4)
        began = time.monotonic()
        for fan in range(4):
            await circle.follow(fan, (fan + 1) % 4)
        await circle.unfollow(0, 1)
        for author in range(4):
            await circle.post(author, Visibility.PUBLIC, {0})
            await circle.post(author, Visibility.PRIVATE, set())
        await circle.like(1, 0)
        await circle.delete(3)
        for reader in range(4):
            seen: set[str] = set()
            token = cache.degraded.set(seen)
            assert await circle.read_home(reader, Page(limit=3)) == circle.home(reader)[:3]
            assert await circle.read_home(reader, Page(min_id=0, limit=2)) == circle.home(reader)[-2:]
            assert {"feeds", "cache"} <= seen
            cache.degraded.reset(token)
        import random

        await circle.agrees(random.Random(1))
        assert time.monotonic() - began < 20


async def test_posts_are_delivered_when_valkey_comes_back(
    two_shards: Topology, settings: Settings, cluster, tmp_path
) -> None:
    """What was published while it was away waits in the outbox, and is in the feeds afterwards."""
    address = tmp_path / "v"
    away = msgspec.structs.replace(two_shards, valkey_url=f"unix://{address}")
    async with opened(settings, away) as product:
        circle = await Circle.gather(product, 4)
        await circle.follow(1, 0)
        post_id = await circle.post(0, Visibility.PUBLIC, set())
        await drain(product)
        address.symlink_to(cluster.valkey_url.removeprefix("unix://"))
        async with asyncio.timeout(10):
            while post_id not in (await lists_of_or_none(product, circle.people[1])):
                await circle.read_home(1, Page())
                await drain(product)
                await asyncio.sleep(0.05)
        state = await product.outbox.state()
        assert sum(each.dead for each in state) == 0


async def lists_of_or_none(product: Product, account: int) -> list[int]:
    from heliograph.base.errors import StoreUnavailableError

    try:
        return (await lists_of(product, [account]))[0]
    except StoreUnavailableError:
        return []


async def test_two_hundred_readers_at_once_rebuild_once(narrow: Product) -> None:
    circle = await Circle.gather(narrow, 4)
    await circle.follow(1, 0)
    made = [await circle.post(0, Visibility.PUBLIC, set()) for _ in range(3)]
    pages = await asyncio.gather(*(narrow.home.page(circle.people[1], Page()) for _ in range(60)))
    assert {tuple(int(json.loads(item)["id"]) for item in each.items) for each in pages} == {tuple(made[::-1])}


async def test_shards_know_their_slots(two_shards: Topology) -> None:
    async with Shards.open(two_shards, 2) as shards:
        assert [shards.at(slot).name for slot in (0, 511, 512, 1023)] == ["lower", "lower", "upper", "upper"]
    broken = msgspec.structs.replace(two_shards, shards=two_shards.shards[:1])
    with pytest.raises(ValueError, match="no shard has slot 512"):
        async with Shards.open(broken, 2):
            pass
