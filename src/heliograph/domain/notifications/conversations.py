"""Conversations as their participants read them: threads of direct posts, the latest first."""

from heliograph.base import ids
from heliograph.base.errors import NotFoundError
from heliograph.base.paging import Page, wider
from heliograph.domain.graph.relations import Relations, RelationsReader
from heliograph.domain.notifications import present
from heliograph.domain.notifications.inbox import AccountsOf, PostsFor
from heliograph.domain.notifications.present import Listing
from heliograph.stores.queries import Query, load
from heliograph.stores.shards import Row, Shards

sql = load("conversations")


class Conversations:
    """The conversations of accounts. The bounds of a page are ids of their last posts."""

    def __init__(self, shards: Shards, relations: RelationsReader, accounts: AccountsOf, posts: PostsFor) -> None:
        self._shards = shards
        self._relations = relations
        self._accounts = accounts
        self._posts = posts

    async def page(self, account_id: int, page: Page) -> Listing:
        """A page of conversations, as JSON."""
        relations = await self._relations.of(account_id)
        shown: dict[int, bytes] = {}
        rest = page
        while True:
            rows = await self._read(account_id, rest)
            shown |= await self._showable(account_id, rows, relations)
            if len(shown) >= page.limit or len(rows) < rest.limit:
                break
            newest_first = [row["last_post_id"] for row in (reversed(rows) if page.ascending else rows)]
            rest = wider(rest.beyond(newest_first))
        kept = page.cut(list(shown))
        return Listing([shown[ident] for ident in kept], kept[0], kept[-1]) if kept else Listing([], 0, 0)

    async def one(self, account_id: int, ident: int) -> bytes | None:
        """One conversation as JSON; None when there is none, or none that may be shown."""
        slot = ids.slot_of(account_id)
        row = await self._shards.at(slot).row(sql.one, slot=slot, account_id=account_id, id=ident)
        rows = [] if row is None else [row]
        shown = await self._showable(account_id, rows, await self._relations.of(account_id))
        return next(iter(shown.values()), None)

    async def mark(self, account_id: int, ident: int, *, unread: bool) -> bytes:
        """Mark a conversation as read or unread; it, as JSON. Raises NotFoundError."""
        await self._change(account_id, ident, sql.mark, unread=unread)
        shown = await self.one(account_id, ident)
        if shown is None:
            raise NotFoundError
        return shown

    async def remove(self, account_id: int, ident: int) -> None:
        """Take a conversation off one's own list, until somebody writes in it again. Raises NotFoundError."""
        await self._change(account_id, ident, sql.hide)

    async def _change(self, account_id: int, ident: int, query: Query, **values: bool) -> None:
        slot = ids.slot_of(account_id)
        if not await self._shards.at(slot).run(query, slot=slot, account_id=account_id, id=ident, **values):
            raise NotFoundError

    async def _read(self, account_id: int, page: Page) -> list[Row]:
        slot = ids.slot_of(account_id)
        return await self._shards.at(slot).rows(
            sql.oldest if page.ascending else sql.newest,
            slot=slot,
            account_id=account_id,
            below=page.below,
            above=page.above,
            limit=page.limit,
        )

    async def _showable(self, account_id: int, rows: list[Row], relations: Relations) -> dict[int, bytes]:
        """The conversations whose last post may be seen, by that post."""
        posts = await self._posts(account_id, [row["last_post_id"] for row in rows])
        # Who writes to nobody talks to themselves.
        people = {row["id"]: _others(row, relations) or [account_id] for row in rows}
        accounts = await self._accounts(list({ident: None for some in people.values() for ident in some}))
        return {
            row["last_post_id"]: present.conversation(
                row["id"],
                [accounts[ident] for ident in people[row["id"]] if ident in accounts],
                posts[row["last_post_id"]],
                unread=row["unread"],
            )
            for row in rows
            if row["last_post_id"] in posts
        }


def _others(row: Row, relations: Relations) -> list[int]:
    return [ident for ident in row["people"] if ident not in relations.blocked]
