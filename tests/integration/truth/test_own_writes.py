"""Everybody sees what they did, also where others were loading it at that moment, in the same process or in another."""

import asyncio
import random

import pytest

from heliograph.stores import counts
from heliograph.stores.cache import Cache, read_through
from heliograph.stores.counts import Count
from heliograph.stores.queries import load
from heliograph.stores.valkey import Valkey

KIND = "counts"
sql = load("counts")


async def write(shards, cache, ident):
    """A change as the domain makes it; done when somebody could be answered."""
    async with shards.of(ident).transaction() as transaction:
        await counts.add(transaction, ident, Count.LIKES, 1)
    await cache.invalidate(transaction.position, [(KIND, ident)])


def loader(shards, pause):
    """As the domain loads, with `pause` between read and set."""

    async def load_counts(idents):
        parts = await counts.read(shards, idents)
        await pause()
        return [
            (version, {ident: b"%d" % of.get(Count.LIKES, 0) for ident, of in counted.items()})
            for version, counted in parts
        ]

    return load_counts


@pytest.mark.parametrize("where", ["same process", "another process"])
async def test_who_joins_a_load_that_began_before_their_write(shards, valkey, topology, where):
    """The load stops between read and set; ten are written meanwhile; whoever wrote and asks then gets ten."""
    ident = 77 << 12 | 5
    async with Valkey.open(topology.valkey_url) as other:
        reader, writer = Cache(valkey), Cache(valkey if where == "same process" else other)
        stopped, go = asyncio.Event(), asyncio.Event()

        async def pause():
            stopped.set()
            await go.wait()

        early = asyncio.create_task(read_through(reader, KIND, [ident], loader(shards, pause)))
        await stopped.wait()
        for _ in range(10):
            await write(shards, writer, ident)
        late = [asyncio.create_task(read_through(reader, KIND, [ident], loader(shards, pause))) for _ in range(3)]
        elsewhere = asyncio.create_task(read_through(writer, KIND, [ident], loader(shards, pause)))
        await asyncio.sleep(0.05)
        go.set()
        assert await early == {ident: b"0"}, "it began before, and may show what was then"
        assert [await each for each in [*late, elsewhere]] == [{ident: b"10"}] * 4
        assert await read_through(reader, KIND, [ident], loader(shards, pause)) == {ident: b"10"}


@pytest.mark.parametrize("seed", range(4))
async def test_many_write_and_read_at_once(shards, valkey, topology, seed):
    """Three processes, four keys: nobody reads less than was answered before they asked, and less than they read before."""
    dice = random.Random(seed)
    idents = [(77 + number) << 12 | 5 for number in range(4)]
    answered = dict.fromkeys(idents, 0)

    async def pause():
        await asyncio.sleep(dice.choice([0, 0, 0.001, 0.01, 0.03]))

    async def client(cache):
        seen = dict.fromkeys(idents, 0)
        for _ in range(40):
            ident = dice.choice(idents)
            if dice.random() < 0.3:
                await write(shards, cache, ident)
                answered[ident] += 1
            wanted = [ident, *dice.sample(idents, dice.randint(0, 2))]
            least = {each: max(answered[each], seen[each]) for each in wanted}
            found = await read_through(cache, KIND, wanted, loader(shards, pause))
            for each, value in least.items():
                assert int(found[each]) >= value
                seen[each] = int(found[each])

    async with Valkey.open(topology.valkey_url) as second, Valkey.open(topology.valkey_url) as third:
        caches = [Cache(valkey), Cache(second), Cache(third)]
        await asyncio.gather(*(client(cache) for cache in caches for _ in range(4)))
        totals = await read_through(caches[0], KIND, idents, loader(shards, pause))
    assert totals == {ident: b"%d" % answered[ident] for ident in idents}
