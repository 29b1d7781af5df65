"""What is cached, counted and forgotten; and what is counted of how it serves."""

import asyncio

import pytest

from heliograph.base import metrics
from heliograph.stores.cache import Cache, read_through
from heliograph.stores.census import Census, Kind
from heliograph.stores.valkey import Valkey

KIND = "censused"
IDENTS = [number << 12 | 5 for number in range(70)]


async def load(idents):
    return [(9, dict.fromkeys(idents, b"body"))]


async def test_values_and_tombstones_by_kind(cache, valkey):
    await cache.fill("post", 5, dict.fromkeys(IDENTS, b"12345"))
    await cache.fill("account", 5, {IDENTS[0]: b"1"})
    await cache.invalidate(6, [("post", ident) for ident in IDENTS[:3]])
    assert await Census(valkey).count() == {"post": Kind(67, 335, 3), "account": Kind(1, 1, 0)}


@pytest.mark.parametrize("kind", [None, "post"])
async def test_forgetting_leaves_tombstones(cache, valkey, topology, kind):
    """Also in what other processes have kept; and a fill from before a change is still refused."""
    await cache.fill("post", 5, dict.fromkeys(IDENTS, b"body"))
    await cache.fill("account", 5, {IDENTS[0]: b"body"})
    await cache.invalidate(7, [("post", IDENTS[1])])
    async with Valkey.open(topology.valkey_url) as client:
        other = Cache(client)
        assert (await other.read([("post", IDENTS[:1])]))[0] == {IDENTS[0]: b"body"}
        assert await Census(valkey).forget(kind) == (69 if kind else 70)
        assert (await other.read([("post", IDENTS[:1])]))[0] == {IDENTS[0]: None}
    assert (await cache.read([("account", IDENTS[:1])]))[0] == {IDENTS[0]: b"body" if kind else None}
    await cache.fill("post", 4, dict.fromkeys(IDENTS[:2], b"old"))
    assert (await cache.read([("post", IDENTS[:2])]))[0] == dict.fromkeys(IDENTS[:2])
    await cache.fill("post", 6, dict.fromkeys(IDENTS[:2], b"new"))
    assert (await cache.read([("post", IDENTS[:2])]))[0] == {IDENTS[0]: b"new", IDENTS[1]: None}


def counted(name, **labels):
    return metrics.REGISTRY.get_sample_value(name, {"kind": KIND, **labels}) or 0


async def test_what_is_counted(cache, topology):
    """Of each read: from the process, from Valkey, or loaded; of a load, what others did not have to."""
    before = counted("heliograph_cache_near_hits_total")
    await asyncio.gather(*(read_through(cache, KIND, IDENTS[:2], load) for _ in range(10)))
    assert counted("heliograph_cache_reads_total", result="miss") == 20
    assert counted("heliograph_cache_fills_total", result="stored") == 2
    assert counted("heliograph_cache_stampedes_avoided_total", by="flight") == 18
    async with Valkey.open(topology.valkey_url) as client:
        other = Cache(client)
        for _ in range(3):
            await read_through(other, KIND, IDENTS[:2], load)
        assert counted("heliograph_cache_reads_total", result="hit") == 2, "once from Valkey, then kept"
        assert counted("heliograph_cache_near_hits_total") - before == 4
    await cache.invalidate(20, [(KIND, IDENTS[0])])
    assert counted("heliograph_cache_invalidations_total") == 1
    await read_through(cache, KIND, IDENTS[:1], load)
    assert counted("heliograph_cache_fills_total", result="refused") == 1
