"""Leases: one loads, the others wait; a fill whose lease is gone is refused, whatever has become of the tombstone."""

import asyncio

import pytest

from heliograph.base.errors import StoreUnavailableError
from heliograph.stores import misses
from heliograph.stores.cache import Cache, read_through
from heliograph.stores.leases import Asking, Leases, Part, Word

KIND = "post"
IDENT = 77 << 12 | 5


class Source:
    """Something to load. It stops where it is told to; `asked` counts."""

    def __init__(self, body=b"body", version=5):
        self.body, self.version = body, version
        self.asked = 0
        self.reading = asyncio.Event()
        self.go = asyncio.Event()
        self.go.set()

    async def load(self, idents):
        self.asked += 1
        found = (self.version, {ident: self.body for ident in idents if self.body is not None})
        self.reading.set()
        await self.go.wait()
        return [found]


@pytest.fixture
def leases(valkey):
    return Leases(valkey)


async def ask(leases, *, least=0, tired_of=b""):
    return (await leases.ask(KIND, {IDENT: Asking(least, tired_of)}))[IDENT]


async def keys(valkey, pattern):
    return await valkey.one(lambda of: ("KEYS", pattern.format(run=of.run)))


async def have(cache):
    ((found,),) = [each.values() for each in await cache.read([(KIND, [IDENT])])]
    return found


async def test_one_is_given_it_and_the_others_wait(leases, cache, valkey):
    first, second = await ask(leases), await ask(leases)
    assert (first.word, second.word) == (Word.LOAD, Word.WAIT)
    assert first.data == second.data
    assert await leases.fill(KIND, [Part(5, {IDENT: b"body"})], {IDENT: first.data}) == {IDENT}
    third = await ask(leases)
    assert (third.word, third.data) == (Word.HERE, b"body")
    assert await have(cache) == b"body"
    assert await keys(valkey, "l{run}:*") == [], "a lease ends with its fill"


async def test_what_does_not_exist_gives_its_lease_back(leases, valkey):
    first = await ask(leases)
    assert await leases.fill(KIND, [Part(5, {})], {IDENT: first.data}) == set()
    assert (await ask(leases)).word == Word.LOAD
    assert await keys(valkey, "c{run}:*") == []


async def test_only_who_holds_it_gives_it_back(leases):
    first = await ask(leases)
    await leases.give_back(KIND, {IDENT: first.data[::-1]})
    assert (await ask(leases)).word == Word.WAIT
    await leases.give_back(KIND, {IDENT: first.data})
    assert (await ask(leases)).word == Word.LOAD


@pytest.mark.parametrize("writes", [1, 10])
@pytest.mark.parametrize("evicted", [False, True])
async def test_an_invalidation_takes_it_away(leases, cache, valkey, writes, evicted):
    """Also when its tombstone has gone, and also when somebody has been given a lease since."""
    first = await ask(leases)
    for version in range(6, 6 + writes):
        await cache.invalidate(version, [(KIND, IDENT)])
    if evicted:
        await valkey.one(lambda of: ("DEL", *of.cached(KIND, [IDENT])))
        second = await ask(leases)
        assert second.word == Word.LOAD
    assert await leases.fill(KIND, [Part(5, {IDENT: b"old"})], {IDENT: first.data}) == set()
    assert await have(cache) is None
    if evicted:
        assert await leases.fill(KIND, [Part(9, {IDENT: b"new"})], {IDENT: second.data}) == {IDENT}


async def test_who_is_tired_of_waiting_takes_over(leases, cache):
    """And the one who was only slow may still fill: it is the same round."""
    first = await ask(leases)
    second = await ask(leases, tired_of=first.data)
    assert second.word == Word.LOAD
    assert second.data != first.data
    assert (await ask(leases, tired_of=first.data)).word == Word.WAIT, "the others are tired of one who is past"
    assert await leases.fill(KIND, [Part(5, {IDENT: b"slow"})], {IDENT: first.data}) == {IDENT}
    assert await have(cache) == b"slow"
    assert await leases.fill(KIND, [Part(5, {IDENT: b"late"})], {IDENT: second.data}) == set()


async def test_an_invalidation_ends_the_round_of_all_its_holders(leases, cache, valkey):
    first = await ask(leases)
    second = await ask(leases, tired_of=first.data)
    await cache.invalidate(6, [(KIND, IDENT)])
    await valkey.one(lambda of: ("DEL", *of.cached(KIND, [IDENT])))
    for each in (first, second):
        assert await leases.fill(KIND, [Part(5, {IDENT: b"old"})], {IDENT: each.data}) == set()


async def test_a_value_that_is_not_believed_is_loaded(leases, cache):
    await cache.fill(KIND, 5, {IDENT: b"old"})
    assert (await ask(leases, least=5)).word == Word.HERE
    answer = await ask(leases, least=6)
    assert answer.word == Word.LOAD
    assert await leases.fill(KIND, [Part(7, {IDENT: b"new"})], {IDENT: answer.data}) == {IDENT}


async def test_it_runs_out(leases, valkey):
    await ask(leases)
    (key,) = await keys(valkey, "l{run}:*")
    assert 10_000 < await valkey.one(lambda _: ("PTTL", key)) <= 12_000


async def test_a_dead_holder_keeps_nobody_long(leases, cache, valkey, monkeypatch):
    """Two processes wait for one that will never fill: one of the two takes over, the other is answered by it."""
    monkeypatch.setattr(misses, "TIRED_S", 0.1)
    await ask(leases)
    source = Source()
    both = [read_through(each, KIND, [IDENT], source.load) for each in (cache, Cache(valkey))]
    async with asyncio.timeout(10):
        assert await asyncio.gather(*both) == [{IDENT: b"body"}] * 2
    assert source.asked == 1


async def test_a_load_that_fails_lets_others_try(cache, valkey):
    async def fails(_):
        raise StoreUnavailableError("postgres")

    with pytest.raises(StoreUnavailableError):
        await read_through(cache, KIND, [IDENT], fails)
    assert await keys(valkey, "l{run}:*") == []
    assert await read_through(Cache(valkey), KIND, [IDENT], Source().load) == {IDENT: b"body"}


async def test_what_is_not_to_be_kept_is_not(cache, valkey):
    source = Source()
    for _ in range(2):
        assert await cache.misses.load(KIND, [IDENT], source.load, unkept=b"body") == {IDENT: b"body"}
    assert source.asked == 2
    assert await keys(valkey, "?{run}:*") == []


async def test_what_was_changed_here_untold_is_read_anew_by_who_comes_after(cache, valkey, monkeypatch):
    """Valkey takes the fill, since it could not be told of the change; the changer's own process knows better."""
    source = Source(b"old", 5)
    source.go.clear()
    first = asyncio.create_task(read_through(cache, KIND, [IDENT], source.load))
    await asyncio.wait_for(source.reading.wait(), 5)

    async def away(*_):
        raise StoreUnavailableError("valkey")

    with monkeypatch.context() as hung:
        hung.setattr(valkey, "wave", away)
        source.body, source.version = b"new", 9
        await cache.invalidate_at_once(7, [(KIND, IDENT)])
    second = asyncio.create_task(read_through(cache, KIND, [IDENT], source.load))
    # It has looked, and waits for the load that is under way.
    await valkey.heard()
    await asyncio.sleep(0.05)
    source.go.set()
    assert await first == {IDENT: b"old"}
    assert await second == {IDENT: b"new"}
