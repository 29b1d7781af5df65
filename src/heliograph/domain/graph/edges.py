"""Edges, whatever they mean: deciding one, and lists of who is at the other end, in pages, newest first."""

from typing import Any

import msgspec

from heliograph.base import ids
from heliograph.base.paging import Page
from heliograph.stores.queries import Query, load
from heliograph.stores.shards import Row, Session, Shards

follows_sql = load("follows")


async def decide(session: Session, query: Query, **edge: Any) -> Row | None:
    """The decision of `query` about an edge: its `rev`, and whether this `changed` it; None when there is none to end.

    A statement that has waited for another change of the same edge may see neither the state before nor the one after:
    its view is older than what it waited for. The next statement sees it.
    """
    return await session.row(query, **edge) or await session.row(query, **edge)


class EdgePage(msgspec.Struct, frozen=True):
    """A page of ids, and the revs between which it lies (0, 0 when empty)."""

    ids: list[int]
    newest: int
    oldest: int

    @classmethod
    def of(cls, rows: list[Row], page: Page) -> "EdgePage":
        """The page of `rows` (id, rev) in the order of their query."""
        if not rows:
            return cls([], 0, 0)
        newest_first = rows[::-1] if page.ascending else rows
        return cls([row["id"] for row in newest_first], newest_first[0]["rev"], newest_first[-1]["rev"])


class Edges:
    """Reads lists of edges. The bounds of a page are revs."""

    def __init__(self, shards: Shards) -> None:
        self._shards = shards

    async def followers(self, account_id: int, page: Page) -> EdgePage:
        """Who follows `account_id`."""
        return await self._read(
            follows_sql.followers_oldest if page.ascending else follows_sql.followers_newest, account_id, page
        )

    async def following(self, account_id: int, page: Page) -> EdgePage:
        """Whom `account_id` follows."""
        return await self._read(
            follows_sql.following_oldest if page.ascending else follows_sql.following_newest, account_id, page
        )

    async def _read(self, query: Query, account_id: int, page: Page) -> EdgePage:
        slot = ids.slot_of(account_id)
        rows = await self._shards.at(slot).rows(
            query, slot=slot, account_id=account_id, below=page.below, above=page.above, limit=page.limit
        )
        return EdgePage.of(rows, page)

    async def followed_among(self, viewer: int, account_ids: list[int]) -> set[int]:
        """Whom of `account_ids` the viewer follows."""
        slot = ids.slot_of(viewer)
        rows = await self._shards.at(slot).rows(
            follows_sql.followed_among, slot=slot, account_id=viewer, ids=account_ids
        )
        return {row["target_id"] for row in rows}

    async def followers_among(self, viewer: int, account_ids: list[int]) -> set[int]:
        """Who of `account_ids` follows the viewer."""
        slot = ids.slot_of(viewer)
        rows = await self._shards.at(slot).rows(
            follows_sql.followers_among, slot=slot, account_id=viewer, ids=account_ids
        )
        return {row["follower_id"] for row in rows}
