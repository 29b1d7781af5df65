"""Threads: a reply's place in its thread, and its being counted with the post that it answers.

Both follow the reply, which decides: it is a post of its author. The request applies them before it answers, the messages
of its publication and its deletion are the net beneath, in any order and however often they come: what is gone stays
gone until no message about it can be under way. Only what everybody may see is counted: a number must not tell of the rest.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from itertools import islice

import msgspec

from heliograph.base import ids
from heliograph.domain.posts.post import POST_COUNTS, Visibility
from heliograph.stores import counts
from heliograph.stores.cache import Cache, read_through
from heliograph.stores.counts import Count
from heliograph.stores.queries import Query, load
from heliograph.stores.shards import Shards, Transaction

sql = load("threads")
posts_sql = load("posts")

# A thread's places, by the post with which it began. The number of the kind grows with the layout, so that what an older
# version has cached is not read as if it were new.
THREAD = "thread1"
# A longer one is not cached: its shard is asked for the part that is shown.
PLACES_KEPT = 2000
# Layers of places of deleted posts that one sweep clears at most: a chain of them goes from its end.
SWEPT_LAYERS = 50


class Reply(msgspec.Struct, frozen=True):
    """`post` answers `parent`, in the thread that began with `root`. `counted`: everybody may see it."""

    post: int
    parent: int
    root: int
    counted: bool


def is_counted(visibility: Visibility) -> bool:
    """Whether a reply of this visibility shows in the number of replies."""
    return visibility in (Visibility.PUBLIC, Visibility.UNLISTED)


class Place(msgspec.Struct, frozen=True):
    """A post's place in its thread: what it answers, and how far it lies below the post that was asked about.

    `depth`: -1 is the post itself, from there up.
    """

    post_id: int
    parent_id: int
    depth: int


class Thread(msgspec.Struct, frozen=True, array_like=True):
    """The replies of a thread and what each answers; none of them where there are too `many` to be kept."""

    posts: list[int]
    parents: list[int]
    many: bool

    def around(self, post_id: int, above: int, below: int, deep: int) -> list[Place]:
        """As `Threads.around`."""
        parents = dict(zip(self.posts, self.parents, strict=True))
        children: defaultdict[int, list[int]] = defaultdict(list)
        for post, parent in parents.items():
            children[parent].append(post)
        return [*_up(parents, post_id, above), *islice(_down(children, post_id, deep), below)]


def _up(parents: dict[int, int], post_id: int, above: int) -> Iterator[Place]:
    for depth in range(1, above + 1):
        parent = parents.get(post_id)
        if parent is None:
            return
        yield Place(post_id, parent, -depth)
        post_id = parent


def _down(children: dict[int, list[int]], post_id: int, deep: int) -> Iterator[Place]:
    """The nearest levels first."""
    level = [post_id]
    for depth in range(1, deep + 1):
        places = [Place(child, parent, depth) for parent in level for child in children.get(parent, ())]
        if not places:
            return
        yield from places
        level = [place.post_id for place in places]


_decode = msgspec.msgpack.Decoder(Thread).decode


def unpack(_root: int, body: bytes) -> Thread:
    """What the cached `body` says."""
    return _decode(body)


class Threads:
    """The places of replies, and their counts."""

    def __init__(self, shards: Shards, cache: Cache) -> None:
        self._shards = shards
        self._cache = cache

    async def add(self, reply: Reply) -> None:
        """Give a published reply its place, and count it. Safe to repeat. Raises StoreUnavailableError."""
        await asyncio.gather(self._enter(reply), self._count(reply))

    async def remove(self, reply: Reply) -> None:
        """Take a deleted reply back. Safe to repeat, and before `add`. Raises StoreUnavailableError."""
        await asyncio.gather(self._leave(reply), self._uncount(reply))

    async def settle(self, reply: Reply, *, gone: bool) -> None:
        """The outbox' part: `add` or `remove` once more, and the cached count. Raises StoreUnavailableError."""
        await (self.remove(reply) if gone else self.add(reply))
        await self._cache.invalidate(await self._shards.of(reply.root).mark(), [(THREAD, reply.root)])
        if reply.counted:
            await self._cache.renew(await self._shards.of(reply.parent).mark(), [(POST_COUNTS, reply.parent)])

    async def around(self, root: int, post_id: int, above: int, below: int, deep: int) -> list[Place]:
        """The post's own place, if it is a reply; up to `above` ones over it, and `below` ones under it, `deep` levels."""
        found = await read_through(self._cache, THREAD, [root], self._load)
        thread: Thread = found[root]
        if not thread.many:
            return thread.around(post_id, above, below, deep)
        slot = ids.slot_of(root)
        rows = await self._shards.at(slot).rows(
            sql.around, slot=slot, root_id=root, post_id=post_id, above=above, below=below, deep=deep
        )
        return [Place(**row) for row in rows]

    async def _enter(self, reply: Reply) -> None:
        await self._place(sql.enter, reply)

    async def _leave(self, reply: Reply) -> None:
        await self._place(sql.leave, reply)

    async def _place(self, query: Query, reply: Reply) -> None:
        slot = ids.slot_of(reply.root)
        place = {"root_id": reply.root, "post_id": reply.post, "parent_id": reply.parent}
        async with self._shards.at(slot).transaction() as transaction:
            await transaction.run(query, slot=slot, **place)
        await self._cache.invalidate_at_once(transaction.position, [(THREAD, reply.root)])

    async def _load(self, roots: list[int]) -> list[tuple[int, dict[int, bytes]]]:
        return await asyncio.gather(*(self._load_one(root) for root in roots))

    async def _load_one(self, root: int) -> tuple[int, dict[int, bytes]]:
        slot = ids.slot_of(root)
        position, rows = await self._shards.at(slot).versioned(
            sql.places, slot=slot, root_id=root, most=PLACES_KEPT + 1
        )
        many = len(rows) > PLACES_KEPT
        kept = [] if many else rows
        thread = Thread([row["post_id"] for row in kept], [row["parent_id"] for row in kept], many)
        return position, {root: msgspec.msgpack.encode(thread)}

    async def _count(self, reply: Reply) -> None:
        await self._change(reply, gone=False)

    async def _uncount(self, reply: Reply) -> None:
        await self._change(reply, gone=True)

    async def _change(self, reply: Reply, *, gone: bool) -> None:
        if not reply.counted:
            return
        slot = ids.slot_of(reply.parent)
        async with self._shards.at(slot).transaction() as transaction:
            # With a parent that is gone, its replies and their count are.
            if await transaction.value(posts_sql.lock_alive, slot=slot, id=reply.parent) is None:
                return
            edge = {"slot": slot, "post_id": reply.parent, "reply_id": reply.post}
            if gone:
                delta = -1 if await transaction.value(sql.uncount, **edge) else 0
            else:
                delta = await transaction.run(sql.count, **edge)
            if delta:
                await counts.add(transaction, reply.parent, Count.REPLIES, delta)
        await self._cache.renew_at_once(transaction.position, [(POST_COUNTS, reply.parent)])

    async def sweep(self, below: int) -> int:
        """Remove what is left of deleted replies with an id smaller than `below`; how many rows."""
        removed = 0
        for shard in self._shards.all:
            removed += await shard.chore(sql.sweep_replies, below=below)
            for _ in range(SWEPT_LAYERS):
                layer = await shard.chore(sql.sweep_threads, below=below)
                removed += layer
                if not layer:
                    break
        return removed


async def forget(transaction: Transaction, post_id: int) -> None:
    """Drop who answers a post that no longer exists, in the transaction that removes it."""
    await transaction.run(sql.forget_replies, slot=ids.slot_of(post_id), post_id=post_id)
