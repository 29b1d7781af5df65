"""Blocks: the blocker's end decides, the request applies the blocked's end before it answers; the outbox is the net beneath.

A block ends follows and requests in both directions: each in the transaction that writes the block at the end where that
follow is decided. Both sides take `hold`, so that of a follow and a block at once only the block stands.
"""

import msgspec

from heliograph.base import ids
from heliograph.domain.accounts.profiles import ACCOUNT_COUNTS
from heliograph.domain.graph import decisions
from heliograph.domain.graph.decisions import FollowChanged
from heliograph.domain.graph.follows import Follows
from heliograph.domain.graph.relations import RELATIONS
from heliograph.stores import outbox
from heliograph.stores.cache import Cache
from heliograph.stores.queries import load
from heliograph.stores.shards import Shards, Transaction

sql = load("blocks")

CHANGED = "block.changed"


class BlockChanged(msgspec.Struct, frozen=True):
    """What the blocker's end said: `account` blocks `target`, or no longer (`gone`), as of `rev`."""

    account: int
    target: int
    rev: int
    gone: bool


class Blocks:
    """The block edges, both ends."""

    def __init__(self, shards: Shards, cache: Cache, follows: Follows) -> None:
        self._shards = shards
        self._cache = cache
        self._follows = follows

    async def block(self, account: int, target: int) -> None:
        """Let `account` block `target`, an account that exists. Idempotent; of oneself nothing is done, as in Mastodon."""
        if account != target:
            await self._change(account, target, gone=False)

    async def unblock(self, account: int, target: int) -> None:
        """Let `account` no longer block `target`. Idempotent. What the block has ended does not come back."""
        await self._change(account, target, gone=True)

    async def _change(self, account: int, target: int, *, gone: bool) -> None:
        change, unfollowed = await self.decide(account, target, gone=gone)
        if change is not None:
            await self.apply(change)
        if unfollowed is not None:
            await self._follows.apply(unfollowed)

    async def decide(
        self, account: int, target: int, *, gone: bool
    ) -> tuple[BlockChanged | None, FollowChanged | None]:
        """The blocker's end alone; `apply` is the rest: the block, and the end of the target's following."""
        unfollowed = None
        async with self._shards.of(account).transaction() as transaction:
            await decisions.hold(transaction, account, target)
            change = await _decide(transaction, account, target, gone=gone)
            if not gone:
                unfollowed = await decisions.end(transaction, target, account)
        await self._drop(transaction.position, account)
        return change, unfollowed

    async def apply(self, change: BlockChanged) -> None:
        """Apply what the blocker's end said to the blocked's end, and end the blocker's following, which is decided there.

        Safe to repeat, in any order.
        """
        slot = ids.slot_of(change.target)
        unfollowed = None
        async with self._shards.at(slot).transaction() as transaction:
            await decisions.hold(transaction, change.target, change.account)
            edge = {"account_id": change.target, "blocker_id": change.account, "rev": change.rev, "gone": change.gone}
            applied = await transaction.run(sql.apply, slot=slot, **edge)
            if applied and not change.gone:
                unfollowed = await decisions.end(transaction, change.account, change.target)
        await self._drop(transaction.position, change.target)
        if unfollowed is not None:
            await self._follows.apply(unfollowed)

    async def _drop(self, position: int, account: int) -> None:
        await self._cache.invalidate_at_once(position, [(RELATIONS, account), (ACCOUNT_COUNTS, account)])

    async def settle(self, change: BlockChanged) -> None:
        """The outbox' part: the blocked's end once more, and the cached values. Raises StoreUnavailableError."""
        await self.apply(change)
        for ident in (change.account, change.target):
            await self._cache.invalidate(await self._shards.of(ident).mark(), [(RELATIONS, ident)])

    async def sweep(self, below: int) -> int:
        """Remove tombstones whose rev is smaller than `below`; how many."""
        removed = 0
        for shard in self._shards.all:
            removed += await shard.chore(sql.sweep_blocks, below=below)
            removed += await shard.chore(sql.sweep_blocked_by, below=below)
        return removed


async def _decide(transaction: Transaction, account: int, target: int, *, gone: bool) -> BlockChanged | None:
    """The block as it stands then; None where there never was one, and none is made."""
    slot = ids.slot_of(account)
    before = await transaction.row(sql.standing, slot=slot, account_id=account, target_id=target)
    if before is not None and before["gone"] == gone:
        return BlockChanged(account, target, before["rev"], gone)
    if before is None and gone:
        return None
    rev = await transaction.value(sql.decide, slot=slot, account_id=account, target_id=target, gone=gone)
    change = BlockChanged(account, target, rev, gone)
    await outbox.put(transaction, slot, CHANGED, msgspec.to_builtins(change))
    return change
