"""Cached fragments, and what may be believed of them.

A fragment is 16 hex digits of version and a body. The version is a log position of the shard that owns the object (see
`Shard.versioned`, `Transaction.position`): a fill says "read at or after this position", an invalidation "nothing read
before this position is believed". The server keeps the larger one, so a slow filler can never overwrite a newer truth.
An invalidation leaves a tombstone, a version without a body, for longer than any filler lives; a filler that holds a lease
(stores/leases.py) is refused even if the tombstone was lost. What is read all the time is renewed in place (`renew`).

What has been read is kept in this process, in the form in which it is wanted (`near.py`), and read from there as long as
the server has not said that it has changed.

When Valkey is away every read is a miss and every write is dropped: invalidations are also outbox messages, and after
a restart old values are out of reach (see `Keys`).
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextvars import ContextVar
from itertools import chain
from typing import Any

import msgspec

from heliograph.base import ids, logs, metrics
from heliograph.base.errors import StoreUnavailableError
from heliograph.stores import gate
from heliograph.stores.leases import (
    FRAGMENT_S,
    TOMBSTONE_S,
    VERSION_BYTES,
    Asking,
    Leases,
    Object,
    Part,
    Word,
    lease_key,
)
from heliograph.stores.misses import Loader, Misses
from heliograph.stores.near import Joined
from heliograph.stores.pipe import KEEP, Command
from heliograph.stores.valkey import Keys, Valkey, bucket_of, function

# Longer than an outbox message takes to come through after Valkey was away.
UNTOLD_S = 600.0
# A hang is over before there are so many; of a Valkey that was away for longer nothing old is in reach afterwards.
UNTOLD_KEPT = 20_000

log = logs.get("cache")

# Whatever the cache may have already, of somebody who has guessed the id before it was given.
_ANEW = Asking(least=ids.MAX_ID)

# Set for a request that had to do without a store; the web puts it into a header.
degraded: ContextVar[set[str] | None] = ContextVar("degraded", default=None)


def note_degraded(store: str) -> None:
    """Remember for the running request that `store` was away."""
    current = degraded.get()
    if current is not None:
        current.add(store)


# Ends what was believed of objects before a version.
End = Callable[[int, list[Object]], Awaitable[None]]
# What a reader makes of the body of `ident`.
Parse = Callable[[int, bytes], Any]
Found = dict[int, Any]


class Reserved(msgspec.Struct, frozen=True):
    """Leases on fragments of an object that is about to be, by kind: whoever changes it voids them."""

    ident: int
    leases: dict[str, bytes]


class Cache:
    """Fragments by kind and id. `parsers`: for the kinds whose bodies are kept, and given, as something made of them."""

    def __init__(self, valkey: Valkey, parsers: Mapping[str, Parse] | None = None) -> None:
        self._valkey = valkey
        self._parsers = dict(parsers or {})
        # Tombstones that Valkey could not take: the versions below which this process must not believe its own past.
        self._untold: dict[tuple[str, int], int] = {}
        self._untold_until = 0.0
        self._leases = Leases(valkey)
        self._renewed: dict[str, Loader] = {}
        self.misses = Misses(self._leases, self._least)

    def renews(self, kind: str, load: Loader) -> None:
        """From now on have `renew` load fragments of `kind` with `load`."""
        self._renewed[kind] = load

    def parsed(self, kind: str, bodies: Mapping[int, bytes]) -> Found:
        """What readers of `kind` get of `bodies`."""
        parse = self._parsers.get(kind)
        return dict(bodies) if parse is None else {ident: parse(ident, body) for ident, body in bodies.items()}

    def believes(self, kind: str, ident: int, version: int) -> bool:
        """Whether this process knows of no change of its own after `version` that Valkey has not been told of."""
        return not self._untold or version >= self._least(kind, ident)

    def _least(self, kind: str, ident: int) -> int:
        """The version below which this process knows of a change of its own that Valkey has not been told of."""
        if time.monotonic() > self._untold_until:
            self._untold.clear()
        return self._untold.get((kind, ident), 0)

    def kept(self, kind: str, ident: int) -> Any:
        """What this process keeps of one fragment, or None; for who has heard of Valkey since they began, else a guess."""
        return None if (kind, ident) in self._untold else self._valkey.near.shelf(kind).get(ident)

    @property
    def joined(self) -> Joined:
        """What this process has made of several fragments (near.py), for who has heard of Valkey since they began."""
        return self._valkey.near.joined

    async def hear(self) -> None:
        """Come back once Valkey has been heard: see `Valkey.heard`. Raises StoreUnavailableError."""
        await self._valkey.heard()

    async def read(self, wanted: Sequence[tuple[str, Sequence[int]]], *, heard: bool = False) -> list[Found]:
        """For each of `wanted` (kind, ids): what is made of the bodies, by id, None for what is missing.

        One round trip, to hear of changes at least. None for who has `heard` of the server since their request began, if all
        is kept; and one more where something changes just now.
        """
        if not any(idents for _, idents in wanted):
            return [{} for _ in wanted]
        had = [self._kept(*each) for each in wanted]
        try:
            fetched = await self._fetch(_gaps(had, wanted, {}))
            if not heard:
                if not fetched:
                    await self._valkey.heard()
                # What was kept before the server answered may have changed until then; what is kept now may be believed.
                had = [self._kept(*each) for each in wanted]
                fetched |= await self._fetch(_gaps(had, wanted, fetched))
        except StoreUnavailableError:
            note_degraded("cache")
            return [dict.fromkeys(idents) for _, idents in wanted]
        self._count(wanted, had, fetched)
        if fetched:
            for (kind, _), found in zip(wanted, had, strict=True):
                found.update({ident: fetched[kind, ident] for ident in found if (kind, ident) in fetched})
        return had

    def _count(
        self, wanted: Sequence[tuple[str, Sequence[int]]], had: Sequence[Found], fetched: Mapping[tuple[str, int], Any]
    ) -> None:
        """Count what was kept, and not `fetched` for this request."""
        for (kind, _), found in zip(wanted, had, strict=True):
            kept = sum(value is not None and (kind, ident) not in fetched for ident, value in found.items())
            self._valkey.near.shelf(kind).hits += kept

    def _kept(self, kind: str, idents: Sequence[int]) -> Found:
        get = self._valkey.near.shelf(kind).get
        if self._untold:
            return {ident: None if (kind, ident) in self._untold else get(ident) for ident in idents}
        return {ident: get(ident) for ident in idents}

    async def _fetch(self, gaps: Sequence[tuple[str, Sequence[int]]]) -> dict[tuple[str, int], Any]:
        """Read `gaps` (kind, ids) and keep what is there."""
        if not gaps:
            return {}
        asked = [(kind, ident) for kind, idents in gaps for ident in idents]
        fetched: dict[tuple[str, int], Any] = {}

        def arrived(replies: list[Any]) -> None:
            values = replies[1]
            if isinstance(values, list):
                fetched.update({key: self._taken(*key, value) for key, value in zip(asked, values, strict=True)})
                for kind, idents in gaps:
                    metrics.cache_read(kind, len(idents), [fetched[kind, ident] for ident in idents].count(None))

        await self._valkey.wave(
            lambda keys: [
                KEEP,
                ("MGET", *chain.from_iterable(keys.cached(kind, idents) for kind, idents in gaps)),
            ],
            arrived,
        )
        return fetched

    def _taken(self, kind: str, ident: int, value: bytes | None) -> Any:
        """What is made of a value of Valkey's, and kept; None for a tombstone."""
        if not value or len(value) == VERSION_BYTES:
            return None
        parse, body = self._parsers.get(kind), value[VERSION_BYTES:]
        made = body if parse is None else parse(ident, body)
        if (kind, ident) not in self._untold:
            self._valkey.near.shelf(kind).put(ident, made, len(value))
            return made
        return made if self.believes(kind, ident, int(value[:VERSION_BYTES], 16)) else None

    async def reserve(self, ident: int, kinds: Iterable[str]) -> Reserved:
        """Ask to write an object through to the cache, before its transaction commits; see `write_through`."""
        asked = list(kinds)
        try:
            said = await asyncio.gather(*(self._leases.ask(kind, {ident: _ANEW}) for kind in asked))
        except StoreUnavailableError:
            return Reserved(ident, {})
        leases = {kind: answer[ident] for kind, answer in zip(asked, said, strict=True)}
        return Reserved(ident, {kind: each.data for kind, each in leases.items() if each.word == Word.LOAD})

    async def write_through(self, version: int, bodies: Mapping[str, bytes], reserved: Reserved) -> None:
        """Offer the `bodies` of a new object, by kind, after its transaction has committed.

        `version`: a log position before the commit. What has been changed since, be it that the tombstone of the change has been
        lost, is refused: its lease has gone.
        """
        ident = reserved.ident
        await asyncio.gather(
            *(
                self._leases.fill(kind, [Part(version, {ident: bodies[kind]})], {ident: lease})
                for kind, lease in reserved.leases.items()
            )
        )

    async def fill(self, kind: str, version: int, bodies: dict[int, bytes], ttl_s: int = FRAGMENT_S) -> None:
        """Offer bodies, not empty, that were read at `version`. Older than what is there, they are refused."""

        def commands(keys: Keys) -> list[Command]:
            return [
                ("FCALL", function("fill"), 1, key, f"{version:016x}", body, ttl_s)
                for key, body in zip(keys.cached(kind, bodies), bodies.values(), strict=True)
            ]

        try:
            stored = sum(
                await self._valkey.wave(commands, lambda _: self._valkey.near.drop((kind, ident) for ident in bodies))
            )
        except StoreUnavailableError:
            return
        metrics.cache_filled(kind, stored=stored, refused=len(bodies) - stored)

    async def invalidate(self, version: int, objects: Iterable[Object], *, leave_leases: bool = False) -> None:
        """Believe nothing of `objects` that was read before `version`.

        Raises StoreUnavailableError: a request may go on without, an outbox message must try again. `leave_leases`: whoever holds
        one has read, or will read, after the change.
        """
        told = list(objects)
        by_bucket: dict[int, list[Object]] = {}
        for kind, ident in told:
            by_bucket.setdefault(bucket_of(ident), []).append((kind, ident))
            metrics.cache_invalidations.labels(kind).inc()
        how = (f"{version:016x}", TOMBSTONE_S, int(leave_leases))

        def command(keys: Keys, some: list[Object]) -> Command:
            values = [keys.cached(kind, [ident])[0] for kind, ident in some]
            return ("FCALL", function("invalidate"), 2 * len(values), *values, *map(lease_key, values), *how)

        # The server's own word of it may come after its reply: who has changed something must not read the old in between.
        await self._valkey.wave(
            lambda keys: [command(keys, some) for some in by_bucket.values()], lambda _: self._valkey.near.drop(told)
        )

    async def renew(self, version: int, objects: Iterable[Object]) -> None:
        """As `invalidate`, for what is read all the time: what the cache has is replaced by what is true now, and nobody misses it.

        To be called after the change has committed. Raises StoreUnavailableError, as `invalidate` does.
        """
        told = list(objects)
        renewed = [each for each in told if each[0] in self._renewed]
        if others := [each for each in told if each[0] not in self._renewed]:
            # First: these wait for no load.
            await self.invalidate(version, others)
        try:
            leases = await self._leases.claim(version, renewed) if renewed else {}
        except StoreUnavailableError:
            await self.invalidate(version, renewed)
            return
        ended = [each for each in renewed if each not in leases]
        self._valkey.near.drop(ended)
        for kind, _ in ended:
            metrics.cache_invalidations.labels(kind).inc()
        by_kind: dict[str, dict[int, bytes]] = {}
        for (kind, ident), lease in leases.items():
            by_kind.setdefault(kind, {})[ident] = lease
        taken = await asyncio.gather(*(self._replace(*each) for each in by_kind.items()))
        if rest := leases.keys() - set().union(*taken):
            await self.invalidate(version, rest, leave_leases=True)

    async def _replace(self, kind: str, leases: Mapping[int, bytes]) -> set[Object]:
        """Load what we have `leases` on and put it into the cache; what that has taken."""
        taken: set[int] = set()
        try:
            # Who has written does not queue behind those who read: a tombstone is as true.
            with gate.without_waiting():
                loaded = await self._renewed[kind](list(leases))
            parts = [Part(version, bodies) for version, bodies in loaded]
            taken = await self._leases.fill(kind, parts, leases, claimed=True)
        except Exception as error:
            # Whatever it is: the change has been made, and what was before it must go.
            if not isinstance(error, StoreUnavailableError):
                log.exception("cache.unrenewed", kind=kind)
        if left := {ident: lease for ident, lease in leases.items() if ident not in taken}:
            await self._leases.give_back(kind, left)
        metrics.cache_renewals.labels(kind).inc(len(taken))
        return {(kind, ident) for ident in taken}

    async def invalidate_at_once(self, version: int, objects: Iterable[Object]) -> None:
        """A request's part of `invalidate`. While Valkey is away the request says so, and the outbox message makes it good.

        Until then this process believes nothing older of `objects`, and reads them anew: who has just done something mostly
        asks the same process what came of it.
        """
        await self._at_once(self.invalidate, version, list(objects))

    async def renew_at_once(self, version: int, objects: Iterable[Object]) -> None:
        """A request's part of `renew`, as `invalidate_at_once` is of `invalidate`."""
        await self._at_once(self.renew, version, list(objects))

    async def _at_once(self, end: End, version: int, told: list[Object]) -> None:
        try:
            await end(version, told)
        except StoreUnavailableError:
            note_degraded("cache")
            self._valkey.near.drop(told)
            self._untold_until = time.monotonic() + UNTOLD_S
            for key in told:
                # The latest last, so that the oldest is dropped below.
                self._untold[key] = max(version, self._untold.pop(key, 0))
            while len(self._untold) > UNTOLD_KEPT:
                del self._untold[next(iter(self._untold))]


def _gaps(
    had: Sequence[Found], wanted: Sequence[tuple[str, Sequence[int]]], fetched: Mapping[tuple[str, int], Any]
) -> list[tuple[str, list[int]]]:
    """What of `wanted` is neither in `had` nor `fetched`."""
    gaps = [
        (kind, [ident for ident, value in found.items() if value is None and (kind, ident) not in fetched])
        for (kind, _), found in zip(wanted, had, strict=True)
    ]
    return [(kind, idents) for kind, idents in gaps if idents]


async def read_through(cache: Cache, kind: str, idents: Iterable[int], load: Loader) -> Found:
    """What is made of the bodies of `idents`, from the cache, else by `load`, which gives (version, bodies) a shard.

    What does not exist is absent from the answer.
    """
    (had,) = await cache.read([(kind, list(dict.fromkeys(idents)))])
    return await complete(cache, kind, had, load)


async def complete(cache: Cache, kind: str, had: Found, load: Loader, unkept: bytes | None = None) -> Found:
    """`had` with its gaps (None) filled by `load`, once for all who miss the same (stores/misses.py), in the same order.

    `unkept`: a body that is not offered.
    """
    missing = [ident for ident, value in had.items() if value is None]
    if not missing:
        return had
    loaded = cache.parsed(kind, await cache.misses.load(kind, missing, load, unkept))
    whole = {ident: loaded.get(ident) if value is None else value for ident, value in had.items()}
    return {ident: value for ident, value in whole.items() if value is not None}
