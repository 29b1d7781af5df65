"""The gauges of the outbox: measured once for all who ask, and again later; and how fast it empties."""

import asyncio

import pytest

from heliograph.base import metrics
from heliograph.base.errors import StoreUnavailableError
from heliograph.stores import backlog, outbox
from heliograph.stores.backlog import Backlog
from heliograph.stores.outbox import Outbox
from heliograph.stores.pace import WINDOW_S, WINDOWS, Pace
from heliograph.stores.valkey import Valkey


class Noted(Outbox):
    """Counts how often it is counted; may be away."""

    asked = 0
    away = False

    async def state(self):
        self.asked += 1
        if self.away:
            raise StoreUnavailableError("postgres")
        return await super().state()


def shown():
    return metrics.outbox_pending.labels("main")._value.get()


async def test_the_outbox_is_counted_once_for_all_who_ask(shards, valkey, monkeypatch):
    found = Noted(shards, valkey)
    gauges = Backlog(found, Pace(valkey))
    await asyncio.gather(*(gauges.measure() for _ in range(10)))
    assert (found.asked, shown()) == (1, 0)
    async with shards.at(1).transaction() as transaction:
        await outbox.put(transaction, 1, "test", {})
    await gauges.measure()
    assert (found.asked, shown()) == (1, 0)
    monkeypatch.setattr(backlog, "BELIEVED_S", 0.0)
    gauges._until = 0.0
    await gauges.measure()
    assert (found.asked, shown()) == (2, 1)


async def test_a_store_that_is_away_is_not_asked_by_everybody(shards, valkey):
    found = Noted(shards, valkey)
    found.away = True
    gauges = Backlog(found, Pace(valkey))
    with pytest.raises(StoreUnavailableError):
        await gauges.measure()
    await gauges.measure()
    assert found.asked == 1


async def test_the_pace_is_that_of_all_workers(valkey):
    """In the windows that are looked back at, and no longer."""
    now = 1000.0 * WINDOW_S
    mine, other = Pace(valkey, lambda: now), Pace(valkey, lambda: now)
    await valkey.one(lambda _: ("FLUSHALL",))
    assert await mine.per_s() == 0
    mine.count(60)
    other.count(20)
    mine.count(20)
    await asyncio.gather(mine.tell(), other.tell())
    await mine.tell()
    now += WINDOW_S
    assert await other.per_s() == 100 / (WINDOWS * WINDOW_S)
    now += WINDOW_S * WINDOWS
    assert await mine.per_s() == 0


async def test_what_could_not_be_told_is_told_later(valkey, tmp_path):
    now = 1000.0 * WINDOW_S
    await valkey.one(lambda _: ("FLUSHALL",))
    async with Valkey.open(f"unix://{tmp_path}/nobody") as nobody:
        pace = Pace(nobody, lambda: now)
        pace.count(30)
        with pytest.raises(StoreUnavailableError):
            await pace.tell()
    pace._valkey = valkey
    await pace.tell()
    now += WINDOW_S
    assert await pace.per_s() == 30 / (WINDOWS * WINDOW_S)


def test_time_to_empty():
    assert backlog.empty_s(0, 0.0) == 0
    assert backlog.empty_s(500, 100.0) == 5
    assert backlog.empty_s(500, 0.0) == float("inf")
