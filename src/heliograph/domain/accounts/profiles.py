"""Accounts as others see them: rows, and the cached fragments that are made of them.

Only active accounts exist for others: pending and suspended ones have no fragment, so that nothing of theirs can be
shown, their posts included, which are never shown without their author's fragment.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime

import msgspec

from heliograph.base import ids
from heliograph.base.errors import NotFoundError
from heliograph.domain.accounts import names, words
from heliograph.domain.accounts.account import CHANGEABLE, Account, ProfileChanges, changed
from heliograph.domain.accounts.directory import Directory, Kind
from heliograph.stores import counts, outbox
from heliograph.stores.cache import Cache, Found, complete, read_through
from heliograph.stores.counts import Count, Counted
from heliograph.stores.queries import load
from heliograph.stores.shards import Row, Shard, Shards, Transaction, slots_of

sql = load("accounts")
directory_sql = load("directory")

ACCOUNT = "account"
ACCOUNT_COUNTS = "acounts"
# Whose a name is, by a number made of it. The number of the kind grows with the layout.
NAME = "name1"
CHANGED = "account.changed"
UNLOCKED = "account.unlocked"

Render = Callable[[Account], bytes]
RenderCounts = Callable[[dict[Count, int], datetime | None], bytes]
# Told within the transaction of a change: the account, the objects that it no longer uses, those that it now uses.
Replace = Callable[[Transaction, int, set[str], set[str]], Awaitable[None]]


class Profiles:
    """Reads and changes profiles. `render` and `render_counts` make the bodies that are cached; `replace`: see there."""

    def __init__(
        self, shards: Shards, cache: Cache, render: Render, render_counts: RenderCounts, replace: Replace
    ) -> None:
        self._shards = shards
        self._cache = cache
        self._directory = Directory(shards)
        self._render = render
        self._render_counts = render_counts
        self._replace = replace
        cache.renews(ACCOUNT_COUNTS, self._load_counts)

    async def get(self, account_id: int) -> Account:
        """The account, whatever its state. Raises NotFoundError."""
        found = (await self.many([account_id])).get(account_id)
        if found is None:
            raise NotFoundError
        return found

    async def get_public(self, account_id: int) -> Account:
        """The account, if others may see it. Raises NotFoundError."""
        return _public(await self.get(account_id))

    async def many(self, account_ids: Iterable[int]) -> dict[int, Account]:
        """The accounts that exist of `account_ids`, whatever their state."""
        rows = await self._shards.gather(sql.by_ids, list(dict.fromkeys(account_ids)))
        return {row["id"]: parsed(row) for row in rows}

    async def by_username(self, username: str) -> Account:
        """The account of `username` (any case), if others may see it. Raises NotFoundError."""
        return _public(await self.named(username))

    async def by_usernames(self, usernames: Iterable[str]) -> list[Account]:
        """As `by_username`, for many, in their order; those that nobody has, or whom others may not see, are left out."""
        folded = [names.folded(each) for each in usernames if names.is_username(each)]
        if not folded:
            return []
        targets = await self._directory.find_all(Kind.USERNAME, folded)
        accounts = await self.many(targets.values())
        found = (accounts.get(targets.get(name, 0)) for name in folded)
        return [account for account in found if account is not None and account.state == "active"]

    async def named(self, username: str) -> Account:
        """The account of `username` (any case), whatever its state. Raises NotFoundError."""
        if not names.is_username(username):
            raise NotFoundError
        found = await self._directory.find(Kind.USERNAME, names.folded(username))
        if found is None:
            raise NotFoundError
        return await self.get(found)

    async def guessed(self, username: str) -> int | None:
        """Whose `username` (any case) is, from the cache; to be believed if that account is there for others.

        Since an account keeps its name for as long as it is there.
        """
        if not names.is_username(username):
            return None
        folded = names.folded(username)
        number = names.number_of(folded)

        async def load(_: list[int]) -> list[tuple[int, dict[int, bytes]]]:
            slot = ids.slot_of_name(folded)
            name = {"slot": slot, "kind": Kind.USERNAME, "name": folded}
            version, rows = await self._shards.at(slot).versioned(directory_sql.find, **name)
            return [(version, {number: str(rows[0]["target"]).encode()} if rows else {})]

        found = await read_through(self._cache, NAME, [number], load)
        return int(found[number]) if number in found else None

    async def forget_name(self, username: str) -> None:
        """Drop what is cached of a name that is free again. Raises StoreUnavailableError."""
        folded = names.folded(username)
        position = await self._shards.at(ids.slot_of_name(folded)).mark()
        await self._cache.invalidate(position, [(NAME, names.number_of(folded))])

    async def whole(self, account_ids: Iterable[int]) -> dict[int, tuple[bytes, bytes]]:
        """Rendered accounts and their counts by id, in one wave; accounts that do not exist for others are absent."""
        wanted = list(dict.fromkeys(account_ids))
        had, counted = await self._cache.read([(ACCOUNT, wanted), (ACCOUNT_COUNTS, wanted)])
        bodies = await self.complete(had)
        counts = await self.complete_counts({ident: counted[ident] for ident in bodies})
        return {ident: (body, counts[ident]) for ident, body in bodies.items()}

    async def fragments(self, account_ids: Iterable[int]) -> dict[int, bytes]:
        """Rendered accounts by id; accounts that do not exist for others are absent."""
        return await read_through(self._cache, ACCOUNT, account_ids, self._load_fragments)

    async def count_fragments(self, account_ids: Iterable[int]) -> dict[int, bytes]:
        """Rendered counts (posts, followers, following, last post) by account."""
        return await read_through(self._cache, ACCOUNT_COUNTS, account_ids, self._load_counts)

    async def complete(self, had: Found) -> dict[int, bytes]:
        """As `fragments`, where the cache has been asked already: fills the gaps (None) of `had`."""
        return await complete(self._cache, ACCOUNT, had, self._load_fragments)

    async def complete_counts(self, had: Found) -> dict[int, bytes]:
        """As `count_fragments`, where the cache has been asked already."""
        return await complete(self._cache, ACCOUNT_COUNTS, had, self._load_counts)

    async def update(self, account_id: int, changes: ProfileChanges) -> Account:
        """Change one's profile; the account as it is now. Raises ValidationError, NotFoundError."""
        slot = ids.slot_of(account_id)
        async with self._shards.at(slot).transaction() as transaction:
            row = await transaction.row(sql.locked, slot=slot, id=account_id)
            if row is None:
                raise NotFoundError
            before = parsed(row)
            account = changed(before, changes)
            values = {name: getattr(account, name) for name in CHANGEABLE}
            await transaction.run(sql.update_profile, slot=slot, id=account_id, **values)
            await words.put(transaction, account_id, _words(account), _words(before))
            old, new = _pictures(before), _pictures(account)
            await self._replace(transaction, account_id, old - new, new - old)
            await tell_changed(transaction, account_id)
            if before.locked and not account.locked:
                # Nobody is left to be asked: what waits is granted.
                await outbox.put(transaction, slot, UNLOCKED, {"account": account_id})
        await self.invalidate(transaction.position, [account_id])
        return account

    async def invalidate(self, position: int, account_ids: Iterable[int]) -> None:
        """Drop the fragments of accounts changed by a transaction that ended at `position`.

        A cache that is away is left to the outbox message.
        """
        await self._drop(ACCOUNT, position, account_ids)

    async def invalidate_counts(self, position: int, account_ids: Iterable[int]) -> None:
        """As `invalidate`, for counts and the time of the last post."""
        await self._drop(ACCOUNT_COUNTS, position, account_ids)

    async def refresh(self, account_id: int) -> None:
        """Handle the message `account.changed`. Raises StoreUnavailableError, so that it is tried again."""
        position = await self._shards.of(account_id).mark()
        await self._cache.invalidate(position, [(ACCOUNT, account_id), (ACCOUNT_COUNTS, account_id)])

    async def _drop(self, kind: str, position: int, account_ids: Iterable[int]) -> None:
        await self._cache.invalidate_at_once(position, [(kind, account_id) for account_id in account_ids])

    async def _versioned(self, shard: Shard, account_ids: list[int]) -> tuple[int, list[Row]]:
        return await shard.versioned(sql.by_ids, slots=slots_of(account_ids), ids=account_ids)

    async def _load_fragments(self, account_ids: list[int]) -> list[tuple[int, dict[int, bytes]]]:
        grouped = self._shards.group(account_ids)
        loaded = await asyncio.gather(*(self._versioned(shard, some) for shard, some in grouped.items()))
        return [(version, self._rendered(rows)) for version, rows in loaded]

    def _rendered(self, rows: list[Row]) -> dict[int, bytes]:
        return {account.id: self._render(account) for account in map(parsed, rows) if account.state == "active"}

    async def _load_counts(self, account_ids: list[int]) -> list[tuple[int, dict[int, bytes]]]:
        counted = await counts.read(self._shards, account_ids)
        return await asyncio.gather(*(self._rendered_counts(version, some) for version, some in counted))

    async def _rendered_counts(self, version: int, counted: Counted) -> tuple[int, dict[int, bytes]]:
        # Read after the counts, so `version` does not promise too much.
        rows = await self._shards.gather(sql.last_posts, counted)
        return version, {row["id"]: self._render_counts(counted[row["id"]], row["last_post_at"]) for row in rows}


async def tell_changed(transaction: Transaction, account_id: int) -> None:
    """Put the message that makes sure that nobody goes on seeing the old fragment."""
    await outbox.put(transaction, ids.slot_of(account_id), CHANGED, {"account_id": account_id})


def parsed(row: Row) -> Account:
    """A row of `accounts` as an Account."""
    return msgspec.convert(dict(row), Account)


def _public(account: Account) -> Account:
    if account.state != "active":
        raise NotFoundError
    return account


def _words(account: Account) -> set[str]:
    return words.of(account.username, account.display_name)


def _pictures(account: Account) -> set[str]:
    return {account.avatar, account.header} - {""}
