"""Following and asking for it: the followed end decides, the request applies the follower's end before it answers.

The outbox message `follow.changed` is the net beneath: applied twice, late or out of order it does nothing wrong, since
only a newer `rev` changes an end.
"""

import asyncio
from collections.abc import Iterable

from heliograph.base import ids
from heliograph.base.errors import InvalidInputError, ValidationError
from heliograph.domain.accounts.profiles import ACCOUNT_COUNTS
from heliograph.domain.graph import decisions
from heliograph.domain.graph.decisions import CHANGED, Decision, FollowChanged, Wish
from heliograph.domain.graph.relations import RELATIONS
from heliograph.stores import counts
from heliograph.stores.cache import Cache
from heliograph.stores.counts import Count
from heliograph.stores.queries import load
from heliograph.stores.shards import Shards

__all__ = ["CHANGED", "FOLLOWS_AT_MOST", "FollowChanged", "Follows", "followers_page", "followers_together"]

sql = load("follows")

# Mastodon's. Relations are kept whole, 8 bytes a follow, and a home that is rebuilt asks each of them.
FOLLOWS_AT_MOST = 7500
AS_USUAL = Wish()


class Follows:
    """The follow edges, both ends."""

    def __init__(self, shards: Shards, cache: Cache) -> None:
        self._shards = shards
        self._cache = cache

    async def follow(self, follower: int, target: int, wish: Wish = AS_USUAL) -> FollowChanged:
        """Let `follower` follow `target`, or ask for it if that is locked. Idempotent; `wish` changes what there is.

        Raises InvalidInputError (oneself), ForbiddenError (one of the two blocks the other), NotFoundError, ValidationError
        (FOLLOWS_AT_MOST are followed already).
        """
        if follower == target:
            raise InvalidInputError("You cannot follow yourself")
        await self._check_room(follower, target)
        change = await self.decide(follower, target, decisions.followed(wish))
        assert change is not None, "following always leaves an edge"
        await self.apply(change)
        return change

    async def unfollow(self, follower: int, target: int) -> None:
        """Let `follower` no longer follow `target`, nor ask for it. Idempotent."""
        await self._change(follower, target, decisions.ended)

    async def remove(self, target: int, follower: int) -> None:
        """Let `target` no longer be followed by `follower`. Idempotent."""
        await self._change(follower, target, decisions.removed)

    async def accept(self, target: int, follower: int) -> FollowChanged:
        """Let `target` grant what `follower` asks for. Raises NotFoundError where nothing waits."""
        change = await self._change(follower, target, decisions.accepted)
        assert change is not None, "a request that is granted is an edge"
        return change

    async def reject(self, target: int, follower: int) -> None:
        """Let `target` refuse what `follower` asks for. Raises NotFoundError where nothing waits."""
        await self._change(follower, target, decisions.rejected)

    async def let_in(self, target: int, follower: int) -> FollowChanged | None:
        """Grant a request, if it waits and `target` is not locked; what stands then."""
        return await self._change(follower, target, decisions.let_in)

    async def waiting(self, target: int, limit: int) -> list[int]:
        """Up to `limit` accounts that ask to follow `target`, the oldest request first."""
        slot = ids.slot_of(target)
        rows = await self._shards.at(slot).rows(
            sql.requests_oldest, slot=slot, account_id=target, below=ids.MAX_ID, above=0, limit=limit
        )
        return [row["id"] for row in rows]

    async def count_waiting(self, target: int) -> int:
        """How many ask to follow `target`."""
        slot = ids.slot_of(target)
        counted: int = await self._shards.at(slot).value(sql.count_requests, slot=slot, account_id=target)
        return counted

    async def _check_room(self, follower: int, target: int) -> None:
        # Outside of the decision, which is made elsewhere: requests at once may pass by as many as they are, and no more.
        slot = ids.slot_of(follower)
        full = await self._shards.at(slot).value(
            sql.is_full, slot=slot, account_id=follower, target_id=target, at_most=FOLLOWS_AT_MOST
        )
        if full:
            raise ValidationError(f"Validation failed: You cannot follow more than {FOLLOWS_AT_MOST} people")

    async def _change(self, follower: int, target: int, decision: Decision) -> FollowChanged | None:
        change = await self.decide(follower, target, decision)
        if change is not None:
            await self.apply(change)
        return change

    async def decide(self, follower: int, target: int, decision: Decision) -> FollowChanged | None:
        """The deciding end's part alone; `apply` is the rest. None where there never was an edge."""
        async with self._shards.of(target).transaction() as transaction:
            await decisions.hold(transaction, target, follower)
            change = await decisions.make(transaction, follower, target, decision)
        await self._cache.renew_at_once(transaction.position, [(ACCOUNT_COUNTS, target)])
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
                requested=change.requested,
                reblogs=change.reblogs,
                notify=change.notify,
            )
            if row is not None and row["change"]:
                await counts.add(transaction, change.follower, Count.FOLLOWING, row["change"])
        await self._cache.renew_at_once(
            transaction.position, [(RELATIONS, change.follower), (ACCOUNT_COUNTS, change.follower)]
        )

    async def settle(self, change: FollowChanged) -> None:
        """The outbox' part: the follower's end once more, and the cached values. Raises StoreUnavailableError."""
        await self.apply(change)
        for ident, kinds in (
            (change.follower, (RELATIONS, ACCOUNT_COUNTS)),
            (change.target, (ACCOUNT_COUNTS,)),
        ):
            position = await self._shards.of(ident).mark()
            await self._cache.renew(position, [(kind, ident) for kind in kinds])

    async def sweep(self, below: int) -> int:
        """Remove tombstones whose rev is smaller than `below`; how many. Requests that wait are none."""
        removed = 0
        for shard in self._shards.all:
            removed += await shard.chore(sql.sweep_followers, below=below)
            removed += await shard.chore(sql.sweep_follows, below=below)
        return removed


async def followers_page(shards: Shards, account_id: int, cursor: int, limit: int) -> list[int]:
    """Up to `limit` followers of `account_id` with an id above `cursor`, in the order of their ids."""
    slot = ids.slot_of(account_id)
    found: list[int] = await shards.at(slot).value(
        sql.followers_page, slot=slot, account_id=account_id, cursor=cursor, limit=limit
    )
    return found


async def followers_together(shards: Shards, account_ids: Iterable[int], limit: int) -> dict[int, list[int]]:
    """Up to `limit` followers of each of `account_ids`, in one query a shard."""
    parts = await asyncio.gather(
        *(
            shard.rows(sql.followers_together, slots=list(map(ids.slot_of, some)), accounts=some, limit=limit)
            for shard, some in shards.group(set(account_ids)).items()
        )
    )
    return {row["id"]: row["followers"] for part in parts for row in part}
