"""How much waits in the outbox, for the metrics: asked of every shard now and then, not at each request.

Counting reads the whole outbox, which is longest when the site has the least time for it.
"""

import asyncio
import time

from heliograph.stores.outbox import Outbox

BELIEVED_S = 5.0


class Backlog:
    """Keeps the outbox' gauges of this process fresh enough."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self._until = 0.0
        self._looking = asyncio.Lock()

    async def measure(self) -> None:
        """Have gauges that are at most BELIEVED_S seconds old. Raises StoreUnavailableError, at most as often."""
        async with self._looking:
            if time.monotonic() < self._until:
                return
            try:
                await self._outbox.measure()
            finally:
                # A store that is away need not be asked by everybody either.
                self._until = time.monotonic() + BELIEVED_S
