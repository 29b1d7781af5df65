"""Deleting a post: hidden from everybody in one transaction; a worker then removes what hung on it.

The purge may stop anywhere and be run again: likes and reblogs first (both ends), then the photos' objects, then the rows.
Photos that their author may use again are no longer the post's by then: the sweep of orphans removes them.
"""

from heliograph.base import ids
from heliograph.base.errors import NotFoundError, StoreUnavailableError
from heliograph.domain.accounts.profiles import ACCOUNT_COUNTS
from heliograph.domain.graph.relations import tag_number
from heliograph.domain.media import attachments
from heliograph.domain.media.uploads import Uploads
from heliograph.domain.posts.fragments import Posts
from heliograph.domain.posts.hiding import hide
from heliograph.domain.posts.likes import LikeChanged, Likes
from heliograph.domain.posts.post import POST, Header, Visibility
from heliograph.domain.posts.reblogs import Reblogs
from heliograph.stores import counts
from heliograph.stores.cache import Cache
from heliograph.stores.queries import load
from heliograph.stores.shards import Shards

sql = load("posts")
likes_sql = load("likes")
media_sql = load("media")

LIKES_A_PAGE = 200


class Remover:
    """Deletes posts."""

    def __init__(
        self, shards: Shards, cache: Cache, posts: Posts, likes: Likes, reblogs: Reblogs, uploads: Uploads
    ) -> None:
        self._shards = shards
        self._cache = cache
        self._posts = posts
        self._likes = likes
        self._reblogs = reblogs
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
        await self._posts.write_gone(post_id, transaction.position)
        try:
            await self._cache.invalidate(transaction.position, [(ACCOUNT_COUNTS, author)])
        except StoreUnavailableError:
            return

    async def was(self, post_id: int) -> Header | None:
        """What a deleted post was while it was there, not `gone`; None when nothing is left of it."""
        slot = ids.slot_of(post_id)
        row = await self._shards.at(slot).row(sql.hidden, slot=slot, id=post_id)
        if row is None:
            return None
        return Header(
            id=post_id,
            author=row["account_id"],
            visibility=Visibility(row["visibility"]),
            mentioned=tuple(mention["id"] for mention in row["mentions"]),
            gone=False,
            reply_to=row["in_reply_to_account_id"] or 0,
            original=row["reblog_of_id"] or 0,
            original_author=row["reblog_of_account_id"] or 0,
            tags=tuple(map(tag_number, row["tags"])),
            has_photos=row["media_count"] > 0,
        )

    async def purge(self, post_id: int, author: int) -> None:
        """The outbox' part: remove what hung on a deleted post, then its row."""
        shard = self._shards.of(post_id)
        slot = ids.slot_of(post_id)
        await self._cache.invalidate(await shard.mark(), [(POST, post_id), (ACCOUNT_COUNTS, author)])
        await self._end_likes(post_id)
        await self._reblogs.end_all(post_id, author)
        photos = (await attachments.of_posts(self._shards, [post_id])).get(post_id, [])
        await self._uploads.discard([photo.name for photo in photos], incoming=[])
        async with shard.transaction() as transaction:
            for photo in photos:
                await transaction.run(media_sql.remove, slot=slot, id=photo.id)
            await counts.forget(transaction, post_id)
            await transaction.run(sql.remove, slot=slot, id=post_id)

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
