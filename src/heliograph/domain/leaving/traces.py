"""What a leaving account has for itself alone, and what others have of it without an end of its own.

Both are removed a page at a time, by what is found: there is nothing to remember between two pages.
"""

from heliograph.base import ids
from heliograph.domain.graph.relations import RELATIONS
from heliograph.domain.leaving.ties import PAGE, Rest
from heliograph.domain.media import portraits
from heliograph.domain.media.uploads import DESCRIBED, DISCARD
from heliograph.domain.notifications.notices import NOTICES
from heliograph.stores import outbox
from heliograph.stores.cache import Cache
from heliograph.stores.queries import Query, load
from heliograph.stores.shards import Shard, Shards

sql = load("leaving")
accounts = load("accounts")

OWN = (
    sql.drop_audience,
    sql.drop_bookmarks,
    sql.drop_pins,
    sql.drop_mutes,
    sql.drop_notes,
    sql.drop_featured_tags,
    sql.drop_news,
    sql.drop_markers,
    sql.drop_conversations,
    sql.drop_keys,
)
# What others have, and what is cached of whoever has it.
OTHERS: tuple[tuple[Query, tuple[str, ...]], ...] = (
    (sql.drop_mutes_of, (RELATIONS,)),
    (sql.drop_notes_about, ()),
    (sql.drop_news_from, (NOTICES,)),
)


class Traces:
    """Removes the traces of accounts."""

    def __init__(self, shards: Shards, cache: Cache) -> None:
        self._shards = shards
        self._cache = cache

    async def drop_own(self, account_id: int, rest: Rest) -> None:
        """Remove what `account_id` has for itself: marks, notes, notifications, places in timelines, keys."""
        slot = ids.slot_of(account_id)
        for query in OWN:
            while await self._shards.at(slot).run(query, slot=slot, account_id=account_id, limit=PAGE):
                await rest()

    async def drop_pictures(self, account_id: int, rest: Rest) -> None:
        """Remove the uploads that no post uses, avatar and header; with them the words about oneself."""
        slot = ids.slot_of(account_id)
        shard = self._shards.at(slot)
        while await self._drop_loose(shard, slot, account_id):
            await rest()
        async with shard.transaction() as transaction:
            row = await transaction.row(accounts.locked, slot=slot, id=account_id)
            if row is not None:
                await portraits.replace(transaction, account_id, {row["avatar"], row["header"]} - {""}, set())
                await transaction.run(sql.clear_profile, slot=slot, account_id=account_id)

    async def _drop_loose(self, shard: Shard, slot: int, account_id: int) -> int:
        async with shard.transaction() as transaction:
            rows = await transaction.rows(sql.take_loose_media, slot=slot, account_id=account_id, limit=PAGE)
            if rows:
                incoming = [row["incoming"] for row in rows if row["incoming"]]
                payload = {"photos": [row["name"] for row in rows], "incoming": incoming}
                await outbox.put(transaction, slot, DISCARD, payload)
        return len(rows)

    async def drop_others(self, account_id: int, rest: Rest) -> None:
        """Remove what others have of `account_id`: mutes, notes, notifications, a part in conversations, mentions."""
        for shard in self._shards.all:
            for query, kinds in OTHERS:
                while rows := await shard.rows(query, account_id=account_id, limit=PAGE):
                    # What a crash leaves in the cache here names somebody who is no more, and runs out by itself.
                    if stale := {(kind, row["id"]) for row in rows for kind in kinds}:
                        await self._cache.invalidate(await shard.mark(), stale)
                    await rest()
            while await shard.run(sql.leave_conversations, account_id=account_id, limit=PAGE):
                await rest()
            mention = [{"id": account_id}]
            while await shard.run(sql.unmention_in_edits, account_id=account_id, mention=mention, limit=PAGE):
                await rest()
            while await self._unmention(shard, account_id):
                await rest()

    async def _unmention(self, shard: Shard, account_id: int) -> int:
        async with shard.transaction() as transaction:
            mention = [{"id": account_id}]
            rows = await transaction.rows(sql.unmention, account_id=account_id, mention=mention, limit=PAGE)
            for row in rows:
                # A post is cached as it is shown, with a link to the profile: a message, so that no crash keeps it.
                await outbox.put(transaction, ids.slot_of(row["id"]), DESCRIBED, {"post": row["id"]})
        return len(rows)
