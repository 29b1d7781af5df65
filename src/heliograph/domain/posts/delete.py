"""Deleting a post: hidden from everybody in one transaction; a worker then removes what hung on it.

The purge may stop anywhere and be run again: what lies elsewhere first (other ends of likes and reblogs, a reply's
place and its being counted, bookmarks, lists of hashtags), then the photos' objects, then the rows.
Photos that their author may use again are no longer the post's by then: the sweep of orphans removes them.
"""

import contextlib

from heliograph.base import ids
from heliograph.base.errors import NotFoundError, StoreUnavailableError
from heliograph.domain.graph.relations import tag_number
from heliograph.domain.media.uploads import Uploads
from heliograph.domain.posts import authored, edit, pins, threads
from heliograph.domain.posts.bookmarks import Bookmarks
from heliograph.domain.posts.hiding import hide
from heliograph.domain.posts.likes import LikeChanged, Likes
from heliograph.domain.posts.post import POST, Header, Visibility
from heliograph.domain.posts.reblogs import Reblogs
from heliograph.domain.posts.tags import Tags
from heliograph.domain.posts.threads import Reply, Threads, is_counted
from heliograph.stores import counts
from heliograph.stores.cache import Cache
from heliograph.stores.queries import load
from heliograph.stores.shards import Row, Session, Shards

sql = load("posts")
likes_sql = load("likes")
media_sql = load("media")

LIKES_A_PAGE = 200


class Remover:
    """Deletes posts."""

    def __init__(
        self,
        shards: Shards,
        cache: Cache,
        likes: Likes,
        reblogs: Reblogs,
        threads: Threads,
        bookmarks: Bookmarks,
        tags: Tags,
        uploads: Uploads,
    ) -> None:
        self._shards = shards
        self._cache = cache
        self._likes = likes
        self._reblogs = reblogs
        self._threads = threads
        self._bookmarks = bookmarks
        self._tags = tags
        self._uploads = uploads

    async def delete(self, author: int, post_id: int, *, keep_photos: bool = False) -> None:
        """Delete a post of `author`. Raises NotFoundError when there is none (any more).

        `keep_photos`: the author may attach its photos to another post for a day, as from this moment.
        """
        slot = ids.slot_of(post_id)
        async with self._shards.at(slot).transaction() as transaction:
            if not await hide(transaction, author, post_id):
                raise NotFoundError
            if keep_photos:
                await transaction.run(media_sql.detach, slot=slot, post_id=post_id)
            await transaction.run(sql.forget_key, slot=slot, account_id=author, post_id=post_id)
            await pins.drop(transaction, author, post_id)
            reply = _reply(await _hidden(transaction, post_id))
        await self._cache.invalidate_at_once(transaction.position, _cached(post_id, author))
        if reply is not None:
            with contextlib.suppress(StoreUnavailableError):
                await self._threads.remove(reply)

    async def was(self, post_id: int) -> Header | None:
        """What a deleted post was while it was there, not `gone`; None when nothing is left of it."""
        async with self._shards.of(post_id).session() as session:
            row = await _hidden(session, post_id)
        if row is None:
            return None
        return Header(
            id=post_id,
            author=row["account_id"],
            visibility=Visibility(row["visibility"]),
            mentioned=tuple(mention["id"] for mention in row["mentions"]),
            gone=False,
            reply_to=row["in_reply_to_account_id"] or 0,
            root=row["root_id"] or 0,
            original=row["reblog_of_id"] or 0,
            original_author=row["reblog_of_account_id"] or 0,
            tags=tuple(map(tag_number, row["tags"])),
            has_photos=row["media_count"] > 0,
        )

    async def purge(self, post_id: int, author: int) -> None:
        """The outbox' part: remove what hung on a deleted post, then its row."""
        shard = self._shards.of(post_id)
        slot = ids.slot_of(post_id)
        await self._cache.invalidate(await shard.mark(), _cached(post_id, author))
        await self._end_elsewhere(post_id, author)
        photos = await shard.rows(media_sql.ever_of_post, slot=slot, post_id=post_id)
        await self._uploads.discard([photo["name"] for photo in photos], incoming=[])
        async with shard.transaction() as transaction:
            for photo in photos:
                await transaction.run(media_sql.remove, slot=slot, id=photo["id"])
            await counts.forget(transaction, post_id)
            await threads.forget(transaction, post_id)
            await edit.forget(transaction, post_id)
            await transaction.run(sql.remove, slot=slot, id=post_id)

    async def _end_elsewhere(self, post_id: int, author: int) -> None:
        await self._end_likes(post_id)
        await self._reblogs.end_all(post_id, author)
        async with self._shards.of(post_id).session() as session:
            reply = _reply(await _hidden(session, post_id))
        if reply is not None:
            await self._threads.settle(reply, gone=True)
        await self._bookmarks.end_all(post_id)
        await self._tags.clear(post_id)

    async def _end_likes(self, post_id: int) -> None:
        shard = self._shards.of(post_id)
        slot = ids.slot_of(post_id)
        while await shard.rows(likes_sql.end_all, slot=slot, post_id=post_id, limit=LIKES_A_PAGE):
            pass
        cursor = 0
        while ended := await shard.rows(likes_sql.ended, slot=slot, post_id=post_id, cursor=cursor, limit=LIKES_A_PAGE):
            for row in ended:
                await self._likes.apply(LikeChanged(row["account_id"], post_id, row["rev"], gone=True))
            cursor = ended[-1]["account_id"]


def _cached(post_id: int, author: int) -> list[tuple[str, int]]:
    """What is cached (kind, id) of a post that goes, and of its author's posts."""
    return [(POST, post_id), *authored.changed(author), (pins.PINS, author)]


async def _hidden(session: Session, post_id: int) -> Row | None:
    return await session.row(sql.hidden, slot=ids.slot_of(post_id), id=post_id)


def _reply(row: Row | None) -> Reply | None:
    """The reply that a deleted post was; None for one that answered nothing, or of which nothing is left."""
    if row is None or row["in_reply_to_id"] is None or row["root_id"] is None:
        return None
    return Reply(row["id"], row["in_reply_to_id"], row["root_id"], is_counted(Visibility(row["visibility"])))
