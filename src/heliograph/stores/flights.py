"""Flights: within a process one load of a key at a time, for all who miss it meanwhile.

Who may take what somebody else's load has brought? Whoever has just changed something must see it, on whatever process the
change was made; so nobody may be handed what was read before their own request began, unless it is known that nothing was
written between. Moments are numbered (*ticks*), and three of them decide (`Flight.answers`):

- `asked`: when this reader came, which is after every change whose answer they had waited for;
- `began`: when the flight began, which is before anything of it was read from PostgreSQL (from the primary);
- `sealed`: just before the cache was asked whether it takes what was read (or whether it has it), and said yes.

A flight answers a reader if `began > asked`: it has read after they came. And it answers a reader if `asked < sealed`: suppose
that it lacks a change of theirs. That change was answered, and so had left its tombstone, before `asked`, hence before the cache
was asked; but then the cache refuses what was read below the tombstone, or under a lease that the change has voided
(stores/leases.py), and there is no `sealed`. Readers whom a flight does not answer board the next one, which begins after they
came: nobody waits for more than two. Without a cache that could be asked, `began` alone counts: one load after another, each
for all who came during the one before.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from itertools import count
from types import TracebackType

from heliograph.base import metrics
from heliograph.base.errors import StoreUnavailableError

UNSEALED = 0


class Flight:
    """One load of one key. `land` it with what it brought."""

    __slots__ = ("_error", "_landed", "_sealed", "_traceback", "began", "body")

    def __init__(self, began: int) -> None:
        self.began = began
        self.body: bytes | None = None
        self._sealed = UNSEALED
        self._landed = asyncio.get_running_loop().create_future()
        self._error: BaseException | None = None
        self._traceback: TracebackType | None = None

    def land(self, body: bytes | None, sealed: int = UNSEALED) -> None:
        """It brought `body`, None for what does not exist. `sealed`: the tick before the cache took it, if it did."""
        self.body = body
        self._sealed = sealed
        self._landed.set_result(None)

    def crash(self, error: BaseException) -> None:
        """It brings nothing, if it has not landed yet."""
        if not self.done:
            self._error, self._traceback = error, error.__traceback__
            self._landed.set_result(None)

    @property
    def done(self) -> bool:
        """Whether it has landed or crashed."""
        return self._landed.done()

    def answers(self, asked: int) -> bool:
        """Whether a reader who came at `asked` may take what it brought; the module says why."""
        return self.began > asked or asked < self._sealed

    async def landed(self) -> None:
        """Wait for it; raises what it crashed with. Whoever waits may give up: it flies on."""
        if not self.done:
            await asyncio.shield(self._landed)
        if self._error is not None:
            # From where it was raised, not from where those before us have raised it again.
            raise self._error.with_traceback(self._traceback)


# Lands the flights that it is given, by id.
Fly = Callable[[dict[int, Flight]], Awaitable[None]]


class Flights:
    """What one process is loading."""

    def __init__(self) -> None:
        self._ticks = count(UNSEALED + 1)
        self._under_way: dict[tuple[str, int], Flight] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def tick(self) -> int:
        """The number of this moment."""
        return next(self._ticks)

    async def bring(self, kind: str, idents: Iterable[int], fly: Fly) -> dict[int, bytes]:
        """The bodies of `idents` that exist, by flights that are under way and by new ones. Raises what `fly` raises."""
        asked = self.tick()
        found: dict[int, bytes] = {}
        crashed: set[int] = set()
        rest = list(idents)
        while rest:
            joined = self._joined(kind, rest)
            begun = self._begin(kind, [ident for ident in rest if ident not in joined], fly)
            rest = []
            for ident, flight in (begun | joined).items():
                if not await _landed(flight, ours=ident in begun or ident in crashed):
                    crashed.add(ident)
                    rest.append(ident)
                elif not flight.answers(asked):
                    rest.append(ident)
                elif flight.body is not None:
                    found[ident] = flight.body
            metrics.stampede_avoided(kind, "flight", len(joined) - len(rest))
        return found

    def _joined(self, kind: str, idents: list[int]) -> dict[int, Flight]:
        flights = {ident: self._under_way.get((kind, ident)) for ident in idents}
        return {ident: flight for ident, flight in flights.items() if flight is not None and not flight.done}

    def _begin(self, kind: str, idents: list[int], fly: Fly) -> dict[int, Flight]:
        """New flights, in a task of their own: a reader who gives up must not strand those who wait with them."""
        flights = {ident: Flight(self.tick()) for ident in idents}
        if flights:
            self._under_way |= {(kind, ident): flight for ident, flight in flights.items()}
            task = asyncio.ensure_future(fly(flights))
            self._tasks.add(task)
            task.add_done_callback(lambda done: self._ended(kind, flights, done))
        return flights

    def _ended(self, kind: str, flights: dict[int, Flight], task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        # Cancelled only when the process ends.
        error = StoreUnavailableError("cache") if task.cancelled() else task.exception()
        for ident, flight in flights.items():
            # One that has landed before its task is done may have been followed by another, which may have ended first.
            if self._under_way.get((kind, ident)) is flight:
                del self._under_way[kind, ident]
            flight.crash(error or RuntimeError("a flight has not landed"))


async def _landed(flight: Flight, *, ours: bool) -> bool:
    """Whether it has landed. Raises what one of `ours` has crashed with.

    One of others may have crashed for what only they had asked for, or since they could not wait any longer.
    """
    try:
        await flight.landed()
    except StoreUnavailableError:
        if ours:
            raise
        return False
    return True
