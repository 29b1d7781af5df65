"""Renewals: what the cache has is replaced by what is true now; and where that cannot be, a tombstone says so."""

import asyncio
import random
import time

import pytest

from heliograph.base import metrics
from heliograph.base.errors import StoreUnavailableError
from heliograph.stores import counts, gate
from heliograph.stores.cache import Cache, read_through
from heliograph.stores.counts import Count
from heliograph.stores.leases import Asking, Leases, Part, Word
from heliograph.stores.queries import load
from heliograph.stores.valkey import Valkey

KIND = "post"
IDENT = 77 << 12 | 5
OTHER = 78 << 12 | 5
counts_sql = load("counts")


class Likes:
    """Likes of one post on a real shard, cached as their number."""

    def __init__(self, shards, valkey):
        self.shards = shards
        self.cache = Cache(valkey)
        self.cache.renews(KIND, self.load)
        self.loads = 0
        self.away = False
        self.reading, self.go = asyncio.Event(), asyncio.Event()
        self.go.set()

    async def load(self, idents):
        self.loads += 1
        if self.away:
            raise StoreUnavailableError("postgres")
        position, rows = await self.shards.of(IDENT).versioned(counts_sql.of, slots=[77], ids=idents)
        self.reading.set()
        await self.go.wait()
        return [(position, dict.fromkeys(idents, b"%d" % sum(row["value"] for row in rows)))]

    def hold(self):
        """From now on what is read is handed on when `go` is set."""
        self.reading.clear()
        self.go.clear()

    async def fail(self, idents):
        raise ValueError(f"cannot be rendered: {idents}")

    async def like(self, delta=1):
        async with self.shards.of(IDENT).transaction() as transaction:
            await counts.add(transaction, IDENT, Count.LIKES, delta)
        await self.cache.renew_at_once(transaction.position, [(KIND, IDENT)])

    async def cached(self):
        """What the cache has, without a load."""
        (found,) = await self.cache.read([(KIND, [IDENT])])
        return found[IDENT]

    async def filled(self):
        """Read until the cache has it: right after a change the shard's log stands still below it for a moment."""
        async with asyncio.timeout(10):
            while await self.cached() is None:
                await self.seen()
                await asyncio.sleep(0.01)

    async def seen(self):
        """What a reader gets."""
        return (await read_through(self.cache, KIND, [IDENT], self.load))[IDENT]


@pytest.fixture
def likes(shards, valkey):
    return Likes(shards, valkey)


@pytest.fixture
async def elsewhere(shards, topology):
    async with Valkey.open(topology.valkey_url) as client:
        yield Likes(shards, client)


async def test_readers_find_the_new_value_and_miss_nothing(likes, elsewhere):
    assert await likes.seen() == await elsewhere.seen() == b"0"
    for number in range(1, 20):
        await likes.like()
        assert await elsewhere.cached() == await likes.cached() == b"%d" % number
    assert elsewhere.loads == 0


async def test_renewed_and_ended_are_counted_apart(likes):
    def counted():
        both = (metrics.cache_renewals, metrics.cache_invalidations)
        return [each.labels(KIND)._value.get() for each in both]

    renewed, ended = counted()
    await likes.like()
    assert counted() == [renewed, ended + 1], "there was nothing to renew"
    await likes.filled()
    await likes.like()
    assert counted() == [renewed + 1, ended + 1]
    likes.away = True
    await likes.like()
    assert counted() == [renewed + 1, ended + 2]


async def test_what_is_not_cached_is_not_loaded(likes):
    await likes.like()
    assert likes.loads == 0
    assert await likes.cached() is None
    assert await likes.seen() == b"1"


async def test_kinds_that_nobody_loads_are_ended(likes):
    await likes.cache.fill("other", 5, {IDENT: b"other"})
    await likes.cache.renew(6, [("other", IDENT), ("other", OTHER)])
    assert await likes.cache.read([("other", [IDENT, OTHER])]) == [{IDENT: None, OTHER: None}]


async def test_of_two_at_once_the_later_knows_both_and_the_earlier_leaves_it_alone(likes, elsewhere):
    assert await likes.seen() == b"0"
    likes.hold()
    early = asyncio.create_task(likes.like())
    await likes.reading.wait()
    await elsewhere.like()
    assert await elsewhere.cached() == b"2"
    likes.go.set()
    await early
    assert await likes.cached() in (b"2", None)
    assert await likes.seen() == await elsewhere.seen() == b"2"


async def test_who_began_earlier_and_ends_first_does_not_hide_the_later(likes, elsewhere):
    """Both have claimed before either has filled."""
    assert await likes.seen() == b"0"
    likes.hold()
    elsewhere.hold()
    early = asyncio.create_task(likes.like())
    await likes.reading.wait()
    late = asyncio.create_task(elsewhere.like())
    await elsewhere.reading.wait()
    likes.go.set()
    await early
    assert await likes.seen() in (b"1", b"2"), "its own is in it"
    elsewhere.go.set()
    await late
    assert await likes.seen() == await elsewhere.seen() == b"2"


async def test_a_filler_from_before_is_refused(likes, valkey):
    """It was given the lease when there was no value; then one came, and was renewed."""
    leases = Leases(valkey)
    said = (await leases.ask(KIND, {IDENT: Asking()}))[IDENT]
    assert said.word == Word.LOAD
    stale = Part((await likes.load([IDENT]))[0][0], {IDENT: b"0"})
    await likes.cache.fill(KIND, stale.version, {IDENT: b"0"})
    await likes.like()
    assert await leases.fill(KIND, [stale], {IDENT: said.data}) == set()
    assert await likes.seen() == b"1"


async def test_who_cannot_load_leaves_a_tombstone(likes, elsewhere):
    assert await likes.seen() == b"0"
    likes.away = True
    await likes.like()
    assert await elsewhere.cached() is None
    assert await elsewhere.seen() == b"1"


async def test_who_would_have_to_wait_for_postgresql_leaves_a_tombstone(likes, elsewhere):
    """The request's patience is for what it still has to write."""
    assert await likes.seen() == b"0"
    shard = likes.shards.of(IDENT)
    gate.begin_request(60.0)
    # All places of readers are taken.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shard._reads, "_inside", asyncio.Semaphore(0))
        await asyncio.wait_for(likes.like(), 30)
    assert await elsewhere.cached() is None
    assert await elsewhere.seen() == b"1"


async def test_a_loader_with_a_fault_does_not_keep_the_past_alive(likes, elsewhere):
    assert await likes.seen() == b"0"
    likes.cache.renews(KIND, elsewhere.fail)
    await likes.like()
    assert await elsewhere.cached() is None
    assert await elsewhere.seen() == b"1"


async def test_who_could_not_tell_believes_it_again_though_it_is_the_same(likes, elsewhere):
    """Liked and taken back while nobody could be told: the message says so later, and the truth is what was cached before."""
    assert await likes.seen() == b"0"
    mark = await likes.shards.of(IDENT).mark() + 1
    likes.cache._untold[KIND, IDENT] = mark
    likes.cache._untold_until = time.monotonic() + 60
    async with asyncio.timeout(10):
        while (await likes.load([IDENT]))[0][0] < mark:  # noqa: ASYNC110 -- the log moves on by itself
            await asyncio.sleep(0.01)
    await elsewhere.cache.renew(await elsewhere.shards.of(IDENT).mark(), [(KIND, IDENT)])
    likes.loads = 0
    for _ in range(5):
        assert await likes.seen() == b"0"
    assert likes.loads <= 1


async def test_one_who_dies_between_claim_and_fill_is_made_good_by_the_next(likes, elsewhere):
    """The next is the outbox message of the same change."""
    assert await likes.seen() == b"0"
    likes.hold()
    dying = asyncio.create_task(likes.like())
    await likes.reading.wait()
    dying.cancel()
    await asyncio.gather(dying, return_exceptions=True)
    assert await elsewhere.cached() == b"0", "the change has not been answered"
    await elsewhere.cache.renew(await elsewhere.shards.of(IDENT).mark(), [(KIND, IDENT)])
    assert await elsewhere.cached() == b"1"


async def test_the_same_once_more_costs_nobody_what_they_keep(likes, elsewhere, valkey):
    assert await likes.seen() == await elsewhere.seen() == b"0"
    await elsewhere.cached()
    await likes.like()
    assert await elsewhere.cached() == b"1"
    await likes.cache.renew(await likes.shards.of(IDENT).mark(), [(KIND, IDENT)])
    await elsewhere.cache.hear()
    assert elsewhere.cache.kept(KIND, IDENT) == b"1"
    assert await valkey.one(lambda of: ("KEYS", f"l{of.run}:*")) == []


async def test_any_number_at_once(likes, elsewhere):
    """Whoever has liked sees at least their own and all that were answered before; in the end all are there."""
    dice = random.Random(5)
    answered = 0

    async def one(number):
        nonlocal answered
        who = (likes, elsewhere)[number % 2]
        await asyncio.sleep(dice.random() / 20)
        before = answered
        await who.like()
        answered += 1
        assert int(await who.seen()) > before

    await likes.seen()
    await asyncio.gather(*(one(number) for number in range(100)))
    assert await likes.seen() == await elsewhere.seen() == b"100"
