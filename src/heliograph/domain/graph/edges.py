"""Edges, whatever they mean: deciding one, and lists of who is at the other end, in pages, newest first."""

from datetime import datetime
from typing import Any

import msgspec

from heliograph.base import ids
from heliograph.base.paging import Page
from heliograph.domain.graph.idset import NONE
from heliograph.domain.graph.relations import RelationsReader
from heliograph.stores.queries import Query, load
from heliograph.stores.shards import Row, Session, Shards

follows_sql = load("follows")
blocks_sql = load("blocks")
mutes_sql = load("mutes")


async def decide(session: Session, query: Query, **edge: Any) -> Row | None:
    """The decision of `query` about an edge: its `rev`, and whether this `changed` it; None when there is none to end.

    A statement that has waited for another change of the same edge may see neither the state before nor the one after:
    its view is older than what it waited for. The next statement sees it.
    """
    return await session.row(query, **edge) or await session.row(query, **edge)


class EdgePage(msgspec.Struct, frozen=True):
    """A page of ids, and the revs between which it lies (0, 0 when empty). `full`: there may be more beyond it."""

    ids: list[int]
    newest: int
    oldest: int
    full: bool = False

    @classmethod
    def of(cls, rows: list[Row], page: Page) -> "EdgePage":
        """The page of `rows` (id, rev) in the order of their query."""
        if not rows:
            return cls([], 0, 0)
        newest_first = rows[::-1] if page.ascending else rows
        full = len(rows) >= page.limit
        return cls([row["id"] for row in newest_first], newest_first[0]["rev"], newest_first[-1]["rev"], full)


EMPTY = EdgePage([], 0, 0)


class Edges:
    """Reads lists of edges. The bounds of a page are revs.

    `viewer`: who asks, None for somebody who is not logged in. They are not shown who blocks them or whom they block, but
    the page lies where it lay, so that the next one is found.
    """

    def __init__(self, shards: Shards, relations: RelationsReader) -> None:
        self._shards = shards
        self._relations = relations

    async def followers(self, account_id: int, page: Page, viewer: int | None = None) -> EdgePage:
        """Who follows `account_id`, as `viewer` may know it."""
        query = follows_sql.followers_oldest if page.ascending else follows_sql.followers_newest
        return await self._open(query, account_id, page, viewer)

    async def following(self, account_id: int, page: Page, viewer: int | None = None) -> EdgePage:
        """Whom `account_id` follows, as `viewer` may know it."""
        query = follows_sql.following_oldest if page.ascending else follows_sql.following_newest
        return await self._open(query, account_id, page, viewer)

    async def requests(self, account_id: int, page: Page) -> EdgePage:
        """Who asks to follow `account_id`."""
        query = follows_sql.requests_oldest if page.ascending else follows_sql.requests_newest
        return EdgePage.of(await self._rows(query, account_id, page), page)

    async def blocked(self, account_id: int, page: Page) -> EdgePage:
        """Whom `account_id` blocks."""
        query = blocks_sql.oldest if page.ascending else blocks_sql.newest
        return EdgePage.of(await self._rows(query, account_id, page), page)

    async def muted(self, account_id: int, page: Page) -> tuple[EdgePage, dict[int, datetime | None]]:
        """Whom `account_id` mutes, and until when each (None: for ever)."""
        rows = await self._rows(mutes_sql.oldest if page.ascending else mutes_sql.newest, account_id, page)
        return EdgePage.of(rows, page), {row["id"]: row["expires_at"] for row in rows}

    async def _open(self, query: Query, account_id: int, page: Page, viewer: int | None) -> EdgePage:
        blocked = NONE if viewer is None else (await self._relations.of(viewer)).blocked
        if account_id in blocked:
            return EMPTY
        edges = EdgePage.of(await self._rows(query, account_id, page, viewer=viewer or 0), page)
        return msgspec.structs.replace(edges, ids=[ident for ident in edges.ids if ident not in blocked])

    async def _rows(self, query: Query, account_id: int, page: Page, **more: int) -> list[Row]:
        slot = ids.slot_of(account_id)
        bounds = {"below": page.below, "above": page.above, "limit": page.limit}
        return await self._shards.at(slot).rows(query, slot=slot, account_id=account_id, **bounds, **more)

    async def followed_among(self, viewer: int, account_ids: list[int]) -> set[int]:
        """Whom of `account_ids` the viewer follows."""
        slot = ids.slot_of(viewer)
        rows = await self._shards.at(slot).rows(
            follows_sql.followed_among, slot=slot, account_id=viewer, ids=account_ids
        )
        return {row["target_id"] for row in rows}
