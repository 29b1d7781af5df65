"""Pins: a few posts of one's own at the top of one's profile, in the order of their being pinned, the latest first."""

import asyncio

import msgspec

from heliograph.base import ids
from heliograph.base.errors import NotFoundError, ValidationError
from heliograph.domain.posts.marks import MARKS, tell_changed
from heliograph.domain.posts.post import Header, Visibility
from heliograph.stores.cache import Cache, read_through
from heliograph.stores.queries import load
from heliograph.stores.shards import Shards, Transaction

sql = load("pins")
posts_sql = load("posts")
accounts_sql = load("accounts")

# The pinned posts of an account, as cached. The number grows with the layout.
PINS = "pins1"
PINS_AT_MOST = 5

_decode = msgspec.msgpack.Decoder(list[int]).decode


def unpack(_account: int, body: bytes) -> list[int]:
    """What the cached `body` says."""
    return _decode(body)


class Pins:
    """The pins of accounts."""

    def __init__(self, shards: Shards, cache: Cache) -> None:
        self._shards = shards
        self._cache = cache

    async def pin(self, account: int, post: Header) -> None:
        """Let `account` pin `post`, which it may see. Idempotent.

        Raises ValidationError (whose words clients compare), NotFoundError when it has just been deleted.
        """
        _check(account, post)
        slot = ids.slot_of(account)
        pin = {"slot": slot, "account_id": account, "post_id": post.id}
        async with self._shards.at(slot).transaction() as transaction:
            await transaction.run(sql.lock, slot=slot, account_id=account)
            if await transaction.value(posts_sql.lock_alive, slot=slot, id=post.id) is None:
                raise NotFoundError
            state = await transaction.row(sql.state, **pin)
            assert state is not None, "an aggregate always has its row"
            if state["pinned"]:
                return
            if state["pins"] >= PINS_AT_MOST:
                raise ValidationError("Validation failed: You have already pinned the maximum number of posts")
            await transaction.run(sql.add, **pin)
            await tell_changed(transaction, account)
        await self._show(account, transaction.position)

    async def unpin(self, account: int, post_id: int) -> None:
        """Let `account` pin a post no longer. Idempotent."""
        slot = ids.slot_of(account)
        async with self._shards.at(slot).transaction() as transaction:
            if await drop(transaction, account, post_id):
                await tell_changed(transaction, account)
        await self._show(account, transaction.position)

    async def _show(self, account: int, position: int) -> None:
        await self._cache.renew_at_once(position, [(MARKS, account), (PINS, account)])

    async def of(self, account: int) -> list[int]:
        """The pinned posts of `account`, the latest pin first."""
        found = await read_through(self._cache, PINS, [account], self._load)
        pinned: list[int] = found.get(account, [])
        return pinned

    async def refresh(self, account: int) -> None:
        """Handle the message `marks.changed`: believe nothing that was read before now. Raises StoreUnavailableError."""
        await self._cache.invalidate(await self._shards.of(account).mark(), [(PINS, account)])

    async def _load(self, accounts: list[int]) -> list[tuple[int, dict[int, bytes]]]:
        return await asyncio.gather(*(self._load_one(account) for account in accounts))

    async def _load_one(self, account: int) -> tuple[int, dict[int, bytes]]:
        slot = ids.slot_of(account)
        shard = self._shards.at(slot)
        position, rows = await shard.versioned(sql.newest, slot=slot, account_id=account)
        if not rows and await shard.value(accounts_sql.exists, slot=slot, id=account) is None:
            # Guessed ids are without end: nothing is kept of them.
            return position, {}
        return position, {account: msgspec.msgpack.encode([row["post_id"] for row in rows])}


async def drop(transaction: Transaction, account: int, post_id: int) -> bool:
    """Unpin a post of `account`, in a transaction such as that of its deletion; whether it was pinned."""
    return await transaction.run(sql.remove, slot=ids.slot_of(account), account_id=account, post_id=post_id) > 0


def _check(account: int, post: Header) -> None:
    problems = []
    if post.original:
        problems.append("A boost cannot be pinned")
    if post.author != account:
        problems.append("Someone else's post cannot be pinned")
    if post.visibility == Visibility.DIRECT:
        problems.append("Posts that are only visible to mentioned users cannot be pinned")
    if problems:
        raise ValidationError(f"Validation failed: {', '.join(problems)}")
