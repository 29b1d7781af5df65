"""What somebody has been told, as they read it: rows, then what of them may be shown, as JSON.

A page is of the newest rows, which are cached, or one query on the reader's shard, and one hydration. What may be shown is decided here and now, by the reader's
relations and the rules of posts, whatever was allowed when it was told: who was blocked since is not heard of, nor is a
post that was deleted, or that the reader may no longer see. How posts and accounts look is handed in.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence

import msgspec

from heliograph.base import ids
from heliograph.base.errors import NotFoundError
from heliograph.base.listed import page_of
from heliograph.base.paging import WIDEST, Page, wider
from heliograph.domain.graph.relations import Relations, RelationsReader
from heliograph.domain.notifications import present
from heliograph.domain.notifications.groups import Group, grouped
from heliograph.domain.notifications.markers import NOTIFICATIONS
from heliograph.domain.notifications.notices import Notices, NoticesReader, tell_changed, told_of
from heliograph.domain.notifications.notification import (
    GROUP_S,
    GROUPED,
    OF_POSTS,
    GroupRange,
    Kind,
    Notification,
    group_range,
)
from heliograph.domain.notifications.present import Listing
from heliograph.stores.queries import load
from heliograph.stores.shards import Shards

sql = load("notifications")

# Of so many are the groups of a page made, and unread groups counted, at most.
WINDOW = 1000
CLEARED_AT_ONCE = 5000

# Accounts by id, as JSON; those that others may not see are absent.
AccountsOf = Callable[[Sequence[int]], Awaitable[dict[int, bytes]]]
# Posts by id, as JSON for a viewer; those that they may not see are absent.
PostsFor = Callable[[int, Sequence[int]], Awaitable[dict[int, bytes]]]


class Only(msgspec.Struct, frozen=True):
    """Which notifications are asked for: of `kinds`, and from one account (0: from anybody)."""

    kinds: frozenset[Kind] = frozenset(Kind)
    from_id: int = 0


class Shown(msgspec.Struct, frozen=True):
    """Notifications that may be shown, in the order in which they were read, with all that they show."""

    told: list[Notification]
    accounts: dict[int, bytes]
    statuses: dict[int, bytes]

    def entity(self, each: Notification) -> bytes:
        """One of `told` as JSON."""
        return present.notification(each, self.accounts[each.from_id], self.statuses.get(each.subject_id))


class GroupPage(msgspec.Struct, frozen=True):
    """A page of groups, newest first, with the accounts and posts in them; and the ids between which it lies."""

    groups: list[Group]
    accounts: dict[int, bytes]
    statuses: dict[int, bytes]
    newest: int
    oldest: int


EVERYTHING = Only()


class Inbox:
    """The notifications of accounts."""

    def __init__(
        self,
        shards: Shards,
        notices: NoticesReader,
        relations: RelationsReader,
        accounts: AccountsOf,
        posts: PostsFor,
    ) -> None:
        self._shards = shards
        self._notices = notices
        self._relations = relations
        self._accounts = accounts
        self._posts = posts

    async def page(self, account_id: int, page: Page, only: Only = EVERYTHING) -> Listing:
        """A page of notifications, as JSON."""
        shown = await self._walk(account_id, page, only, lambda told: len(told) >= page.limit)
        told = sorted(shown.told[: page.limit], key=lambda each: each.id, reverse=True)
        if not told:
            return Listing([], 0, 0)
        return Listing([shown.entity(each) for each in told], told[0].id, told[-1].id)

    async def one(self, account_id: int, ident: int) -> bytes | None:
        """One notification as JSON; None when there is none, or none that may be shown."""
        shown = await self._of_range(account_id, GroupRange(list(Kind), None, ident, ident))
        return shown.entity(shown.told[0]) if shown.told else None

    async def groups(
        self, account_id: int, page: Page, only: Only = EVERYTHING, kinds: frozenset[Kind] = GROUPED
    ) -> GroupPage:
        """A page of at most `page.limit` groups; only what is of `kinds` is grouped."""

        def enough(told: list[Notification]) -> bool:
            return len(grouped(told, kinds)) > page.limit or len(told) >= WINDOW

        shown = await self._walk(account_id, page, only, enough)
        groups = grouped(shown.told, kinds, at_most=page.limit)
        if not groups:
            return GroupPage([], {}, {}, 0, 0)
        groups.sort(key=lambda group: group.newest.id, reverse=True)
        oldest = min(group.oldest.id for group in groups)
        return GroupPage(groups, shown.accounts, shown.statuses, groups[0].newest.id, oldest)

    async def group(self, account_id: int, key: str) -> GroupPage:
        """One group, by its key. Raises NotFoundError."""
        found = group_range(key)
        shown = await self._of_range(account_id, found) if found else None
        if shown is None or not shown.told:
            raise NotFoundError
        group = Group(key, shown.told)
        return GroupPage([group], shown.accounts, shown.statuses, group.newest.id, group.oldest.id)

    async def unread(
        self, account_id: int, limit: int, only: Only = EVERYTHING, kinds: frozenset[Kind] = frozenset()
    ) -> int:
        """How many notifications are newer than the marker, `limit` at most; those of `kinds` count once a group."""
        slot = ids.slot_of(account_id)
        count: int = await self._shards.at(slot).value(
            sql.unread,
            slot=slot,
            account_id=account_id,
            timeline=NOTIFICATIONS,
            kinds=_numbers(only.kinds),
            from_id=only.from_id,
            hidden=_hidden(await self._relations.of(account_id)),
            grouped=_numbers(kinds),
            group_ms=GROUP_S * 1000,
            window=WINDOW if kinds else limit,
        )
        return min(count, limit)

    async def dismiss(self, account_id: int, ident: int) -> None:
        """Put one notification away. Raises NotFoundError."""
        if not await self._dismiss(account_id, GroupRange(list(Kind), None, ident, ident)):
            raise NotFoundError

    async def dismiss_group(self, account_id: int, key: str) -> None:
        """Put away the notifications of a group, if there are any."""
        found = group_range(key)
        if found is not None:
            await self._dismiss(account_id, found)

    async def clear(self, account_id: int) -> None:
        """Put away all that has been told so far."""
        slot = ids.slot_of(account_id)
        shard = self._shards.at(slot)
        newest = await self._rows(account_id, Page(limit=1), EVERYTHING, [])
        cleared = CLEARED_AT_ONCE if newest else 0
        while cleared == CLEARED_AT_ONCE:
            async with shard.transaction() as transaction:
                last, limit = newest[0].id, CLEARED_AT_ONCE
                cleared = await transaction.run(sql.clear, slot=slot, account_id=account_id, last=last, limit=limit)
                await tell_changed(transaction, account_id)
            await self._notices.changed(transaction.position, account_id)

    async def _walk(
        self, account_id: int, page: Page, only: Only, enough: Callable[[list[Notification]], bool]
    ) -> Shown:
        """What may be shown, from the bound from which the page is counted, until it is `enough` or nothing is left."""
        relations, newest = await asyncio.gather(self._relations.of(account_id), self._notices.of(account_id))
        hidden = _hidden(relations)
        shown = Shown([], {}, {})
        rest = page
        while True:
            told = await self._read(account_id, rest, only, hidden, newest)
            more = await self._showable(account_id, told)
            shown = Shown(shown.told + more.told, shown.accounts | more.accounts, shown.statuses | more.statuses)
            if enough(shown.told) or len(told) < rest.limit:
                return shown
            newest_first = [each.id for each in (reversed(told) if page.ascending else told)]
            rest = wider(rest.beyond(newest_first))

    async def _read(
        self, account_id: int, page: Page, only: Only, hidden: Collection[int], newest: Notices
    ) -> list[Notification]:
        """A page of what has been told, from its bound on: of `newest` as far down as they go."""
        known = {
            each.id: each
            for each in newest.told
            if each.kind in only.kinds and only.from_id in (0, each.from_id) and each.from_id not in hidden
        }

        async def below(part: Page) -> list[int]:
            rows = await self._rows(account_id, part, only, hidden)
            known.update({each.id: each for each in rows})
            return [each.id for each in rows]

        found = await page_of(list(known), newest.floor, page, below)
        return [known[ident] for ident in (reversed(found) if page.ascending else found)]

    async def _rows(self, account_id: int, page: Page, only: Only, hidden: Collection[int]) -> list[Notification]:
        slot = ids.slot_of(account_id)
        rows = await self._shards.at(slot).rows(
            sql.oldest if page.ascending else sql.newest,
            slot=slot,
            account_id=account_id,
            below=page.below,
            above=page.above,
            kinds=_numbers(only.kinds),
            from_id=only.from_id,
            hidden=list(hidden),
            limit=page.limit,
        )
        return told_of(rows)

    async def _of_range(self, account_id: int, found: GroupRange) -> Shown:
        slot = ids.slot_of(account_id)
        hidden = _hidden(await self._relations.of(account_id))
        rows = await self._shards.at(slot).rows(
            sql.group, slot=slot, account_id=account_id, hidden=hidden, limit=WIDEST, **msgspec.structs.asdict(found)
        )
        return await self._showable(account_id, told_of(rows))

    async def _showable(self, account_id: int, told: list[Notification]) -> Shown:
        accounts, statuses = await asyncio.gather(
            self._accounts(list({each.from_id: None for each in told})),
            self._posts(account_id, list({each.subject_id: None for each in told if each.kind in OF_POSTS})),
        )
        kept = [
            each
            for each in told
            if each.from_id in accounts and (each.kind not in OF_POSTS or each.subject_id in statuses)
        ]
        return Shown(kept, accounts, statuses)

    async def _dismiss(self, account_id: int, found: GroupRange) -> int:
        slot = ids.slot_of(account_id)
        async with self._shards.at(slot).transaction() as transaction:
            values = msgspec.structs.asdict(found)
            dismissed = await transaction.run(sql.dismiss, slot=slot, account_id=account_id, **values)
            if dismissed:
                await tell_changed(transaction, account_id)
        await self._notices.changed(transaction.position, account_id)
        return dismissed


def _hidden(relations: Relations) -> list[int]:
    """Of whom nothing is told."""
    return [*relations.blocked, *relations.muted_notifications]


def _numbers(kinds: frozenset[Kind]) -> list[int]:
    return [int(kind) for kind in kinds]
