"""Posts from the cache, else from their shard; and the counts of their likes."""

import asyncio
from collections.abc import Callable, Iterable

from heliograph.base.errors import NotFoundError
from heliograph.domain.media import attachments
from heliograph.domain.media.attachments import Attachment
from heliograph.domain.posts.authored import AUTHORED
from heliograph.domain.posts.post import GONE, POST, POST_COUNTS, Header, Mention, Post, Visibility, pack
from heliograph.stores import counts
from heliograph.stores.cache import Cache, Found, Reserved, complete, read_through
from heliograph.stores.counts import Count
from heliograph.stores.queries import load
from heliograph.stores.shards import Row, Shard, Shards, slots_of

sql = load("posts")

RenderPost = Callable[[Post], bytes]
RenderPostCounts = Callable[[dict[Count, int]], bytes]


class Posts:
    """Reads posts. `render` makes the cached body of a post, `render_counts` that of its counts."""

    def __init__(self, shards: Shards, cache: Cache, render: RenderPost, render_counts: RenderPostCounts) -> None:
        self._shards = shards
        self._cache = cache
        self._render = render
        self._render_counts = render_counts
        cache.renews(POST_COUNTS, self._load_counts)

    async def many(self, post_ids: Iterable[int]) -> dict[int, Post]:
        """The posts of `post_ids` that are there, from PostgreSQL."""
        grouped = self._shards.group(post_ids)
        parts = await asyncio.gather(*(self._read(shard, some) for shard, some in grouped.items()))
        return {post.id: post for _, posts in parts for post in posts}

    async def get(self, post_id: int) -> Post:
        """One post, from PostgreSQL. Raises NotFoundError."""
        found = await self.many([post_id])
        if post_id not in found:
            raise NotFoundError
        return found[post_id]

    async def fragments(self, post_ids: Iterable[int]) -> dict[int, tuple[Header, bytes]]:
        """Header and body of each of `post_ids`; what is not there has a header that says so."""
        return await read_through(self._cache, POST, post_ids, self._load)

    async def complete(self, had: Found, *, outside: bool = False) -> dict[int, tuple[Header, bytes]]:
        """As `fragments`, where a wave has read the cache already.

        `outside`: the ids came from outside. Then nothing is kept of those that do not exist, of which there is no end.
        """
        return await complete(self._cache, POST, had, self._load, unkept=GONE if outside else None)

    async def complete_counts(self, had: Found) -> dict[int, bytes]:
        """The counts' bodies, where a wave has read the cache already."""
        return await complete(self._cache, POST_COUNTS, had, self._load_counts)

    async def reserve(self, post_id: int) -> Reserved:
        """Before a new post commits: ask to `write` it."""
        return await self._cache.reserve(post_id, [POST, POST_COUNTS])

    async def write(self, post: Post, version: int, reserved: Reserved) -> None:
        """Write a new post through to the cache; nobody likes it yet.

        `version`: a log position before its commit, so that whatever changes it afterwards is newer.
        """
        bodies = {POST: pack(post, self._render(post)), POST_COUNTS: self._render_counts({})}
        await self._cache.write_through(version, bodies, reserved)

    async def refresh(self, post_id: int, author: int | None = None) -> None:
        """Believe nothing cached of a post that was read before now, nor, if it was edited, of what its `author` has posted."""
        changed = [(POST, post_id)] if author is None else [(POST, post_id), (AUTHORED, author)]
        await self._cache.invalidate(await self._shards.of(post_id).mark(), changed)

    async def _load(self, post_ids: list[int]) -> list[tuple[int, dict[int, bytes]]]:
        grouped = self._shards.group(post_ids)
        parts = await asyncio.gather(*(self._read(shard, some) for shard, some in grouped.items()))
        loaded = []
        for (position, posts), some in zip(parts, grouped.values(), strict=True):
            bodies = dict.fromkeys(some, GONE) | {post.id: pack(post, self._render(post)) for post in posts}
            loaded.append((position, bodies))
        return loaded

    async def _read(self, shard: Shard, post_ids: list[int]) -> tuple[int, list[Post]]:
        position, rows = await shard.versioned(sql.by_ids, slots=slots_of(post_ids), ids=post_ids)
        photos = await attachments.of_posts(self._shards, [row["id"] for row in rows])
        return position, [parsed(row, photos.get(row["id"], [])) for row in rows]

    async def _load_counts(self, post_ids: list[int]) -> list[tuple[int, dict[int, bytes]]]:
        return [
            (position, {post_id: self._render_counts(of_post) for post_id, of_post in counted.items()})
            for position, counted in await counts.read(self._shards, post_ids)
        ]


def parsed(row: Row, photos: list[Attachment]) -> Post:
    """The post of a row of `posts` with its `photos`."""
    return Post(
        id=row["id"],
        account_id=row["account_id"],
        text=row["text"],
        spoiler_text=row["spoiler_text"],
        visibility=Visibility(row["visibility"]),
        sensitive=row["sensitive"],
        language=row["language"],
        tags=list(row["tags"]),
        mentions=[Mention(**mention) for mention in row["mentions"]],
        application=row["application"],
        photos=photos,
        in_reply_to_id=row["in_reply_to_id"],
        in_reply_to_account_id=row["in_reply_to_account_id"],
        root_id=row["root_id"],
        reblog_of_id=row["reblog_of_id"],
        reblog_of_account_id=row["reblog_of_account_id"],
        edited_at=row["edited_at"],
    )
