"""What a leaving account has in common with others, and has two ends: follows, blocks, likes, reblogs, followed hashtags.

Of each page the other ends go first, with the counts that they changed and what is cached of them, then its own: whoever
resumes after a crash finds by its own ends what may not have been finished.
"""

from collections.abc import Awaitable, Callable, Sequence

import msgspec

from heliograph.base import ids
from heliograph.domain.accounts.profiles import ACCOUNT_COUNTS
from heliograph.domain.graph.relations import RELATIONS
from heliograph.domain.posts.post import POST_COUNTS
from heliograph.stores import counts
from heliograph.stores.cache import Cache
from heliograph.stores.counts import Count
from heliograph.stores.queries import Query, load
from heliograph.stores.shards import Shard, Shards

sql = load("leaving")

PAGE = 200

# Called when something is done for good: the place to let others have a turn, which is begun again behind it.
Rest = Callable[[], Awaitable[None]]


class Tie(msgspec.Struct, frozen=True):
    """One kind of tie: who is at the other `ends`, how those end, how its own do.

    `count`: what the other end counts of it; `stale`: what is cached of the other end.
    """

    ends: Query
    end: Query
    drop: Query
    count: Count | None
    stale: tuple[str, ...]


TIES = (
    Tie(sql.followers, sql.end_followers, sql.drop_followers, Count.FOLLOWING, (RELATIONS, ACCOUNT_COUNTS)),
    Tie(sql.following, sql.end_following, sql.drop_following, Count.FOLLOWERS, (ACCOUNT_COUNTS,)),
    Tie(sql.blocked, sql.end_blocked, sql.drop_blocked, None, (RELATIONS,)),
    Tie(sql.blockers, sql.end_blockers, sql.drop_blockers, None, (RELATIONS,)),
    Tie(sql.liked, sql.end_liked, sql.drop_liked, Count.LIKES, (POST_COUNTS,)),
    Tie(sql.reblogged, sql.end_reblogged, sql.drop_reblogged, Count.REBLOGS, (POST_COUNTS,)),
)


class Ties:
    """Ends the ties of accounts."""

    def __init__(self, shards: Shards, cache: Cache) -> None:
        self._shards = shards
        self._cache = cache

    async def end(self, account_id: int, rest: Rest) -> None:
        """End all ties of `account_id`, at both ends."""
        for tie in TIES:
            await self._end_all(tie, account_id, rest)
        await self._unfollow_tags(account_id, rest)

    async def _end_all(self, tie: Tie, account_id: int, rest: Rest) -> None:
        slot = ids.slot_of(account_id)
        shard = self._shards.at(slot)
        while rows := await shard.rows(tie.ends, slot=slot, account_id=account_id, limit=PAGE):
            others = [row["id"] for row in rows]
            for far, some in self._shards.group(others).items():
                await self._end_some(tie, far, account_id, some)
            await shard.run(tie.drop, slot=slot, account_id=account_id, ids=others)
            await rest()

    async def _end_some(self, tie: Tie, far: Shard, account_id: int, others: Sequence[int]) -> None:
        slots = list(map(ids.slot_of, others))
        async with far.transaction() as transaction:
            ended = await transaction.rows(tie.end, account_id=account_id, slots=slots, ids=others)
            for row in ended:
                if row["counted"] and tie.count is not None:
                    await counts.add(transaction, row["id"], tie.count, -1)
        # All of the page, and not only what ended just now: a crash may have come between the two.
        stale = [(kind, other) for other in others for kind in tie.stale]
        await self._cache.invalidate(transaction.position, stale)

    async def _unfollow_tags(self, account_id: int, rest: Rest) -> None:
        slot = ids.slot_of(account_id)
        shard = self._shards.at(slot)
        while rows := await shard.rows(sql.tags, slot=slot, account_id=account_id, limit=PAGE):
            tags = [row["tag"] for row in rows]
            for far in self._shards.all:
                some = [tag for tag in tags if ids.slot_of_name(tag) in far.slots]
                slots = list(map(ids.slot_of_name, some))
                await far.run(sql.end_tags, account_id=account_id, slots=slots, tags=some)
            await shard.run(sql.drop_tags, slot=slot, account_id=account_id, tags=tags)
            await rest()
