"""The outbox and its workers: nothing is lost, nothing is done for good by somebody who has lost it."""

import asyncio
from collections.abc import Mapping
from contextlib import asynccontextmanager
from uuid import uuid4

import msgspec
import pytest

from heliograph.base import ids
from heliograph.base.errors import StoreUnavailableError
from heliograph.base.topology import ShardSpec, Topology
from heliograph.stores import outbox
from heliograph.stores.outbox import LeaseLostError, Message, Outbox
from heliograph.stores.queries import parse
from heliograph.stores.shards import Shards
from heliograph.stores.valkey import Valkey
from heliograph.workers import loop
from heliograph.workers.hints import Hints
from heliograph.workers.loop import ATTEMPTS, Handler, Lane, Worker

sql = parse(
    "outbox_tests",
    """
-- name: all
-- scatter
SELECT kind, cursor, attempts, problem, dead_at IS NOT NULL AS dead, lease, run_at <= now() AS due,
       extract(epoch FROM run_at - now())::float AS wait_s FROM outbox ORDER BY id;

-- name: many
-- scatter
INSERT INTO outbox (slot, id, kind, payload) SELECT 9, number, 'light', '{}' FROM generate_series(1, :count::int) number;

-- name: analyze
-- scatter
ANALYZE outbox;

-- name: switch_off
-- scatter
SELECT set_config(:name, 'off', false);

-- name: switch_on
-- scatter
SELECT set_config(:name, 'on', false);

-- name: due
-- scatter
UPDATE outbox SET run_at = now();
""",
)

SLOT = 9
ALL = Lane(frozenset(), inside=False, concurrency=4)


@pytest.fixture
def box(shards: Shards, valkey: Valkey) -> Outbox:
    return Outbox(shards, valkey)


async def put(shards: Shards, kind: str, slot: int = SLOT, **payload: object) -> None:
    async with shards.at(slot).transaction() as transaction:
        await outbox.put(transaction, slot, kind, payload)


async def take(box: Outbox, shards: Shards, limit: int = 1) -> list[Message]:
    return await box.lease(shards.at(SLOT), limit, (), inside=False)


async def one(shards: Shards) -> dict[str, object]:
    (row,) = await shards.scatter(sql.all)
    return dict(row)


def worker(shards: Shards, box: Outbox, handlers: Mapping[str, Handler], lane: Lane = ALL) -> Worker:
    return Worker(shards, box, handlers, lane)


@asynccontextmanager
async def running(*workers: Worker):
    """Workers that run inside the block, and then finish what they have begun."""
    stop = asyncio.Event()
    tasks = [asyncio.create_task(each.run(stop)) for each in workers]
    try:
        yield
    finally:
        stop.set()
        await asyncio.gather(*tasks)


def hinted(one: Worker):
    async def is_set() -> bool:
        return one.hinted.is_set()

    return is_set


async def until(check, timeout_s: float = 10.0) -> None:
    async with asyncio.timeout(timeout_s):
        while not await check():  # noqa: ASYNC110 -- it looks into the database
            await asyncio.sleep(0.01)


async def test_a_message_commits_with_its_change(shards: Shards, box: Outbox) -> None:
    with pytest.raises(ZeroDivisionError):  # noqa: PT012 -- the transaction is what is tested
        async with shards.at(SLOT).transaction() as transaction:
            await outbox.put(transaction, SLOT, "never", {})
            raise ZeroDivisionError
    assert await shards.scatter(sql.all) == []
    async with shards.at(SLOT).transaction() as transaction:
        await outbox.put(transaction, SLOT, "light", {"a": [1, "b"]})
        assert await take(box, shards) == []
    (message,) = await take(box, shards)
    assert (message.kind, message.payload, message.cursor, message.attempts) == ("light", {"a": [1, "b"]}, 0, 1)


async def test_each_message_is_leased_once(shards: Shards, box: Outbox) -> None:
    for number in range(60):
        await put(shards, "light", number=number)
    taken = await asyncio.gather(*(take(box, shards, 7) for _ in range(12)))
    assert max(len(some) for some in taken) <= 7
    numbers = [message.payload["number"] for some in taken for message in some]
    while more := await take(box, shards, 7):
        numbers += [message.payload["number"] for message in more]
    assert sorted(numbers) == list(range(60))


async def test_the_oldest_come_first_and_no_more_than_asked_for(shards: Shards, box: Outbox) -> None:
    for number in range(30):
        await put(shards, "light", number=number)
    for first in range(0, 30, 5):
        numbers = sorted(message.payload["number"] for message in await take(box, shards, 5))
        assert numbers == list(range(first, first + 5))


@pytest.mark.parametrize("planning", ["never looked at", "analyzed", "by nested loops"])
async def test_a_lease_takes_no_more_than_its_limit(shards: Shards, box: Outbox, planning: str) -> None:
    """However the statement is planned: a plan that asks the inner query again for each row would take them all."""
    await shards.scatter(sql.many, count=3000)
    if planning != "never looked at":
        await shards.scatter(sql.analyze)
    if planning == "by nested loops":
        async with shards.at(SLOT).session() as session:
            for off in ("hashjoin", "mergejoin", "hashagg", "material", "memoize"):
                await session.run(sql.switch_off, name=f"enable_{off}")
            rows = await session.rows(outbox.sql.lease, limit=5, kinds=[], inside=False, lease_s=30.0)
            for off in ("hashjoin", "mergejoin", "hashagg", "material", "memoize"):
                await session.run(sql.switch_on, name=f"enable_{off}")
        assert len(rows) == 5
    assert len(await take(box, shards, 5)) == 5
    (state,) = await box.state()
    assert state.pending == 3000


async def test_who_has_lost_the_lease_can_do_nothing(
    shards: Shards, box: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    await put(shards, "light")
    monkeypatch.setattr(outbox, "LEASE_S", 0)
    (late,) = await take(box, shards)
    monkeypatch.setattr(outbox, "LEASE_S", 30)
    (current,) = await take(box, shards)
    assert (current.id, current.attempts) == (late.id, 2)
    for does in (box.done(late), box.advance(late, 5), box.renew(late)):
        with pytest.raises(LeaseLostError):
            await does
    await box.retry(late, 0, "late", forgive=True)
    await box.bury(late, "late")
    row = await one(shards)
    assert (row["cursor"], row["attempts"], row["problem"], row["dead"], row["lease"], row["due"]) == (
        *(0, 2, "", False, current.lease, False),
    )
    await box.advance(current, 7)
    assert ((await one(shards))["cursor"], (await one(shards))["attempts"]) == (7, 1)
    await box.done(current)
    assert await shards.scatter(sql.all) == []
    with pytest.raises(LeaseLostError):
        await box.done(current)


async def test_a_worker_that_dies_in_the_middle(shards: Shards, box: Outbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another goes on at the cursor: each page once, but for the one under way."""
    pages: list[tuple[str, int]] = []
    stuck = asyncio.Event()

    def deliverer(name: str, dies_at: int | None) -> Handler:
        async def deliver(message: Message) -> None:
            for page in range(message.cursor + 1, 7):
                pages.append((name, page))
                if page == dies_at:
                    stuck.set()
                    await asyncio.Event().wait()
                await box.advance(message, page)

        return deliver

    monkeypatch.setattr(outbox, "LEASE_S", 0.4)
    await put(shards, "light")
    first = worker(shards, box, {"light": deliverer("first", 4)})
    # It dies whole: nothing renews its lease.
    monkeypatch.setattr(loop, "LEASE_S", 1000)
    assert await first._take() == 1
    await asyncio.wait_for(stuck.wait(), timeout=5)
    for task in first._running:
        task.cancel()
    second = worker(shards, box, {"light": deliverer("second", None)})

    async def over() -> bool:
        await second.drain()
        return await shards.scatter(sql.all) == []

    await until(over)
    assert pages == [*(("first", page) for page in (1, 2, 3, 4)), *(("second", page) for page in (4, 5, 6))]


async def test_a_slow_handler_keeps_its_lease(shards: Shards, box: Outbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "LEASE_S", 0.6)
    monkeypatch.setattr(loop, "LEASE_S", 0.6)
    calls = []

    async def slow(message: Message) -> None:
        calls.append(message.attempts)
        await asyncio.sleep(1.5)

    await put(shards, "light")
    async with running(*(worker(shards, box, {"light": slow}) for _ in range(2))):

        async def over() -> bool:
            return await shards.scatter(sql.all) == []

        await until(over)
    assert calls == [1]


async def test_a_failing_message_comes_back_later_and_is_given_up(shards: Shards, box: Outbox) -> None:
    attempts, waits = [], []

    async def fails(message: Message) -> None:
        attempts.append(message.attempts)
        raise ZeroDivisionError("of light")

    await put(shards, "light")
    works = worker(shards, box, {"light": fails})
    for _ in range(ATTEMPTS):
        assert await works.drain() == 1
        waits.append((await one(shards))["wait_s"])
        await shards.scatter(sql.due)
    assert attempts == list(range(1, ATTEMPTS + 1))
    assert waits[:3] == [pytest.approx(expected, abs=0.4) for expected in (0.5, 1.5, 4.5)]
    assert max(waits) <= loop.LONGEST_DELAY_S
    row = await one(shards)
    assert (row["dead"], row["lease"]) == (True, None)
    assert "of light" in row["problem"]
    assert await works.drain() == 0
    (state,) = await box.state()
    assert (state.pending, state.dead) == (0, 1)
    assert [(dead["kind"], dead["payload"]) for dead in await box.dead(5)] == [("light", {})]
    assert await box.revive() == 1
    done: list[int] = []

    async def succeeds(message: Message) -> None:
        done.append(message.attempts)

    assert await worker(shards, box, {"light": succeeds}).drain() == 1
    assert done == [1]
    assert await shards.scatter(sql.all) == []


async def test_a_message_that_kills_its_worker_is_given_up(shards: Shards, box: Outbox) -> None:
    """The worker never comes to say that it failed; after so many leases nobody tries again."""

    async def never(message: Message) -> None:
        raise AssertionError(message)

    await put(shards, "light")
    for attempt in range(1, ATTEMPTS + 1):
        assert [message.attempts for message in await take(box, shards)] == [attempt]
        await shards.scatter(sql.due)
    await worker(shards, box, {"light": never}).drain()
    assert (await one(shards))["dead"]


async def test_a_store_that_is_away_does_not_count(shards: Shards, box: Outbox) -> None:
    async def away(_: Message) -> None:
        raise StoreUnavailableError("valkey")

    await put(shards, "light")
    works = worker(shards, box, {"light": away})
    for _ in range(ATTEMPTS + 3):
        assert await works.drain() == 1
        row = await one(shards)
        assert (row["attempts"], row["dead"]) == (0, False)
        assert 0 < row["wait_s"] <= loop.AWAY_DELAY_S
        await shards.scatter(sql.due)


async def test_an_unknown_message_waits_for_who_knows_it(shards: Shards, box: Outbox) -> None:
    """A newer version's message, met by an older worker in a rolling upgrade."""
    await put(shards, "of tomorrow")
    assert await worker(shards, box, {}).drain() == 1
    assert ((await one(shards))["attempts"], (await one(shards))["dead"]) == (1, False)


async def test_big_messages_do_not_starve_small_ones(shards: Shards, box: Outbox) -> None:
    release, small = asyncio.Event(), []

    async def big(_: Message) -> None:
        await release.wait()

    async def quick(message: Message) -> None:
        small.append(message.payload["number"])

    for _ in range(ALL.concurrency - 1):
        await put(shards, "big")
    for number in range(20):
        await put(shards, "small", number=number)
    async with running(worker(shards, box, {"big": big, "small": quick})):

        async def all_small() -> bool:
            return len(small) == 20

        await until(all_small)
        release.set()


async def test_lanes_are_apart(shards: Shards, box: Outbox) -> None:
    seen: list[str] = []

    async def see(message: Message) -> None:
        seen.append(message.kind)

    for kind in ("photo", "post", "photo"):
        await put(shards, kind)
    photos = Lane(frozenset({"photo"}), inside=True, concurrency=1)
    assert await worker(shards, box, {"photo": see}, photos).drain() == 2
    assert await worker(shards, box, {"post": see}, msgspec.structs.replace(photos, inside=False)).drain() == 1
    assert seen == ["photo", "photo", "post"]


async def test_a_busy_shard_does_not_starve_the_next(cluster, valkey: Valkey, topology: Topology) -> None:
    """Whatever waits on one shard, the messages of the other get their turn."""
    names = [await cluster.clone(), await cluster.clone()]
    specs = tuple(
        ShardSpec(name, cluster.dsn(name), first, first + 511) for name, first in zip(names, (0, 512), strict=True)
    )
    async with Shards.open(msgspec.structs.replace(topology, shards=specs), 3) as both:
        box, order = Outbox(both, valkey), []

        async def see(message: Message) -> None:
            order.append(message.slot)

        for _ in range(40):
            await put(both, "light", slot=1)
        await put(both, "light", slot=1000)
        lane = Lane(frozenset(), inside=False, concurrency=1)
        assert await worker(both, box, {"light": see}, lane).drain() == 41
    for name in names:
        await cluster.drop(name)
    assert order.index(1000) < 10, order


@pytest.mark.parametrize("kinds", [(), ("1",), ("light",), ("heavy", "light")])
async def test_a_hint_wakes_a_worker_at_once(
    shards: Shards, box: Outbox, valkey: Valkey, kinds: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "POLL_S", 30.0)
    seen = asyncio.Event()

    async def see(_: Message) -> None:
        seen.set()

    works = worker(shards, box, {"light": see})
    async with running(works), Hints(valkey, [works]).hearing():
        await put(shards, "light")

        async def heard() -> bool:
            await box.hint(*kinds)
            return seen.is_set()

        await until(heard)
        monkeypatch.setattr(loop, "POLL_S", 0.05)
        await box.hint()


async def test_a_hint_leaves_those_asleep_whom_it_is_not_for(shards: Shards, box: Outbox, valkey: Valkey) -> None:
    light, others = (worker(shards, box, {}, Lane(frozenset({"light"}), inside, 1)) for inside in (True, False))
    async with Hints(valkey, [light, others]).hearing():
        await until(hinted(light))
        light.hinted.clear()
        others.hinted.clear()
        await box.hint("light")
        await until(hinted(light))
        assert not others.hinted.is_set()
        await box.hint("heavy", "heavier")
        await until(hinted(others))


async def test_workers_go_on_without_hints(shards: Shards, tmp_path) -> None:
    """Valkey is away: they look by themselves."""
    seen = asyncio.Event()

    async def see(_: Message) -> None:
        seen.set()

    async with Valkey.open(f"unix://{tmp_path}/nobody") as nobody:
        box = Outbox(shards, nobody)
        async with running(worker(shards, box, {"light": see})):
            await put(shards, "light")
            await box.hint()
            await asyncio.wait_for(seen.wait(), timeout=5)


async def test_the_age_of_the_oldest(shards: Shards, box: Outbox) -> None:
    assert [(state.pending, state.oldest_s) for state in await box.state()] == [(0, 0.0)]
    assert await box.oldest() is None
    await put(shards, "light")
    await asyncio.sleep(0.05)
    (state,) = await box.state()
    assert state.pending == 1
    assert 0.04 < state.oldest_s < 5
    assert ids.slot_of(await box.oldest() or 0) == SLOT
    assert uuid4() != (await take(box, shards))[0].lease
