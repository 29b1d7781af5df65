"""Posts of followed authors straight from the shards: what feeds are rebuilt from, and what goes on below their floor."""

import asyncio
from collections.abc import Iterable

from heliograph.base import ids
from heliograph.base.ids import MAX_ID
from heliograph.base.paging import Page
from heliograph.stores.queries import load
from heliograph.stores.shards import Shard, Shards

sql = load("posts")


async def newest(
    shards: Shards, viewer: int, authors: Iterable[int], limit: int, below: int = MAX_ID, above: int = 0
) -> list[int]:
    """Up to `limit` ids of posts of `authors` and of `viewer` between the bounds (exclusive), newest first."""
    return await page_of(shards, viewer, authors, Page(limit=limit, max_id=below, since_id=above))


async def page_of(shards: Shards, viewer: int, authors: Iterable[int], page: Page) -> list[int]:
    """The ids of posts of `authors` and of `viewer` that `page` asks for, newest first.

    Without those of suspended authors, and without direct posts that are not for the viewer.
    """
    query = sql.pull_oldest if page.ascending else sql.pull_newest
    bounds = {"below": page.below, "above": page.above, "limit": page.limit}

    async def ask(shard: Shard, some: list[int]) -> list[int]:
        slots = [ids.slot_of(author) for author in some]
        rows = await shard.rows(query, slots=slots, authors=some, viewer=viewer, **bounds)
        return [row["id"] for row in rows]

    grouped = shards.group([viewer, *authors])
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
