"""The newest of what somebody has been told, as one cached fragment: what apps ask for all day long.

It is what stands in the rows, without any rule: whoever shows it asks what may be shown (inbox.py).
"""

import asyncio
from collections.abc import Collection

import msgspec

from heliograph.base import ids
from heliograph.domain.notifications.notification import Kind, Notification
from heliograph.stores import outbox
from heliograph.stores.cache import Cache, read_through
from heliograph.stores.queries import load
from heliograph.stores.shards import Row, Session, Shard, Shards

sql = load("notifications")

# The number grows with the layout, so that what an older version has cached is not read as if it were new.
NOTICES = "notices1"
CHANGED = "notices.changed"
KEPT = 200


class Notices(msgspec.Struct, frozen=True, array_like=True):
    """The newest notifications of an account, all that there are above `floor`, newest first."""

    told: list[Notification]
    floor: int


_decode = msgspec.msgpack.Decoder(Notices).decode


def unpack(_account_id: int, body: bytes) -> Notices:
    """What the cached `body` says."""
    return _decode(body)


class NoticesReader:
    """Reads the newest notifications."""

    def __init__(self, shards: Shards, cache: Cache) -> None:
        self._shards = shards
        self._cache = cache

    async def of(self, account_id: int) -> Notices:
        """The newest notifications of an account."""
        found = await read_through(self._cache, NOTICES, [account_id], self._load)
        newest: Notices = found[account_id]
        return newest

    async def changed(self, position: int, account_id: int) -> None:
        """A request has changed some: `position` is that of its transaction, which has left the message CHANGED."""
        await self._cache.invalidate_at_once(position, [(NOTICES, account_id)])

    async def refresh(self, shard: Shard, account_ids: Collection[int]) -> None:
        """Believe nothing of accounts of `shard` that was read before now. Raises StoreUnavailableError."""
        if account_ids:
            await self._cache.invalidate(await shard.mark(), [(NOTICES, account_id) for account_id in account_ids])

    async def settle(self, account_ids: Collection[int]) -> None:
        """Handle the message CHANGED. Raises StoreUnavailableError."""
        for shard, some in self._shards.group(account_ids).items():
            await self.refresh(shard, some)

    async def _load(self, account_ids: list[int]) -> list[tuple[int, dict[int, bytes]]]:
        return await asyncio.gather(*(self._load_one(account_id) for account_id in account_ids))

    async def _load_one(self, account_id: int) -> tuple[int, dict[int, bytes]]:
        slot = ids.slot_of(account_id)
        shard = self._shards.at(slot)
        position, rows = await shard.versioned(sql.kept, slot=slot, account_id=account_id, limit=KEPT)
        floor = rows[-1]["id"] - 1 if len(rows) >= KEPT else 0
        return position, {account_id: msgspec.msgpack.encode(Notices(told_of(rows), floor))}


async def tell_changed(session: Session, *account_ids: int) -> None:
    """Have the outbox see to it that what some accounts, of one shard, are no longer told is gone for all processes."""
    await outbox.put(session, ids.slot_of(account_ids[0]), CHANGED, {"accounts": account_ids})


def told_of(rows: list[Row]) -> list[Notification]:
    """The notifications of rows."""
    return [Notification(row["id"], Kind(row["kind"]), row["from_id"], row["subject_id"]) for row in rows]
