"""How much waits in the outbox, for the metrics: asked of every shard now and then, not at each request.

Counting reads the whole outbox, which is longest when the site has the least time for it.
"""

import asyncio
import time

from heliograph.base import metrics
from heliograph.base.errors import StoreUnavailableError
from heliograph.stores.outbox import Outbox, OutboxState
from heliograph.stores.pace import Pace

BELIEVED_S = 5.0


class Backlog:
    """Keeps the outbox' gauges of this process fresh enough."""

    def __init__(self, outbox: Outbox, pace: Pace) -> None:
        self._outbox = outbox
        self._pace = pace
        self._until = 0.0
        self._looking = asyncio.Lock()

    async def measure(self) -> None:
        """Have gauges that are at most BELIEVED_S seconds old. Raises StoreUnavailableError, at most as often."""
        async with self._looking:
            if time.monotonic() < self._until:
                return
            try:
                await self._measure()
            finally:
                # A store that is away need not be asked by everybody either.
                self._until = time.monotonic() + BELIEVED_S

    async def _measure(self) -> None:
        states = await self._outbox.state()
        for state in states:
            _show(state)
        try:
            per_s = await self._pace.per_s()
        except StoreUnavailableError:
            per_s = 0.0
        metrics.feed_deliveries_per_second.set(per_s)
        metrics.feed_backlog_empty_seconds.set(empty_s(sum(state.deliveries for state in states), per_s))


def empty_s(deliveries: int, per_s: float) -> float:
    """Seconds until so many are made at this pace, infinite while none are."""
    if deliveries == 0:
        return 0.0
    return deliveries / per_s if per_s else float("inf")


def _show(state: OutboxState) -> None:
    metrics.outbox_pending.labels(state.shard).set(state.pending)
    metrics.outbox_dead.labels(state.shard).set(state.dead)
    metrics.outbox_oldest_seconds.labels(state.shard).set(state.oldest_s)
    metrics.feed_backlog_posts.labels(state.shard).set(state.posts)
    metrics.feed_backlog_deliveries.labels(state.shard).set(state.deliveries)
    metrics.feed_backlog_oldest_seconds.labels(state.shard).set(state.post_oldest_s)
