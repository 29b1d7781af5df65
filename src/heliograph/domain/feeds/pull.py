"""What feeds are made of, straight from the shards: what they are rebuilt from, and what goes on below their floor."""

import asyncio
from collections.abc import Iterable

from heliograph.base import ids
from heliograph.base.paging import Page
from heliograph.domain.feeds.tagged import TaggedPosts
from heliograph.domain.graph.relations import Relations
from heliograph.domain.graph.tag_follows import TagFollows
from heliograph.stores.queries import load
from heliograph.stores.shards import Shard, Shards

sql = load("posts")


class HomePull:
    """Reads what belongs into a home feed: posts by the viewer, by those whom they follow, with hashtags that they follow.

    Without those of suspended authors, and without direct posts that are not for the viewer.
    """

    def __init__(self, shards: Shards, tagged: TaggedPosts, tag_follows: TagFollows) -> None:
        self._shards = shards
        self._tagged = tagged
        self._tag_follows = tag_follows

    async def page_of(self, viewer: int, relations: Relations, page: Page) -> list[int]:
        """The ids that `page` asks for, newest first.

        Without most of what the rules would leave out: a page must not cost as much as somebody has written whom the viewer
        follows and has muted.
        """
        heard = [author for author in relations.following if author not in relations.muted]
        authored = self._authored(viewer, heard, page, relations)
        if not relations.tags:
            return await authored
        names = await self._tag_follows.all_of(viewer)
        both = await asyncio.gather(authored, self._tagged.seen(names, page, [*relations.blocked, *relations.muted]))
        return page.cut([*both[0], *both[1]])

    async def newest(self, viewer: int, relations: Relations, limit: int) -> list[int]:
        """Up to `limit` of the newest ids, newest first, for a list that is kept, and so whatever the rules say today.

        What is hashtagged by a suspended author is among them: when they are let in again, nobody pushes it anew.
        """
        page = Page(limit=limit)
        authored = self._authored(viewer, relations.following, page)
        if not relations.tags:
            return await authored
        names = await self._tag_follows.all_of(viewer)
        both = await asyncio.gather(authored, self._tagged.page_of(names, page))
        return page.cut([*both[0], *both[1]])

    async def _authored(
        self, viewer: int, authors: Iterable[int], page: Page, relations: Relations | None = None
    ) -> list[int]:
        """Posts by `viewer` and `authors`; with `relations` only what they leave."""
        query = sql.pull_oldest if page.ascending else sql.pull_newest
        bounds = {"below": page.below, "above": page.above, "limit": page.limit}
        left = {
            "everything": relations is None,
            "followed": list(relations.following) if relations else [],
            "silent": list(relations.silent) if relations else [],
        }

        async def ask(shard: Shard, some: list[int]) -> list[int]:
            slots = [ids.slot_of(author) for author in some]
            rows = await shard.rows(query, slots=slots, authors=some, viewer=viewer, **bounds, **left)
            return [row["id"] for row in rows]

        grouped = self._shards.group([viewer, *authors])
        parts = await asyncio.gather(*(ask(shard, some) for shard, some in grouped.items()))
        return page.cut([ident for part in parts for ident in part])


async def of_author(shards: Shards, author: int, viewer: int, limit: int) -> tuple[list[int], int]:
    """The newest ids of one author, at most `limit`, and the floor above which that is all of them (0: all).

    Of direct posts only those that name `viewer` (0: none).
    """
    slot = ids.slot_of(author)
    rows = await shards.at(slot).rows(sql.newest_of, slot=slot, account_id=author, viewer=viewer, limit=limit)
    found = [row["id"] for row in rows]
    return found, floor_of(found, limit)


def floor_of(found: list[int], limit: int) -> int:
    """What `found`, newest first, is complete above, when `limit` were asked for."""
    return found[-1] - 1 if len(found) >= limit else 0
