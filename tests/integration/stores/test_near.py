"""What a process keeps is never older than what it could have read: two processes' clients on one real server."""

import asyncio
import random

import pytest

from heliograph.stores.cache import Cache
from heliograph.stores.idlists import HOME, IdLists
from heliograph.stores.valkey import Valkey

KIND = "post"
IDENT = 77 << 12 | 5
OTHER = 78 << 12 | 5


@pytest.fixture
async def pair(valkey, topology):
    """Clients as two processes have them."""
    del valkey
    async with Valkey.open(topology.valkey_url) as one, Valkey.open(topology.valkey_url) as other:
        yield one, other


async def body(cache, ident=IDENT, *, heard=False):
    (found,) = await cache.read([(KIND, [ident])], heard=heard)
    return found[ident]


async def reads(client):
    """How often the server has been asked for values."""
    info = await client.one(lambda _: ("INFO", "commandstats"))
    line = next((line for line in info.decode().splitlines() if line.startswith("cmdstat_mget:")), "calls=0,")
    return int(line.partition("calls=")[2].partition(",")[0])


async def test_what_has_not_changed_is_read_once(pair):
    one, _ = pair
    cache = Cache(one)
    await cache.fill(KIND, 5, {IDENT: b"body"})
    assert await body(cache) == b"body"
    before = await reads(one)
    for _ in range(10):
        assert await body(cache) == b"body"
    assert await reads(one) == before


async def test_a_change_by_another_process_is_seen_by_the_next_read(pair):
    """Whoever begins to read after the change was answered sees it, a thousand times in a row."""
    one, other = pair
    here, there = Cache(one), Cache(other)
    for version in range(1, 1000):
        text = b"%d" % version
        if version % 3:
            await there.fill(KIND, version, {IDENT: text})
        else:
            await there.invalidate(version, [(KIND, IDENT)])
        assert await body(here) == (text if version % 3 else None)
        await one.heard()
        assert await body(here, heard=True) == (text if version % 3 else None)


async def test_own_changes_are_seen_at_once(pair):
    """By who goes on in the same request, and so has heard of the server before, too."""
    one, _ = pair
    cache = Cache(one)
    for version in range(1, 600, 2):
        await cache.fill(KIND, version, {IDENT: b"%d" % version})
        assert await body(cache, heard=True) == b"%d" % version
        await asyncio.gather(body(cache), cache.invalidate(version + 1, [(KIND, IDENT)]), body(cache))
        assert await body(cache, heard=True) is None


async def test_readers_and_writers_at_once_never_go_back(pair):
    """Each reader sees a version at least as new as what had been answered when it began."""
    one, other = pair
    caches = Cache(one), Cache(other)
    answered = {IDENT: 0, OTHER: 0}
    dice = random.Random(1)

    async def write(number):
        for version in range(1, 400):
            ident = dice.choice([IDENT, OTHER])
            turn = answered[ident] + 1
            await caches[number % 2].fill(KIND, turn, {ident: b"%d" % turn})
            answered[ident] = max(answered[ident], turn)
            if not version % 7:
                await asyncio.sleep(0)

    async def read(number):
        for _ in range(1500):
            before = dict(answered)
            (found,) = await caches[number % 2].read([(KIND, [IDENT, OTHER])])
            for ident, value in found.items():
                assert int(value or 0) >= before[ident]

    await asyncio.gather(write(0), *(read(number) for number in range(6)))
    assert min(answered.values()) > 100


async def test_expiry_and_emptying_are_heard_of(pair):
    one, other = pair
    cache = Cache(one)
    await cache.fill(KIND, 5, {IDENT: b"short"}, ttl_s=1)
    assert await body(cache) == b"short"
    async with asyncio.timeout(5):
        while await body(cache) is not None:  # noqa: ASYNC110 -- the server's clock is waited for
            await asyncio.sleep(0.02)
    await cache.fill(KIND, 5, {IDENT: b"body"})
    assert await body(cache) == b"body"
    await other.one(lambda _: ("FLUSHALL",))
    assert await body(cache) is None


async def test_nothing_is_believed_over_a_lost_connection(pair):
    one, other = pair
    cache = Cache(one)
    await cache.fill(KIND, 5, {IDENT: b"body"})
    assert await body(cache) == b"body"
    (ident,) = [
        line.split()[0].partition("=")[2]
        for line in (await one.one(lambda _: ("CLIENT", "LIST"))).decode().splitlines()
        if f"id={await one.one(lambda _: ('CLIENT', 'ID'))} " in f"{line} "
    ]
    await other.one(lambda _: ("CLIENT", "KILL", "ID", ident))
    async with asyncio.timeout(5):
        while one.near.shelf(KIND).get(IDENT) is not None:  # noqa: ASYNC110 -- the loss is waited for
            await asyncio.sleep(0.01)
    await Cache(other).fill(KIND, 6, {IDENT: b"new"})
    async with asyncio.timeout(5):
        while await body(cache) != b"new":  # noqa: ASYNC110 -- the new connection is waited for
            await asyncio.sleep(0.01)


async def test_heads_of_lists_are_kept_and_deliveries_heard_of(pair):
    one, other = pair
    here, there = IdLists(one, 100), IdLists(other, 100)
    (absent,) = await here.heads([(HOME, IDENT)], 60)
    assert not absent.built
    await there.begin(HOME, IDENT, 60)
    (building,) = await here.heads([(HOME, IDENT)], 60)
    assert not building.built
    await there.finish(HOME, IDENT, [3, 2], 0, 60)
    for newest in range(4, 200):
        await there.push([(HOME, newest, [IDENT])])
        (found,) = await here.heads([(HOME, IDENT)], 60)
        assert found.ids[0] == newest
        await one.heard()
        assert (await here.heads([(HOME, IDENT)], 60, heard=True))[0].ids == found.ids
    assert len(found.ids) == 44
    assert found.floor == found.ids[-1] - 1


async def test_reading_a_kept_list_renews_its_time(pair, monkeypatch):
    one, _ = pair
    lists = IdLists(one, 100)
    await lists.begin(HOME, IDENT, 60)
    await lists.finish(HOME, IDENT, [3, 2], 0, 60)
    await lists.heads([(HOME, IDENT)], 600)

    async def left_s():
        return await one.one(lambda keys: ("TTL", keys.id_list(HOME, IDENT)))

    assert await left_s() > 500
    await one.one(lambda keys: ("EXPIRE", keys.id_list(HOME, IDENT), 60))
    await lists.heads([(HOME, IDENT)], 600)
    assert await left_s() <= 60, "not at every read"
    monkeypatch.setattr(lists, "_renew_again", 0.0)
    await lists.heads([(HOME, IDENT + 1)], 600)
    await lists.heads([(HOME, IDENT)], 600)
    assert await left_s() > 500
