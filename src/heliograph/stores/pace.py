"""How many deliveries all workers together make a second: each adds what it has made to counters in Valkey.

Windows begin at the same moments for all, by the clock. While Valkey is away nothing is delivered either.
"""

import time
from collections.abc import Callable

from heliograph.base import metrics
from heliograph.stores.pipe import Command
from heliograph.stores.valkey import Valkey

WINDOW_S = 5
# Looked back at: this many whole windows and the one that is not over.
WINDOWS = 2
KEPT_S = 60


class Pace:
    """Counts deliveries of this process, and tells those of all. `clock`: seconds since 1970."""

    def __init__(self, valkey: Valkey, clock: Callable[[], float] = time.time) -> None:
        self._valkey = valkey
        self._clock = clock
        self._fresh = 0

    def count(self, deliveries: int) -> None:
        """So many ids have been offered to feeds."""
        metrics.feed_deliveries.inc(deliveries)
        self._fresh += deliveries

    async def tell(self) -> None:
        """Add what is new to the sums; once a second. Raises StoreUnavailableError, after which all stays new."""
        if told := self._fresh:
            key = _key(self._clock() // WINDOW_S)
            commands: list[Command] = [("INCRBY", key, told), ("EXPIRE", key, KEPT_S)]
            await self._valkey.wave(lambda _: commands)
            self._fresh -= told

    async def per_s(self) -> float:
        """Deliveries a second of all workers in the last ten to fifteen seconds. Raises StoreUnavailableError."""
        now = self._clock()
        window = now // WINDOW_S
        keys = [_key(window - back) for back in range(WINDOWS + 1)]
        sums = await self._valkey.one(lambda _: ("MGET", *keys))
        return sum(int(each or 0) for each in sums) / (now - (window - WINDOWS) * WINDOW_S)


def _key(window: float) -> str:
    return f"pace:deliveries:{window:.0f}"
