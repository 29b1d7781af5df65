"""What the cache holds, by kind; and forgetting it.

It walks over all keys of Valkey with SCAN, a thousand at a time, and holds up nobody. For those who run a site.
"""

from collections import defaultdict
from collections.abc import AsyncIterator

import msgspec

from heliograph.stores.leases import TOMBSTONE_S, VERSION_BYTES
from heliograph.stores.pipe import Command
from heliograph.stores.valkey import Keys, Valkey, function

SCAN_BATCH = 1000


class Kind(msgspec.Struct):
    """What there is of one kind: values and their bytes, and tombstones, which say that something has just changed."""

    values: int = 0
    value_bytes: int = 0
    tombstones: int = 0


class Census:
    """Counts and forgets what is cached in `valkey`."""

    def __init__(self, valkey: Valkey) -> None:
        self._valkey = valkey

    async def count(self) -> dict[str, Kind]:
        """What is cached, by kind. Raises StoreUnavailableError."""
        found: defaultdict[str, Kind] = defaultdict(Kind)
        async for batch in self._batches(b"*"):
            sizes = await self._valkey.wave(lambda _, batch=batch: [("STRLEN", key) for key in batch])  # type: ignore[misc]
            for key, size in zip(batch, sizes, strict=True):
                kind = found[kind_of(key)]
                kind.tombstones += size == VERSION_BYTES
                kind.values += size > VERSION_BYTES
                kind.value_bytes += max(0, size - VERSION_BYTES)
        return dict(found)

    async def forget(self, kind: str | None = None) -> int:
        """Forget all values, or those of `kind`; how many. Raises StoreUnavailableError.

        Tombstones stay, and each value leaves one: whoever is filling from what they read before a change is still refused.
        """
        forgotten = 0
        async for batch in self._batches(b"*" if kind is None else kind.encode()):
            # One at a time: the keys of a call lie in one bucket, those of a batch anywhere.
            commands: list[Command] = [("FCALL", function("forget"), 1, key, TOMBSTONE_S) for key in batch]
            forgotten += sum(await self._valkey.wave(lambda _, commands=commands: commands))  # type: ignore[misc]
        return forgotten

    async def _batches(self, kind: bytes) -> AsyncIterator[list[bytes]]:
        def scan(keys: Keys) -> Command:
            return ("SCAN", cursor, "MATCH", b"c%s:%s:*" % (keys.run.encode(), kind), "COUNT", SCAN_BATCH)

        cursor = b"0"
        while True:
            cursor, batch = await self._valkey.one(scan)
            if batch:
                yield batch
            if cursor == b"0":
                return


def kind_of(key: bytes) -> str:
    """The kind that a key of the cache names."""
    return key.split(b":")[1].decode()
