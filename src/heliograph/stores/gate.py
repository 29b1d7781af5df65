"""A gate before a database: so many at a time, the others in a queue that is never longer than it is worth waiting in.

When the cache is lost everybody comes to the database at once. It then works at its full speed on a few statements and not on
thousands, and those who would wait for longer than anybody has patience are turned away at once, with the advice to come back.
"""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar

from heliograph.base import metrics
from heliograph.base.errors import StoreUnavailableError

# The seconds that the running request may still wait, before all gates together; None outside of a request.
_left_s: ContextVar[list[float] | None] = ContextVar("left_s", default=None)
# How much the last one who came out tells of how long the next will be inside.
_WEIGHT = 0.1
# Who is turned away comes back within so many seconds, not all at once.
LATEST_RETURN_S = 3


def begin_request(patience_s: float) -> None:
    """From here on the running request waits for `patience_s` before gates in all, however many statements it takes."""
    _left_s.set([patience_s])


@contextmanager
def without_waiting() -> Iterator[None]:
    """Inside the block nobody waits before a gate: who finds all places taken is turned away at once."""
    before = _left_s.set([0.0])
    try:
        yield
    finally:
        _left_s.reset(before)


class Gate:
    """`places` inside at a time; `store` and `use` (read or write) are for those who are turned away, and for the metrics."""

    def __init__(self, store: str, use: str, places: int) -> None:
        self._store = store
        self._places = places
        self._inside = asyncio.Semaphore(places)
        self._waiting = 0
        self._stay_s = 0.0
        self._turned_away = metrics.turned_away.labels(store, use)

    @property
    def expected_wait_s(self) -> float:
        """How long who comes now will wait for a place, by how long others have stayed lately."""
        return (self._waiting + 1) * self._stay_s / self._places if self._inside.locked() else 0.0

    @asynccontextmanager
    async def passed(self, patience_s: float) -> AsyncIterator[None]:
        """Be inside. Raises StoreUnavailableError: at once when the wait would be longer than `patience_s`, else after it.

        A request waits no longer than is left to it (`begin_request`).
        """
        came = time.monotonic()
        left_s = _left_s.get() or [patience_s]
        most_s = min(patience_s, left_s[0])
        if self.expected_wait_s > most_s:
            raise self._full()
        await self._enter(most_s)
        begin = time.monotonic()
        left_s[0] = max(0.0, left_s[0] - (begin - came))
        try:
            yield
        finally:
            self._inside.release()
            # One who stays for minutes, a chore, says little about the others.
            self._stay_s += _WEIGHT * (min(time.monotonic() - begin, patience_s) - self._stay_s)

    async def _enter(self, patience_s: float) -> None:
        if not self._inside.locked():
            # Without a timer, as nearly always.
            await self._inside.acquire()
            return
        self._waiting += 1
        try:
            async with asyncio.timeout(patience_s):
                await self._inside.acquire()
        except TimeoutError:
            raise self._full() from None
        finally:
            self._waiting -= 1

    def _full(self) -> StoreUnavailableError:
        self._turned_away.inc()
        return StoreUnavailableError(self._store, retry_after_s=1 + secrets.randbelow(LATEST_RETURN_S))
