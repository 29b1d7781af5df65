"""Liking a post: the post's end decides, the request applies the liker's end before it answers.

The outbox message `like.changed` is the net beneath, as with follows.
"""

import msgspec

from heliograph.base import ids
from heliograph.base.errors import NotFoundError
from heliograph.base.paging import Page
from heliograph.domain.graph.edges import EdgePage, decide
from heliograph.domain.posts.marks import MARKS
from heliograph.domain.posts.post import POST_COUNTS
from heliograph.stores import counts, outbox
from heliograph.stores.cache import Cache
from heliograph.stores.counts import Count
from heliograph.stores.queries import load
from heliograph.stores.shards import Shards

sql = load("likes")
posts_sql = load("posts")

CHANGED = "like.changed"


class LikeChanged(msgspec.Struct, frozen=True):
    """What the post's end said: `account` likes `post`, or no longer (`gone`), as of `rev`."""

    account: int
    post: int
    rev: int
    gone: bool


class Likes:
    """The like edges, both ends."""

    def __init__(self, shards: Shards, cache: Cache) -> None:
        self._shards = shards
        self._cache = cache

    async def like(self, account: int, post: int) -> None:
        """Let `account` like `post`, which it may see. Idempotent. Raises NotFoundError when it has just been deleted."""
        await self._change(account, post, gone=False)

    async def unlike(self, account: int, post: int) -> None:
        """Let `account` no longer like `post`. Idempotent."""
        await self._change(account, post, gone=True)

    async def _change(self, account: int, post: int, *, gone: bool) -> None:
        slot = ids.slot_of(post)
        query = sql.decide_unlike if gone else sql.decide_like
        async with self._shards.at(slot).transaction() as transaction:
            if await transaction.value(posts_sql.lock_alive, slot=slot, id=post) is None:
                raise NotFoundError
            row = await decide(transaction, query, slot=slot, post_id=post, account_id=account)
            if row is None:
                return
            change = LikeChanged(account, post, row["rev"], gone)
            if row["changed"]:
                await counts.add(transaction, post, Count.LIKES, -1 if gone else 1)
                await outbox.put(transaction, slot, CHANGED, msgspec.to_builtins(change))
        await self._cache.renew_at_once(transaction.position, [(POST_COUNTS, post)])
        await self.apply(change)

    async def apply(self, change: LikeChanged) -> None:
        """Apply what the post's end said to the liker's end. Safe to repeat, in any order."""
        slot = ids.slot_of(change.account)
        async with self._shards.at(slot).transaction() as transaction:
            await transaction.run(
                sql.apply, slot=slot, account_id=change.account, post_id=change.post, rev=change.rev, gone=change.gone
            )
        await self._cache.renew_at_once(transaction.position, [(MARKS, change.account)])

    async def of(self, post: int, page: Page) -> EdgePage:
        """Who likes `post`; the bounds of `page` are revs."""
        slot = ids.slot_of(post)
        query = sql.likers_oldest if page.ascending else sql.likers_newest
        rows = await self._shards.at(slot).rows(
            query, slot=slot, post_id=post, below=page.below, above=page.above, limit=page.limit
        )
        return EdgePage.of(rows, page)

    async def settle(self, change: LikeChanged) -> None:
        """The outbox' part: the liker's end once more, and the cached values. Raises StoreUnavailableError."""
        await self.apply(change)
        for ident, kind in ((change.account, MARKS), (change.post, POST_COUNTS)):
            await self._cache.renew(await self._shards.of(ident).mark(), [(kind, ident)])

    async def sweep(self, below: int) -> int:
        """Remove tombstones whose rev is smaller than `below`; how many."""
        removed = 0
        for shard in self._shards.all:
            removed += await shard.chore(sql.sweep_likes, below=below)
            removed += await shard.chore(sql.sweep_favourites, below=below)
        return removed
