"""The outbox: messages committed with the change that they tell of, so that neither is lost without the other.

A worker leases a message for a while; should the worker die, the lease runs out and another takes over at the
cursor. A worker whose lease has run out can no longer move the cursor or finish the message (`LeaseLostError`).
"""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

import msgspec

from heliograph.base import logs
from heliograph.base.errors import HeliographError, StoreUnavailableError
from heliograph.stores.queries import load
from heliograph.stores.shards import Session, Shard, Shards
from heliograph.stores.valkey import Valkey

sql = load("outbox")

CHANNEL = "heliograph:outbox"
# Held by renewal for as long as somebody works; so long do the messages of a worker that was killed rest.
LEASE_S = 10


class LeaseLostError(HeliographError):
    """Somebody else has taken this message over."""


class TurnOverError(HeliographError):
    """The message has had its turn and queues again, unfinished."""


class Message(msgspec.Struct, frozen=True):
    """A leased message. `cursor`: how far its handler has come; `attempts`: 1 the first time."""

    shard: Shard
    slot: int
    id: int
    kind: str
    payload: dict[str, Any]
    cursor: int
    attempts: int
    lease: UUID
    request_id: str
    problem: str


class OutboxState(msgspec.Struct, frozen=True):
    """Messages waiting (`pending`), given up (`dead`), and the age of the oldest waiting one in seconds.

    `posts`, `deliveries`, `post_oldest_s`: those waiting that are to reach feeds, how many these are, the age of the oldest.
    """

    shard: str
    pending: int = 0
    dead: int = 0
    oldest_s: float = 0.0
    posts: int = 0
    deliveries: int = 0
    post_oldest_s: float = 0.0


async def put(
    session: Session, slot: int, kind: str, payload: dict[str, Any], delay_s: float = 0, request: str | None = None
) -> None:
    """Add a message to the transaction of `session`; it can be taken once that has committed.

    `request`: the id of the request that it comes from, None for that of now.
    """
    origin = request_id() if request is None else request
    values = {"kind": kind, "payload": payload, "request_id": origin, "delay_s": float(delay_s)}
    await session.run(sql.put, slot=slot, **values)


def request_id() -> str:
    """The id of the request that a message of now comes from; '' outside of one."""
    return str(logs.bound().get("request_id", ""))


def hinted_kinds(hint: bytes) -> list[str]:
    """Which kinds of messages a hint is about; none: whatever kind."""
    # An older process says "1".
    return hint.decode().split(",") if hint not in (b"", b"1") else []


class Outbox:
    """The messages of all shards."""

    def __init__(self, shards: Shards, valkey: Valkey) -> None:
        self._shards = shards
        self._valkey = valkey

    async def hint(self, *kinds: str) -> None:
        """Wake the workers for messages of `kinds`, or of whatever kind. Without it they look by themselves a moment later."""
        try:
            await self._valkey.one(lambda _: ("PUBLISH", CHANNEL, ",".join(kinds)))
        except StoreUnavailableError:
            return

    async def lease(self, shard: Shard, limit: int, kinds: Collection[str], *, inside: bool) -> list[Message]:
        """Take up to `limit` messages of `shard` that are due, oldest first, of `kinds` or of all others."""
        rows = await shard.rows(sql.lease, limit=limit, kinds=list(kinds), inside=inside, lease_s=float(LEASE_S))
        return [Message(shard=shard, **row) for row in rows]

    async def renew(self, message: Message) -> None:
        """Hold the message for another LEASE_S. Raises LeaseLostError."""
        await self._own(
            message,
            await message.shard.run(
                sql.renew, slot=message.slot, id=message.id, lease=message.lease, lease_s=float(LEASE_S)
            ),
        )

    async def advance(self, message: Message, cursor: int, delivered: int = 0) -> None:
        """Record that all up to `cursor` is done, `delivered` since the last time, and renew the lease. Raises LeaseLostError."""
        await self._own(
            message,
            await message.shard.run(
                sql.advance,
                slot=message.slot,
                id=message.id,
                lease=message.lease,
                cursor=cursor,
                delivered=delivered,
                lease_s=float(LEASE_S),
            ),
        )

    async def give_back(self, message: Message, cursor: int, delivered: int = 0) -> None:
        """Record that all up to `cursor` is done and let the others have a turn. Raises LeaseLostError."""
        await self._own(
            message,
            await message.shard.run(
                sql.give_back,
                slot=message.slot,
                id=message.id,
                lease=message.lease,
                cursor=cursor,
                delivered=delivered,
            ),
        )

    async def done(self, message: Message) -> None:
        """Finish the message. Raises LeaseLostError."""
        await self._own(
            message, await message.shard.run(sql.done, slot=message.slot, id=message.id, lease=message.lease)
        )

    async def done_together(self, messages: Sequence[Message]) -> int:
        """Finish messages of one shard; how many were still held. The others are somebody else's by now."""
        return await messages[0].shard.run(sql.done_together, **_held(messages))

    async def renew_together(self, messages: Sequence[Message]) -> None:
        """Hold messages of one shard, those that are still held, for another LEASE_S."""
        await messages[0].shard.run(sql.renew_together, **_held(messages), lease_s=float(LEASE_S))

    async def hand_on(self, message: Message, kind: str) -> None:
        """Let what is left of the message queue again as one of `kind`. Raises LeaseLostError."""
        await self._own(
            message,
            await message.shard.run(sql.hand_on, slot=message.slot, id=message.id, lease=message.lease, kind=kind),
        )

    async def retry(self, message: Message, delay_s: float, problem: str, *, forgive: bool) -> None:
        """Let the message be taken again after `delay_s`; `forgive`: this attempt does not count."""
        await message.shard.run(
            sql.retry,
            slot=message.slot,
            id=message.id,
            lease=message.lease,
            delay_s=delay_s,
            problem=problem,
            forgiven=int(forgive),
        )

    async def bury(self, message: Message, problem: str) -> None:
        """Give the message up: it stays, dead, until somebody re-queues it."""
        await message.shard.run(sql.bury, slot=message.slot, id=message.id, lease=message.lease, problem=problem)

    async def revive(self) -> int:
        """Re-queue all dead messages; how many."""
        return sum([await shard.run(sql.revive) for shard in self._shards.all])

    async def state(self) -> list[OutboxState]:
        """How much waits on each shard."""
        rows = [(shard.name, await shard.row(sql.state)) for shard in self._shards.all]
        return [msgspec.convert(dict(row) | {"shard": name}, OutboxState, strict=False) for name, row in rows if row]

    async def dead(self, limit: int) -> list[dict[str, Any]]:
        """Up to `limit` dead messages of each shard."""
        return [dict(row) for row in await self._shards.scatter(sql.dead, limit=limit)]

    async def oldest(self) -> int | None:
        """The smallest id of a message that is not done, None when there is none."""
        found = [row["min"] for row in await self._shards.scatter(sql.oldest) if row["min"] is not None]
        return min(found, default=None)

    @staticmethod
    async def _own(message: Message, affected: int) -> None:
        if affected == 0:
            raise LeaseLostError(f"message {message.id} of shard {message.shard.name} has a new lease")


def _held(messages: Sequence[Message]) -> dict[str, Any]:
    return {
        "slots": [message.slot for message in messages],
        "ids": [message.id for message in messages],
        "leases": [message.lease for message in messages],
    }
