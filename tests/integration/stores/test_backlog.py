"""The gauges of the outbox: measured once for all who ask, and again later."""

import asyncio

import pytest

from heliograph.base import metrics
from heliograph.base.errors import StoreUnavailableError
from heliograph.stores import backlog, outbox
from heliograph.stores.backlog import Backlog
from heliograph.stores.outbox import Outbox


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
    gauges = Backlog(found)
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
    gauges = Backlog(found)
    with pytest.raises(StoreUnavailableError):
        await gauges.measure()
    await gauges.measure()
    assert found.asked == 1
