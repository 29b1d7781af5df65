"""Counters of tries, each for one window of time: exact ones in Valkey, and the same in this process for when it is away.

Losing them costs one window.
"""

import time
from collections.abc import Callable

from heliograph.stores.pipe import Command
from heliograph.stores.valkey import Keys, Valkey

# So many names are kept at once by a process that counts alone.
LOCAL_NAMES = 50_000


class Counters:
    """Counters by name. Their keys carry no generation: a counter may be believed after a restart."""

    def __init__(self, valkey: Valkey) -> None:
        self._valkey = valkey

    async def add(self, name: str, window_s: int) -> tuple[int, int]:
        """Count one more of `name`: (how many in this window, seconds left of it). Raises StoreUnavailableError.

        The window starts with the first of them.
        """
        key = f"limit:{name}"

        def commands(_: Keys) -> list[Command]:
            # NX: only the first sets the end, so that those who keep trying are not shut out for ever.
            return [("INCR", key), ("EXPIRE", key, window_s, "NX"), ("TTL", key)]

        count, _, left_s = await self._valkey.wave(commands)
        return count, left_s


class LocalCounters:
    """The same, of this process alone. `clock`: seconds that only grow."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._windows: dict[str, tuple[int, float]] = {}

    def add(self, name: str, window_s: int) -> tuple[int, int]:
        """Count one more of `name`: (how many in this window, seconds left of it)."""
        now = self._clock()
        count, ends = self._windows.get(name, (0, 0.0))
        if ends <= now:
            count, ends = 0, now + window_s
        self._windows[name] = (count + 1, ends)
        while len(self._windows) > LOCAL_NAMES:
            del self._windows[next(iter(self._windows))]
        return count + 1, max(1, round(ends - now))
