"""Counts of what comes by the thousand a second: kept in the process, summed up over the fleet behind the requests' backs.

To count is an entry in a dictionary, never a round trip. Once a second a process adds what is new to counters in Valkey and
reads the sums. So a process that is alone keeps a limit exactly. Of n processes each knows of the others' counts as of its
last exchange: together they may let through, beyond a limit, what n - 1 of them answer one visitor within that second (and
what a process answers before its first exchange about a visitor, a second again). Windows begin at the same moments for
all, by the clock.

While Valkey is away each counts for itself, so n times the limit passes; what was counted meanwhile is added when it is back.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Sequence

from heliograph.base.errors import StoreUnavailableError
from heliograph.stores.pipe import Command
from heliograph.stores.valkey import Valkey

EXCHANGE_S = 1.0
# Visitors of one wave: a wave must not hold up what requests ask of Valkey.
WAVE_NAMES = 250
# Sums that are kept; beyond they are forgotten all together, and learned anew with the next exchange.
KEPT_NAMES = 200_000


class Tally:
    """Counts by visitor in windows of `window_s` seconds. `clock`: seconds since 1970."""

    def __init__(self, name: str, window_s: int, clock: Callable[[], float] = time.time) -> None:
        self._name = name
        self._window_s = window_s
        self._clock = clock
        self._fresh: dict[str | int, int] = {}
        self._summed: dict[str | int, int] = {}
        self.ends = 0.0

    def add(self, who: str | int) -> int:
        """Count one more of `who`: how many in this window, as far as is known here. The window ends at `ends`."""
        now = self._clock()
        if now >= self.ends:
            self._turn(now)
        fresh = self._fresh[who] = self._fresh.get(who, 0) + 1
        return fresh + self._summed.get(who, 0)

    async def exchange(self, valkey: Valkey) -> None:
        """Add to the fleet's sums what is new, and read them. Raises StoreUnavailableError, after which all stays new."""
        if self._clock() >= self.ends:
            # What was not told belongs to a window that is over.
            self._turn(self._clock())
        names = list(self._fresh)
        for start in range(0, len(names), WAVE_NAMES):
            await self._exchange(valkey, names[start : start + WAVE_NAMES])
        if len(self._summed) > KEPT_NAMES:
            self._summed.clear()

    async def _exchange(self, valkey: Valkey, names: Sequence[str | int]) -> None:
        ends = self.ends
        told = {who: self._fresh.pop(who) for who in names if who in self._fresh}
        # Until the answer comes they count here.
        for who, count in told.items():
            self._summed[who] = self._summed.get(who, 0) + count
        try:
            replies = await valkey.wave(lambda _: [part for who in told for part in self._commands(who, told[who])])
        except StoreUnavailableError:
            if ends == self.ends:
                self._take_back(told)
            raise
        if ends == self.ends:
            self._summed.update(zip(told, replies[::2], strict=True))

    def _take_back(self, told: dict[str | int, int]) -> None:
        for who, count in told.items():
            self._summed[who] -= count
            self._fresh[who] = self._fresh.get(who, 0) + count

    def _commands(self, who: str | int, count: int) -> tuple[Command, Command]:
        key = f"limit:{self._name}:{int(self.ends)}:{who}"
        return ("INCRBY", key, count), ("EXPIRE", key, 2 * self._window_s)

    def _turn(self, now: float) -> None:
        self.ends = (now // self._window_s + 1) * self._window_s
        self._fresh = {}
        self._summed = {}


@contextlib.asynccontextmanager
async def exchanged(valkey: Valkey, tallies: Sequence[Tally]) -> AsyncIterator[None]:
    """Inside the block, `tallies` are summed up with those of the other processes once a second."""
    task = asyncio.create_task(_keep_exchanging(valkey, tallies))
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _keep_exchanging(valkey: Valkey, tallies: Sequence[Tally]) -> None:
    while True:
        await asyncio.sleep(EXCHANGE_S)
        # The next time tells all that this one could not.
        with contextlib.suppress(StoreUnavailableError):
            for tally in tallies:
                await tally.exchange(valkey)
