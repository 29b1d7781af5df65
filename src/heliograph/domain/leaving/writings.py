"""The posts of a leaving account: each goes the ordinary way of a deleted post, and leaves not even a tombstone.

The ordinary purge leaves tombstones at the ends of likes and reblogs for a day, since a message about them may be under way.
Here none is (see `deletion.py`), so those rows are removed, before the purge looks for them. A post's row goes last: what
is not finished is found by it.
"""

import contextlib
from collections.abc import Awaitable, Callable, Sequence

from heliograph.base import ids
from heliograph.base.errors import NotFoundError
from heliograph.domain.leaving.ties import PAGE, Rest
from heliograph.domain.notifications.notices import NOTICES
from heliograph.domain.posts.delete import Remover
from heliograph.domain.posts.marks import MARKS
from heliograph.domain.posts.post import POST_COUNTS
from heliograph.domain.posts.threads import THREAD
from heliograph.stores import counts
from heliograph.stores.cache import Cache
from heliograph.stores.counts import Count
from heliograph.stores.queries import Query, load
from heliograph.stores.shards import Row, Shard, Shards

sql = load("leaving")

POSTS_A_PAGE = 20

# (post, author): remove all that hangs on a hidden post, and then the post. Safe to repeat.
Purge = Callable[[int, int], Awaitable[None]]


class Writings:
    """Removes the posts of accounts. `purge`: the ordinary one."""

    def __init__(self, shards: Shards, cache: Cache, remover: Remover, purge: Purge) -> None:
        self._shards = shards
        self._cache = cache
        self._remover = remover
        self._purge = purge

    async def remove(self, account_id: int, rest: Rest) -> None:
        """Remove all posts of `account_id`, those first that a run before has hidden and not finished."""
        slot = ids.slot_of(account_id)
        shard = self._shards.at(slot)
        for query in (sql.hidden_posts, sql.posts):
            while posts := await shard.rows(query, slot=slot, account_id=account_id, limit=POSTS_A_PAGE):
                await self._remove(account_id, posts, rest)

    async def _remove(self, account_id: int, posts: Sequence[Row], rest: Rest) -> None:
        slot = ids.slot_of(account_id)
        shard, idents = self._shards.at(slot), [row["id"] for row in posts]
        await shard.run(sql.hide_posts, slot=slot, ids=idents)
        await self._end_likes(shard, slot, idents, rest)
        await self._end_reblogs(shard, slot, idents, rest)
        await self._leave_threads(posts)
        # They answer nothing any more: the purge would leave a tombstone at what they answered.
        await shard.run(sql.forget_answered, slot=slot, ids=idents)
        await self._drop_marks(idents)
        for query in (sql.drop_answers, sql.drop_edits):
            await shard.run(query, slot=slot, ids=idents)
        for ident in idents:
            await self._purge(ident, account_id)
            await rest()

    async def _leave_threads(self, posts: Sequence[Row]) -> None:
        """Take the posts out of what they answer, and out of its thread."""
        answers = [(row["in_reply_to_id"], row["id"]) for row in posts if row["in_reply_to_id"] is not None]
        for far, some in self._far_ends(answers).items():
            async with far.transaction() as transaction:
                for row in await transaction.rows(sql.end_answers, **_far(some, "answers")):
                    if row["counted"]:
                        await counts.add(transaction, row["id"], Count.REPLIES, -1)
            await self._cache.invalidate(transaction.position, {(POST_COUNTS, parent) for parent, _ in some})
        in_threads = [(row["root_id"], row["id"]) for row in posts if row["root_id"] is not None]
        for far, some in self._far_ends(in_threads).items():
            while await far.run(sql.leave_threads, **_far(some, "answers")):
                pass
            await far.run(sql.vacate_threads, **_far(some, "answers"))
            await self._forget(far, THREAD, {root for root, _ in some})

    async def _drop_marks(self, idents: list[int]) -> None:
        """What others have of the posts, without an end there: hashtags, bookmarks, notifications."""
        named = list(map(str, idents))
        for far in self._shards.all:
            await far.run(sql.drop_tagged, ids=idents)
            holders = await far.rows(sql.drop_bookmarks_of, ids=idents)
            await self._forget(far, MARKS, {row["id"] for row in holders})
            told = await far.rows(sql.drop_news_of, ids=idents)
            await self._forget(far, NOTICES, {row["id"] for row in told})
            await far.run(sql.drop_dead_messages, named=named)

    async def _end_likes(self, shard: Shard, slot: int, idents: list[int], rest: Rest) -> None:
        while likes := await shard.rows(sql.likers, slot=slot, ids=idents, limit=PAGE):
            await self._end(likes, sql.end_likes)
            await shard.run(sql.drop_likes, slot=slot, **_near(likes))
            await rest()

    async def _end_reblogs(self, shard: Shard, slot: int, idents: list[int], rest: Rest) -> None:
        while reblogs := await shard.rows(sql.rebloggers, slot=slot, ids=idents, limit=PAGE):
            for edge in reblogs:
                # One by one to its end, since each takes a while: whoever has had a turn shall have come further.
                far, place = self._shards.of(edge["id"]), _far(_pairs([edge]), "posts")
                for row in await far.rows(sql.reposts_of, **place):
                    await self._remove_repost(row["id"], row["repost_id"])
                await self._end([edge], sql.end_reblogs)
                await shard.run(sql.drop_reblogs, slot=slot, **_near([edge]))
                await rest()

    async def _remove_repost(self, author: int, repost_id: int) -> None:
        """Somebody's reblog is a post of theirs: it goes as if they had deleted it."""
        with contextlib.suppress(NotFoundError):
            await self._remover.delete(author, repost_id)
        await self._purge(repost_id, author)

    async def _end(self, edges: Sequence[Row], query: Query) -> None:
        """Remove the ends at those who have liked or reblogged."""
        for far, some in self._far_ends(_pairs(edges)).items():
            await far.run(query, **_far(some, "posts"))
            await self._forget(far, MARKS, {who for who, _ in some})

    async def _forget(self, far: Shard, kind: str, idents: set[int]) -> None:
        """End what is cached of `idents`, which are at `far`."""
        if idents:
            await self._cache.invalidate(await far.mark(), [(kind, ident) for ident in idents])

    def _far_ends(self, pairs: Sequence[tuple[int, int]]) -> dict[Shard, list[tuple[int, int]]]:
        """`pairs` by the shard that has the first of each."""
        grouped: dict[Shard, list[tuple[int, int]]] = {}
        for pair in pairs:
            grouped.setdefault(self._shards.of(pair[0]), []).append(pair)
        return grouped


def _pairs(edges: Sequence[Row]) -> list[tuple[int, int]]:
    """Who, and which post."""
    return [(edge["id"], edge["post_id"]) for edge in edges]


def _far(pairs: Sequence[tuple[int, int]], second: str) -> dict[str, list[int]]:
    """Pairs as parameters of a statement on their slots."""
    firsts = [first for first, _ in pairs]
    return {"slots": list(map(ids.slot_of, firsts)), "ids": firsts, second: [other for _, other in pairs]}


def _near(edges: Sequence[Row]) -> dict[str, list[int]]:
    return {"ids": [edge["id"] for edge in edges], "posts": [edge["post_id"] for edge in edges]}
