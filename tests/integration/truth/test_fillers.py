"""Fillers that bring what was: one that stood still, one that reads a replica 5 seconds back, one from before a restart."""

import asyncio
import time

import pytest
from truth_replica import replica

from heliograph.base.topology import ShardSpec, Topology
from heliograph.stores import counts
from heliograph.stores.cache import Cache, read_through
from heliograph.stores.counts import Count
from heliograph.stores.queries import load
from heliograph.stores.shards import Shards
from heliograph.stores.valkey import Valkey

KIND = "counts"
IDENT = 77 << 12 | 5
sql = load("counts")


async def write(shards, cache):
    """A change as the domain makes it; the position of its invalidation."""
    async with shards.of(IDENT).transaction() as transaction:
        await counts.add(transaction, IDENT, Count.LIKES, 1)
    await cache.invalidate(transaction.position, [(KIND, IDENT)])
    return transaction.position


async def look(shards):
    """What a filler reads: version and body."""
    position, rows = await shards.of(IDENT).versioned(sql.of, slots=[77], ids=[IDENT])
    return position, b"%d" % sum(row["value"] for row in rows)


async def have(cache):
    ((found,),) = [each.values() for each in await cache.read([(KIND, [IDENT])])]
    return found


@pytest.mark.parametrize("tombstone", ["there", "lost"])
async def test_one_that_stops_between_read_and_set_while_ten_are_written(shards, cache, valkey, topology, tombstone):
    """It stops for longer than any tombstone is kept, if need be: its lease is gone all the same."""
    stopped, go = asyncio.Event(), asyncio.Event()

    async def slow(_):
        version, body = await look(shards)
        stopped.set()
        await go.wait()
        return [(version, {IDENT: body})]

    async def quick(_):
        version, body = await look(shards)
        return [(version, {IDENT: body})]

    filler = asyncio.create_task(read_through(cache, KIND, [IDENT], slow))
    await stopped.wait()
    async with Valkey.open(topology.valkey_url) as client:
        other = Cache(client)
        for number in range(1, 11):
            await write(shards, other)
            assert await read_through(other, KIND, [IDENT], quick) == {IDENT: b"%d" % number}
        if tombstone == "lost":
            await valkey.one(lambda keys: ("DEL", *keys.cached(KIND, [IDENT])))
        go.set()
        await filler
        assert await have(other) in (None, b"10")
        assert await read_through(other, KIND, [IDENT], quick) == {IDENT: b"10"}
        assert await read_through(cache, KIND, [IDENT], quick) == {IDENT: b"10"}


async def test_one_that_reads_a_replica_five_seconds_back(shards, cache, database):
    await write(shards, cache)
    async with replica(database, "5s") as copy, Shards.open(Topology((ShardSpec("copy", copy),), "", ""), 2) as behind:
        async with asyncio.timeout(20):
            while (await look(behind))[1] != b"1":  # noqa: ASYNC110 -- the replica is waited for
                await asyncio.sleep(0.05)
        written = time.monotonic()
        position = await write(shards, cache)
        refused = 0
        async with asyncio.timeout(30):
            while await have(cache) is None:
                version, body = await look(behind)
                await cache.fill(KIND, version, {IDENT: body})
                assert body == b"2" or version < position, "it promises more than it has seen"
                refused += body == b"1"
                await asyncio.sleep(0.05)
        assert await have(cache) == b"2", "what was before has been believed"
        assert time.monotonic() - written > 4.5, "the replica was not behind"
        assert refused > 10


@pytest.mark.parametrize("lost", ["nothing", "the tombstone", "the lease", "all"])
@pytest.mark.parametrize("changed", [False, True])
async def test_a_write_through_that_is_late(cache, valkey, lost, changed):
    """A new object is changed by others between its commit and its own write-through, and what tells of that is lost."""
    reserved = await cache.reserve(IDENT, [KIND])
    if changed:
        await cache.invalidate(9, [(KIND, IDENT)])
    for what in {"the tombstone": "c", "the lease": "l", "all": "cl"}.get(lost, ""):
        await valkey.one(lambda keys, what=what: ("DEL", what + keys.cached(KIND, [IDENT])[0][1:]))
    await cache.write_through(5, {KIND: b"fresh"}, reserved)
    kept = not changed and lost in ("nothing", "the tombstone")
    assert await have(cache) == (b"fresh" if kept else None)


async def test_a_write_through_over_what_somebody_had_guessed(cache):
    await cache.fill(KIND, 4, {IDENT: b"there is no such thing"})
    await cache.write_through(5, {KIND: b"fresh"}, await cache.reserve(IDENT, [KIND]))
    assert await have(cache) == b"fresh"
