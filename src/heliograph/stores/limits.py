"""Counters of tries in Valkey, each for one window of time. Losing them costs one window."""

from heliograph.stores.pipe import Command
from heliograph.stores.valkey import Keys, Valkey


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
