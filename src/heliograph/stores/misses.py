"""What happens when the cache does not have a thing: it is loaded once, however many ask for it at the same time.

Within the process by one flight for all (stores/flights.py), among processes by the one that holds the lease
(stores/leases.py); the others wait for its fill, a few milliseconds. While Valkey is away there are flights only.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Iterable

from heliograph.base import metrics
from heliograph.base.errors import StoreUnavailableError
from heliograph.stores.flights import UNSEALED, Flight, Flights
from heliograph.stores.leases import Asking, Leases, Part, Word

# Gives (version, bodies by id) a shard. All who load a kind load it in the same way.
Loader = Callable[[list[int]], Awaitable[list[tuple[int, dict[int, bytes]]]]]
# The version below which this process does not believe a value (kind, id).
Least = Callable[[str, int], int]

# A fill is looked for this soon, then less and less often.
FIRST_LOOK_S = 0.002
LAST_LOOK_S = 0.05
# A holder of a lease that has taken so long is dead, or about to fail.
TIRED_S = 1.0


class Misses:
    """Loads what is missing, once for all."""

    def __init__(self, leases: Leases, least: Least) -> None:
        self._leases = leases
        self._least = least
        self._flights = Flights()

    async def load(
        self, kind: str, idents: Collection[int], load: Loader, unkept: bytes | None = None
    ) -> dict[int, bytes]:
        """The bodies of those of `idents` that exist, offered to the cache on the way, but not a body that is `unkept`.

        Raises what `load` raises.
        """
        journey = _Journey(self._flights, self._leases, self._least, kind, load, unkept)
        return await self._flights.bring(kind, idents, journey.fly)


class _Journey:
    """How flights that began together get there."""

    def __init__(
        self, flights: Flights, leases: Leases, least: Least, kind: str, load: Loader, unkept: bytes | None
    ) -> None:
        self._flights = flights
        self._leases = leases
        self._least = least
        self._kind = kind
        self._load = load
        self._unkept = unkept
        # Whose leases we wait for, and since when.
        self._waits: dict[int, tuple[bytes, float]] = {}

    async def fly(self, flights: dict[int, Flight]) -> None:
        """Land `flights`: by loading what we are given a lease on, and by waiting for the rest."""
        rest = dict(flights)
        pause_s = FIRST_LOOK_S
        while rest:
            try:
                leases = await self._ask(rest)
            except StoreUnavailableError:
                await self._bring(rest)
                return
            if leases:
                await self._bring({ident: rest.pop(ident) for ident in leases}, leases)
            if rest:
                await asyncio.sleep(pause_s)
                pause_s = min(pause_s * 1.5, LAST_LOOK_S)

    async def _ask(self, rest: dict[int, Flight]) -> dict[int, bytes]:
        """Land those of `rest` that others have filled meanwhile; the leases that are ours."""
        sealed = self._flights.tick()
        said = await self._leases.ask(
            self._kind, {ident: Asking(self._least(self._kind, ident), self._tired_of(ident)) for ident in rest}
        )
        for ident, answer in said.items():
            if answer.word == Word.HERE:
                rest.pop(ident).land(answer.data, sealed)
                metrics.stampede_avoided(self._kind, "lease", ident in self._waits)
            elif answer.word == Word.WAIT and self._waits.get(ident, (b"", 0.0))[0] != answer.data:
                self._waits[ident] = (answer.data, time.monotonic())
        return {ident: answer.data for ident, answer in said.items() if answer.word == Word.LOAD}

    def _tired_of(self, ident: int) -> bytes:
        lease, since = self._waits.get(ident, (b"", 0.0))
        return lease if time.monotonic() - since > TIRED_S else b""

    async def _bring(self, flights: dict[int, Flight], leases: dict[int, bytes] | None = None) -> None:
        """Load, offer it to the cache where we may, land."""
        try:
            parts = [Part(version, bodies) for version, bodies in await self._load(list(flights))]
        except Exception:
            await self._leases.give_back(self._kind, leases or {})
            raise
        sealed = self._flights.tick()
        taken = await self._leases.fill(self._kind, map(self._kept, parts), leases) if leases else set()
        taken -= self._outdated(parts)
        loaded = {ident: body for part in parts for ident, body in part.bodies.items()}
        for ident, flight in flights.items():
            flight.land(loaded.get(ident), sealed if ident in taken else UNSEALED)

    def _outdated(self, parts: Iterable[Part]) -> set[int]:
        """What was changed here since it was read, of which the cache, that has taken it, could not be told."""
        return {ident for part in parts for ident in part.bodies if part.version < self._least(self._kind, ident)}

    def _kept(self, part: Part) -> Part:
        return Part(part.version, {ident: body for ident, body in part.bodies.items() if body != self._unkept})
