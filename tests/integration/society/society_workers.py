"""The workers of a society, and what befalls them and the caches.

A worker dies at some call of a store: before it, or in the middle. What it has leased is taken over by another.
Messages that have been done come again, late and in any order. All of Valkey is lost, or lists and fragments of it.
"""

import asyncio
import random
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import pytest

from heliograph.domain.product import Product
from heliograph.stores.outbox import LeaseLostError, Message, TurnOverError
from heliograph.stores.queries import parse
from heliograph.stores.shards import Session, Shard
from heliograph.stores.valkey import Valkey
from heliograph.wiring import drain
from heliograph.workers.handlers import handlers

REMEMBERED = 400
CALLS = {Session: ("rows", "row", "value", "run", "chore", "run_many"), Shard: ("mark", "versioned"), Valkey: ("wave",)}

sql = parse(
    "looking",
    """
-- name: messages
-- scatter
SELECT slot, id, kind, payload, cursor, 1 AS attempts, request_id, problem FROM outbox WHERE dead_at IS NULL ORDER BY id;
-- name: expire
-- scatter
UPDATE outbox SET run_at = now() WHERE lease IS NOT NULL;
-- name: left
-- scatter
SELECT kind, payload, attempts, problem FROM outbox;
""",
)


class KilledError(BaseException):
    """The process is no more. Nothing may catch this."""


@dataclass
class Life:
    """How many calls of stores a worker has left, and whether it dies in the middle of the last."""

    calls: int
    amid: bool
    task: asyncio.Task[None] | None = None

    def spend(self) -> None:
        self.calls -= 1
        if self.calls == 0 and self.amid and self.task is not None:
            asyncio.get_running_loop().call_soon(self.task.cancel)
        elif self.calls <= 0:
            raise KilledError


life: ContextVar[Life | None] = ContextVar("life", default=None)


def make_mortal(monkeypatch: pytest.MonkeyPatch) -> None:
    """From here on whoever has a `Life` spends it with each call of a store."""
    for owner, names in CALLS.items():
        for name in names:
            monkeypatch.setattr(owner, name, _mortal(getattr(owner, name)))


def _mortal(call: Any) -> Any:
    async def spending(*arguments: Any, **named: Any) -> Any:
        if (own := life.get()) is not None:
            own.spend()
        return await call(*arguments, **named)

    return spending


@dataclass
class Workers:
    """Workers in a process of their own, and messages that were heard, to be delivered again some time."""

    product: Product
    chance: random.Random
    story: list[str]
    heard: dict[int, Message] = field(default_factory=dict)
    deaths: int = 0

    async def work(self) -> None:
        """A worker takes some messages, and does some of them, in any order; it may die over it."""
        for message in await self._lease():
            if self.chance.random() < 0.3:
                # It has died before: the lease runs out.
                continue
            dies = Life(self.chance.randint(1, 25), self.chance.random() < 0.4) if self.chance.random() < 0.4 else None
            self.story.append(f"worker: {message.kind} {message.payload} {dies or ''}")
            if await self._handle(message, dies):
                await self.product.outbox.done(message)
            else:
                self.deaths += 1
        if self.chance.random() < 0.5:
            await self._expire()

    async def _lease(self) -> list[Message]:
        await self._listen()
        shard, count = self.chance.choice(self.product.stores.shards.all), self.chance.randint(1, 8)
        found = await self.product.outbox.lease(shard, count, [], inside=False)
        self.chance.shuffle(found)
        return found

    async def _handle(self, message: Message, dies: Life | None) -> bool:
        """Whether it is done."""

        async def run() -> None:
            life.set(dies)
            await handlers(self.product)[message.kind](message)

        task = asyncio.create_task(run())
        if dies is not None:
            dies.task = task
        try:
            await task
        except (KilledError, asyncio.CancelledError):
            assert dies is not None, "nobody has killed it"
            return False
        except (LeaseLostError, TurnOverError):
            return False
        return True

    async def gossip(self) -> None:
        """Messages, those done long ago too, come to a worker without a lease: twice, late, in any order."""
        await self._listen()
        for message in self.chance.choices(list(self.heard.values()), k=min(8, len(self.heard))):
            self.story.append(f"gossip: {message.kind} {message.payload}")
            await self._handle(message, None)

    async def _listen(self) -> None:
        shards = self.product.stores.shards
        for row in await shards.scatter(sql.messages):
            if row["id"] not in self.heard:
                self.heard[row["id"]] = Message(shard=shards.at(row["slot"]), lease=uuid4(), **row)
        while len(self.heard) > REMEMBERED:
            del self.heard[next(iter(self.heard))]

    async def _expire(self) -> None:
        """The leases of the dead run out."""
        await self.product.stores.shards.scatter(sql.expire)

    async def drain(self) -> None:
        """Every message is handled."""
        await self._listen()
        await self._expire()
        self.story.append(f"drained: {await drain(self.product)}")
        left = await self.product.stores.shards.scatter(sql.left)
        assert not left, f"a worker could not do {[dict(row) for row in left]}"

    # Valkey.

    async def flush(self) -> None:
        """All of it is lost."""
        self.story.append("flushed")
        await self.product.stores.valkey.one(lambda _: ("FLUSHALL",))

    async def evict(self) -> None:
        """Some of it is lost: lists, fragments, tombstones."""
        keys = sorted(await self.product.stores.valkey.one(lambda _: ("KEYS", "*:{b*")))
        some = self.chance.sample(keys, min(len(keys), self.chance.randint(1, 1 + len(keys) // 3)))
        self.story.append(f"evicted: {len(some)} of {len(keys)}")
        if some:
            await self.product.stores.valkey.one(lambda _: ("DEL", *some))
