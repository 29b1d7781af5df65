"""Following and unfollowing: the followed end decides, the request applies the follower's end before it answers.

The outbox message `follow.changed` is the net beneath: applied twice, late or out of order it does nothing wrong, since
only a newer `rev` changes an end.
"""

import msgspec

from heliograph.base import ids
from heliograph.base.errors import InvalidInputError, StoreUnavailableError, ValidationError
from heliograph.domain.accounts.profiles import ACCOUNT_COUNTS
from heliograph.domain.graph.edges import decide
from heliograph.domain.graph.relations import RELATIONS
from heliograph.stores import counts, outbox
from heliograph.stores.cache import Cache
from heliograph.stores.counts import Count
from heliograph.stores.queries import load
from heliograph.stores.shards import Row, Shards

sql = load("follows")

CHANGED = "follow.changed"
# Mastodon's. Relations are kept whole, 8 bytes a follow, and a home that is rebuilt asks each of them.
FOLLOWS_AT_MOST = 7500


class FollowChanged(msgspec.Struct, frozen=True):
    """What the deciding end said of `follower` and `target`, as of `rev`.

    `gone` false: follows. `gone` and `requested`: waits for the target's word. `gone` alone: neither. `reblogs`: sees what
    the target reblogs; `notify`: is told of each post. `edited`: only these two have changed, nothing has begun or ended.
    """

    follower: int
    target: int
    rev: int
    gone: bool
    requested: bool = False
    reblogs: bool = True
    notify: bool = False
    edited: bool = False


class Follows:
    """The follow edges, both ends."""

    def __init__(self, shards: Shards, cache: Cache) -> None:
        self._shards = shards
        self._cache = cache

    async def follow(self, follower: int, target: int) -> FollowChanged:
        """Let `follower` follow `target`, an account that exists. Idempotent.

        Raises InvalidInputError (oneself), ValidationError (FOLLOWS_AT_MOST are followed already).
        """
        if follower == target:
            raise InvalidInputError("You cannot follow yourself")
        await self._check_room(follower, target)
        change = await self._decide(follower, target, gone=False)
        assert change is not None, "following always leaves an edge"
        await self.apply(change)
        return change

    async def unfollow(self, follower: int, target: int) -> None:
        """Let `follower` no longer follow `target`. Idempotent."""
        change = await self._decide(follower, target, gone=True)
        if change is not None:
            await self.apply(change)

    async def _check_room(self, follower: int, target: int) -> None:
        # Outside of the decision, which is made elsewhere: requests at once may pass by as many as they are, and no more.
        slot = ids.slot_of(follower)
        full = await self._shards.at(slot).value(
            sql.is_full, slot=slot, account_id=follower, target_id=target, at_most=FOLLOWS_AT_MOST
        )
        if full:
            raise ValidationError(f"Validation failed: You cannot follow more than {FOLLOWS_AT_MOST} people")

    async def _decide(self, follower: int, target: int, *, gone: bool) -> FollowChanged | None:
        slot = ids.slot_of(target)
        query = sql.decide_unfollow if gone else sql.decide_follow
        async with self._shards.at(slot).transaction() as transaction:
            row = await decide(transaction, query, slot=slot, account_id=target, follower_id=follower)
            if row is None:
                return None
            change = FollowChanged(follower, target, row["rev"], gone)
            if row["changed"]:
                await counts.add(transaction, target, Count.FOLLOWERS, -1 if gone else 1)
                await outbox.put(transaction, slot, CHANGED, msgspec.to_builtins(change))
        try:
            await self._cache.invalidate(transaction.position, [(ACCOUNT_COUNTS, target)])
        except StoreUnavailableError:
            return change
        return change

    async def apply(self, change: FollowChanged) -> None:
        """Apply what the deciding end said to the follower's end. Safe to repeat, in any order."""
        slot = ids.slot_of(change.follower)
        async with self._shards.at(slot).transaction() as transaction:
            row = await transaction.row(
                sql.apply,
                slot=slot,
                account_id=change.follower,
                target_id=change.target,
                rev=change.rev,
                gone=change.gone,
            )
            if row is not None and row["change"]:
                await counts.add(transaction, change.follower, Count.FOLLOWING, row["change"])
        try:
            await self._cache.invalidate(
                transaction.position, [(RELATIONS, change.follower), (ACCOUNT_COUNTS, change.follower)]
            )
        except StoreUnavailableError:
            return

    async def settle(self, change: FollowChanged) -> None:
        """The outbox' part: both ends once more, and their cached values. Raises StoreUnavailableError."""
        await self.apply(change)
        for ident, kinds in (
            (change.follower, (RELATIONS, ACCOUNT_COUNTS)),
            (change.target, (ACCOUNT_COUNTS,)),
        ):
            position = await self._shards.of(ident).mark()
            await self._cache.invalidate(position, [(kind, ident) for kind in kinds])

    async def sweep(self, below: int) -> int:
        """Remove tombstones whose rev is smaller than `below`; how many."""
        removed = 0
        for shard in self._shards.all:
            removed += await shard.chore(sql.sweep_followers, below=below)
            removed += await shard.chore(sql.sweep_follows, below=below)
        return removed


async def followers_page(shards: Shards, account_id: int, cursor: int, limit: int) -> list[int]:
    """Up to `limit` followers of `account_id` with an id above `cursor`, in the order of their ids."""
    slot = ids.slot_of(account_id)
    rows: list[Row] = await shards.at(slot).rows(
        sql.followers_page, slot=slot, account_id=account_id, cursor=cursor, limit=limit
    )
    return [row["follower_id"] for row in rows]
