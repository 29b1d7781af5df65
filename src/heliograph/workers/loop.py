"""The worker: takes due messages from every shard's outbox and hands each to its handler.

A message that fails comes back later, ever later, and is given up (dead) after ATTEMPTS; one that fails since a store
is away only waits. A worker may be killed at any instruction: its leases run out and another goes on.

Where a lane takes many messages together they are one task, which succeeds for all of them; what fails together is tried
again message by message, so that each fails for itself.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager

import msgspec

from heliograph.base import logs, metrics
from heliograph.base.errors import StoreUnavailableError
from heliograph.stores.outbox import LEASE_S, LeaseLostError, Message, Outbox, TurnOverError
from heliograph.stores.shards import Shard, Shards

log = logs.get("worker")

POLL_S = 0.2
# Every post of a busy site is a hint. A look costs PostgreSQL as much as a small message, and finds more when it
# comes a little later; on a quiet site the last look is longer ago than this, and the next comes at once.
LOOK_EVERY_S = 0.03
ATTEMPTS = 10
FIRST_DELAY_S = 0.5
LONGEST_DELAY_S = 600.0
AWAY_DELAY_S = 1.0
OWN_STORES = frozenset({"postgres", "valkey"})

Handler = Callable[[Message], Awaitable[None]]
# Messages of one shard; gives the ids of those that are not done but have been handed on.
Together = Callable[[Sequence[Message]], Awaitable[Collection[int]]]


class Lane(msgspec.Struct, frozen=True):
    """Messages that share their places: those of `kinds` (`inside`), or all others.

    `concurrency`: tasks at once; `together`: messages of a task, more than one only where a handler takes them together.
    """

    kinds: frozenset[str]
    inside: bool
    concurrency: int
    together: int = 1

    def takes(self, kind: str) -> bool:
        """Whether messages of `kind` are of this lane."""
        return (kind in self.kinds) == self.inside


class Worker:
    """Works off one lane of the outbox. `handlers`: by kind of message; `together`: for the messages of a whole task.

    Who sets `hinted` has it look at once.
    """

    def __init__(
        self,
        shards: Shards,
        outbox: Outbox,
        handlers: Mapping[str, Handler],
        lane: Lane,
        together: Together | None = None,
    ) -> None:
        self._shards = shards
        self._outbox = outbox
        self._handlers = handlers
        self.lane = lane
        self.hinted = asyncio.Event()
        self._together = together
        self._running: set[asyncio.Task[None]] = set()
        self._turn = 0

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set, then finish what has been begun."""
        while not stop.is_set():
            looked_at = time.monotonic()
            # Before the look, which answers all hints so far.
            self.hinted.clear()
            taken = await self._take()
            if len(self._running) >= self.lane.concurrency:
                await asyncio.wait(self._running, return_when=asyncio.FIRST_COMPLETED)
                continue
            if not taken:
                await self._idle()
            await asyncio.sleep(LOOK_EVERY_S - (time.monotonic() - looked_at))
        if self._running:
            await asyncio.wait(self._running)

    async def _idle(self) -> None:
        """Wait for a hint, or for the time to look by oneself."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(POLL_S):
                await self.hinted.wait()

    async def drain(self) -> int:
        """Work until nothing that is due is left; how many messages were handled."""
        handled = 0
        while (taken := await self._take()) or self._running:
            handled += taken
            if self._running:
                await asyncio.wait(self._running, return_when=asyncio.FIRST_COMPLETED)
        return handled

    async def _take(self) -> int:
        """Start as many due messages as there is room for; how many."""
        taken = 0
        # Another shard is the first each time: one that is never empty must not take all the room.
        self._turn = (self._turn + 1) % len(self._shards.all)
        for shard in [*self._shards.all[self._turn :], *self._shards.all[: self._turn]]:
            room = self.lane.concurrency - len(self._running)
            if room <= 0:
                break
            messages = await self._lease(shard, room)
            for at in range(0, len(messages), self.lane.together):
                self._start(messages[at : at + self.lane.together])
            taken += len(messages)
        return taken

    def _start(self, messages: list[Message]) -> None:
        work = self._handle(messages[0]) if self._together is None else self._handle_together(messages, self._together)
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _lease(self, shard: Shard, room: int) -> list[Message]:
        limit = room * self.lane.together
        try:
            return await self._outbox.lease(shard, limit, self.lane.kinds, inside=self.lane.inside)
        except StoreUnavailableError:
            return []

    async def _handle_together(self, messages: list[Message], together: Together) -> None:
        # Whatever one of them has done to a worker before, it does not do to the others.
        fresh = [message for message in messages if message.attempts == 1 and not message.problem]
        apart = [message for message in messages if message.attempts > 1 or message.problem]
        async with self._renewed(messages):
            if not await self._done_together(fresh, together):
                apart = messages
            for message in apart:
                await self._handle(message)

    async def _done_together(self, messages: list[Message], together: Together) -> bool:
        """Whether it could be done to all of them at once."""
        if not messages:
            return True
        kind = messages[0].kind
        try:
            handed_on = await together(messages)
            whole = [message for message in messages if message.id not in handed_on]
            held = await self._outbox.done_together(whole) if whole else 0
        except Exception as error:  # noqa: BLE001 -- each records its own when they are handled apart
            log.info("worker.apart", kind=kind, messages=len(messages), error=repr(error))
            return False
        metrics.outbox_messages.labels(kind, "turn").inc(len(handed_on))
        metrics.outbox_messages.labels(kind, "done").inc(held)
        metrics.outbox_messages.labels(kind, "lost").inc(len(whole) - held)
        return True

    async def _handle(self, message: Message) -> None:
        logs.bind(message=message.id, kind=message.kind, request_id=message.request_id)
        try:
            if message.attempts > ATTEMPTS:
                await self._outbox.bury(message, message.problem or "the worker died over it each time")
                return
            async with self._renewed([message]):
                await self._handlers[message.kind](message)
            await self._outbox.done(message)
            metrics.outbox_messages.labels(message.kind, "done").inc()
        except (LeaseLostError, TurnOverError) as error:
            metrics.outbox_messages.labels(message.kind, "lost" if isinstance(error, LeaseLostError) else "turn").inc()
        except StoreUnavailableError as error:
            metrics.outbox_messages.labels(message.kind, "store_away").inc()
            # Our own stores are asked again soon; a mail server or a full disk says for itself when it is worth it.
            delay_s = AWAY_DELAY_S if error.store in OWN_STORES else error.retry_after_s
            await self._later(message, delay_s, error, forgive=True)
        except Exception as error:
            metrics.outbox_messages.labels(message.kind, "failed").inc()
            log.exception("worker.failed", attempts=message.attempts)
            delay_s = min(LONGEST_DELAY_S, FIRST_DELAY_S * 3 ** (message.attempts - 1))
            await self._later(message, delay_s, error, forgive=False)

    @asynccontextmanager
    async def _renewed(self, messages: Sequence[Message]) -> AsyncIterator[None]:
        """Hold the leases for as long as the block runs; that one is lost shows when the message is finished."""

        async def renew() -> None:
            while True:
                await asyncio.sleep(LEASE_S / 3)
                with contextlib.suppress(StoreUnavailableError):
                    await self._outbox.renew_together(messages)

        task = asyncio.create_task(renew())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait([task])

    async def _later(self, message: Message, delay_s: float, error: Exception, *, forgive: bool) -> None:
        try:
            if message.attempts >= ATTEMPTS and not forgive:
                log.error("worker.given_up", attempts=message.attempts)
                await self._outbox.bury(message, repr(error))
            else:
                await self._outbox.retry(message, delay_s, repr(error), forgive=forgive)
        except StoreUnavailableError:
            # The lease runs out by itself.
            return
