"""Cached fragments, and what may be believed of them.

A fragment is 16 hex digits of version and a body. The version is a log position of the shard that owns the object (see
`Shard.versioned`, `Transaction.position`): a fill says "read at or after this position", an invalidation "nothing read
before this position is believed". The server keeps the larger one, so a slow filler can never overwrite a newer truth.
An invalidation leaves a tombstone, a version without a body, for longer than any filler lives; a filler that holds a lease
(stores/leases.py) is refused even if the tombstone was lost.

When Valkey is away every read is a miss and every write is dropped: invalidations are also outbox messages, and after
a restart old values are out of reach (see `Keys`).
"""

import time
from collections.abc import Iterable, Sequence
from contextvars import ContextVar
from itertools import chain
from typing import cast

import msgspec

from heliograph.base import metrics
from heliograph.base.errors import StoreUnavailableError
from heliograph.stores.leases import FRAGMENT_S, VERSION_BYTES, Leases, lease_key
from heliograph.stores.misses import Loader, Misses
from heliograph.stores.pipe import Command
from heliograph.stores.valkey import Keys, Valkey, bucket_of, function

TOMBSTONE_S = 60
# Longer than an outbox message takes to come through after Valkey was away.
UNTOLD_S = 600.0
# A hang is over before there are so many; of a Valkey that was away for longer nothing old is in reach afterwards.
UNTOLD_KEPT = 20_000

# Set for a request that had to do without a store; the web puts it into a header.
degraded: ContextVar[set[str] | None] = ContextVar("degraded", default=None)

Fragment = tuple[int, bytes]


def note_degraded(store: str) -> None:
    """Remember for the running request that `store` was away."""
    current = degraded.get()
    if current is not None:
        current.add(store)


def version_reads(keys: Keys, wanted: Iterable[tuple[str, int]]) -> list[Command]:
    """The commands that read only the versions of `wanted` (kind, id); see `parse_version`."""
    return [("GETRANGE", keys.cached(kind, [ident])[0], 0, VERSION_BYTES - 1) for kind, ident in wanted]


def parse_version(head: bytes) -> int | None:
    """The version that a reply to `version_reads` holds."""
    return int(head, 16) if head else None


class Began(msgspec.Struct, frozen=True):
    """When somebody began to read or write what they will offer to the cache: the run of Valkey, and this process' clock."""

    run: str
    at_s: float

    def reaches(self, run: str) -> bool:
        """Whether what began then may still be told to `run`: all that has changed meanwhile has left a tombstone in it."""
        return run == self.run and time.monotonic() - self.at_s < TOMBSTONE_S / 2


class Cache:
    """Fragments by kind and id."""

    def __init__(self, valkey: Valkey) -> None:
        self._valkey = valkey
        # Tombstones that Valkey could not take: the versions below which this process must not believe its own past.
        self._untold: dict[tuple[str, int], int] = {}
        self._untold_until = 0.0
        self.misses = Misses(Leases(valkey), self._least)

    def began(self) -> Began:
        """This moment, for a `fill`."""
        return Began(self._valkey.run, time.monotonic())

    def believes(self, kind: str, ident: int, version: int) -> bool:
        """Whether this process knows of no change of its own after `version` that Valkey has not been told of."""
        return not self._untold or version >= self._least(kind, ident)

    def _least(self, kind: str, ident: int) -> int:
        """The version below which this process knows of a change of its own that Valkey has not been told of."""
        if time.monotonic() > self._untold_until:
            self._untold.clear()
        return self._untold.get((kind, ident), 0)

    async def read(self, wanted: Sequence[tuple[str, Sequence[int]]]) -> list[dict[int, bytes | None]]:
        """For each of `wanted` (kind, ids): the bodies by id, None for what is missing; all in one round trip."""
        if not any(idents for _, idents in wanted):
            return [{} for _ in wanted]
        try:
            (values,) = await self._valkey.wave(
                lambda keys: [("MGET", *chain.from_iterable(keys.cached(kind, idents) for kind, idents in wanted))]
            )
        except StoreUnavailableError:
            note_degraded("cache")
            return [dict.fromkeys(idents) for _, idents in wanted]
        if self._untold:
            keys = [(kind, ident) for kind, idents in wanted for ident in idents]
            values = [
                value if value and self.believes(*key, int(value[:VERSION_BYTES], 16)) else None
                for key, value in zip(keys, values, strict=True)
            ]
        bodies = iter([value[VERSION_BYTES:] or None if value else None for value in values])
        return [dict(zip(idents, bodies, strict=False)) for _, idents in wanted]

    async def versions(self, wanted: Sequence[tuple[str, int]]) -> list[int | None]:
        """The versions of `wanted`, of values and tombstones alike; None for what is missing."""
        try:
            heads = await self._valkey.wave(lambda keys: version_reads(keys, wanted))
        except StoreUnavailableError:
            note_degraded("cache")
            return [None] * len(wanted)
        return [parse_version(head) for head in heads]

    async def fragment(self, kind: str, ident: int) -> Fragment | None:
        """Version and body of one fragment; None when missing or a tombstone."""
        try:
            value = await self._valkey.one(lambda keys: ("GET", keys.cached(kind, [ident])[0]))
        except StoreUnavailableError:
            note_degraded("cache")
            return None
        if not value or len(value) == VERSION_BYTES:
            return None
        version = int(value[:VERSION_BYTES], 16)
        return (version, value[VERSION_BYTES:]) if self.believes(kind, ident, version) else None

    async def fill(
        self, kind: str, version: int, bodies: dict[int, bytes], *, began: Began | None = None, ttl_s: int = FRAGMENT_S
    ) -> None:
        """Offer bodies, not empty, that were read or written at `version`. Older than what is there, they are refused.

        `began`: when, before `version` was known. A fill that took too long, or for which Valkey was started anew, is dropped:
        what has changed meanwhile may have left its tombstone where the fill would not meet it.
        """

        def commands(keys: Keys) -> list[Command]:
            if began and not began.reaches(keys.run):
                return []
            return [
                ("FCALL", function("fill"), 1, key, f"{version:016x}", body, ttl_s)
                for key, body in zip(keys.cached(kind, bodies), bodies.values(), strict=True)
            ]

        try:
            stored = sum(await self._valkey.wave(commands))
        except StoreUnavailableError:
            return
        metrics.cache_filled(kind, stored=stored, refused=len(bodies) - stored)

    async def invalidate(self, version: int, objects: Iterable[tuple[str, int]]) -> None:
        """Believe nothing of `objects` (kind, id) that was read before `version`.

        Raises StoreUnavailableError: a request may go on without, an outbox message must try again.
        """
        by_bucket: dict[int, list[tuple[str, int]]] = {}
        for kind, ident in objects:
            by_bucket.setdefault(bucket_of(ident), []).append((kind, ident))
            metrics.cache_invalidations.labels(kind).inc()

        def command(keys: Keys, some: list[tuple[str, int]]) -> Command:
            values = [keys.cached(kind, [ident])[0] for kind, ident in some]
            leases = map(lease_key, values)
            return ("FCALL", function("invalidate"), 2 * len(values), *values, *leases, f"{version:016x}", TOMBSTONE_S)

        await self._valkey.wave(lambda keys: [command(keys, some) for some in by_bucket.values()])

    async def invalidate_at_once(self, version: int, objects: Iterable[tuple[str, int]]) -> None:
        """A request's part of `invalidate`. While Valkey is away the request says so, and the outbox message makes it good.

        Until then this process believes nothing older of `objects`, and reads them anew: who has just done something mostly
        asks the same process what came of it.
        """
        told = list(objects)
        try:
            await self.invalidate(version, told)
        except StoreUnavailableError:
            note_degraded("cache")
            self._untold_until = time.monotonic() + UNTOLD_S
            for key in told:
                # The latest last, so that the oldest is dropped below.
                self._untold[key] = max(version, self._untold.pop(key, 0))
            while len(self._untold) > UNTOLD_KEPT:
                del self._untold[next(iter(self._untold))]


async def read_through(cache: Cache, kind: str, idents: Iterable[int], load: Loader) -> dict[int, bytes]:
    """The bodies of `idents`, from the cache, else by `load`, which gives (version, bodies) a shard; cache-aside.

    What does not exist is absent from the answer.
    """
    (had,) = await cache.read([(kind, list(dict.fromkeys(idents)))])
    return await complete(cache, kind, had, load)


async def complete(
    cache: Cache, kind: str, had: dict[int, bytes | None], load: Loader, unkept: bytes | None = None
) -> dict[int, bytes]:
    """`had` with its gaps (None) filled by `load`, once for all who miss the same (stores/misses.py), in the same order.

    `unkept`: a body that is not offered.
    """
    missing = [ident for ident, body in had.items() if body is None]
    metrics.cache_read(kind, hits=len(had) - len(missing), misses=len(missing))
    if not missing:
        return cast("dict[int, bytes]", had)
    loaded = await cache.misses.load(kind, missing, load, unkept)
    whole = {ident: loaded.get(ident) if body is None else body for ident, body in had.items()}
    return {ident: body for ident, body in whole.items() if body is not None}
