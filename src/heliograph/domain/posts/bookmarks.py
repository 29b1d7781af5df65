"""Bookmarks: posts that somebody wants to find again. Nobody else ever hears of them, and nothing is counted."""

from heliograph.base import ids
from heliograph.base.paging import Page
from heliograph.domain.graph.edges import EdgePage
from heliograph.domain.posts.marks import MARKS, tell_changed
from heliograph.stores.cache import Cache
from heliograph.stores.queries import Query, load
from heliograph.stores.shards import Shards

sql = load("bookmarks")


class Bookmarks:
    """The bookmarks of accounts."""

    def __init__(self, shards: Shards, cache: Cache) -> None:
        self._shards = shards
        self._cache = cache

    async def add(self, account: int, post_id: int) -> None:
        """Let `account` bookmark a post that it may see. Idempotent."""
        await self._change(account, sql.add, post_id=post_id)

    async def remove(self, account: int, *post_ids: int) -> None:
        """Let `account` bookmark these no longer, whether they are there or not. Idempotent."""
        await self._change(account, sql.remove, ids=list(post_ids))

    async def _change(self, account: int, query: Query, **what: object) -> None:
        slot = ids.slot_of(account)
        async with self._shards.at(slot).transaction() as transaction:
            if await transaction.run(query, slot=slot, account_id=account, **what):
                await tell_changed(transaction, account)
        await self._cache.renew_at_once(transaction.position, [(MARKS, account)])

    async def of(self, account: int, page: Page) -> EdgePage:
        """What `account` has bookmarked, the latest first; the bounds of `page` are revs."""
        slot = ids.slot_of(account)
        query = sql.oldest if page.ascending else sql.newest
        rows = await self._shards.at(slot).rows(
            query, slot=slot, account_id=account, below=page.below, above=page.above, limit=page.limit
        )
        return EdgePage.of(rows, page)

    async def end_all(self, post_id: int) -> None:
        """Nobody bookmarks a post that is gone. Safe to repeat."""
        for shard in self._shards.all:
            await shard.chore(sql.end_all, post_id=post_id)
