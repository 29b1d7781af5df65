"""Reblogging a post: the original's end decides, the request applies the reblogger's end before it answers.

At the reblogger's end stands a post of theirs without words, that goes through feeds like any other and shows the
original. The outbox message `reblog.changed` is the net beneath, as with likes: whoever comes first makes that post.
"""

import msgspec

from heliograph.base import ids
from heliograph.base.errors import NotFoundError
from heliograph.base.paging import Page
from heliograph.domain.graph.edges import EdgePage, decide
from heliograph.domain.posts import authored
from heliograph.domain.posts.fragments import Posts
from heliograph.domain.posts.hiding import hide
from heliograph.domain.posts.marks import MARKS
from heliograph.domain.posts.post import POST, POST_COUNTS, Post, Visibility
from heliograph.domain.posts.publish import PUBLISHED
from heliograph.stores import counts, outbox
from heliograph.stores.cache import Cache, Reserved
from heliograph.stores.counts import Count
from heliograph.stores.queries import load
from heliograph.stores.shards import Row, Shards, Transaction

sql = load("reblogs")
posts_sql = load("posts")

CHANGED = "reblog.changed"
# Who reblogs for their followers alone must not be told by a number to everybody.
COUNTED = (Visibility.PUBLIC, Visibility.UNLISTED)
ENDED_A_PAGE = 200


class ReblogChanged(msgspec.Struct, frozen=True):
    """What the original's end said: `account` reblogs `post` of `author`, or no longer (`gone`), as of `rev`."""

    account: int
    post: int
    rev: int
    gone: bool
    visibility: Visibility
    author: int


class Reblogged(msgspec.Struct, frozen=True):
    """The post that stands for a reblog, None when it has been ended; and whether this call made it."""

    post_id: int | None
    created: bool


class Reblogs:
    """The reblog edges, both ends."""

    def __init__(self, shards: Shards, cache: Cache, posts: Posts) -> None:
        self._shards = shards
        self._cache = cache
        self._posts = posts

    async def reblog(self, account: int, post: int, visibility: Visibility) -> Reblogged:
        """Let `account` reblog `post`, which it may see and share. Again: as before, whatever the visibility.

        Raises NotFoundError when the post has just been deleted.
        """
        change = await self._decide(account, post, visibility, gone=False)
        return Reblogged(None, created=False) if change is None else await self.apply(change)

    async def unreblog(self, account: int, post: int) -> None:
        """Let `account` no longer reblog `post`. Idempotent. Raises NotFoundError when it has just been deleted."""
        change = await self._decide(account, post, Visibility.PUBLIC, gone=True)
        if change is not None:
            await self.apply(change)

    async def _decide(self, account: int, post: int, visibility: Visibility, *, gone: bool) -> ReblogChanged | None:
        slot = ids.slot_of(post)
        edge = {"slot": slot, "post_id": post, "account_id": account}
        async with self._shards.at(slot).transaction() as transaction:
            author = await transaction.value(posts_sql.lock_alive, slot=slot, id=post)
            if author is None:
                raise NotFoundError
            if gone:
                row = await decide(transaction, sql.decide_unreblog, **edge)
            else:
                row = await decide(transaction, sql.decide_reblog, **edge, visibility=int(visibility))
            if row is None:
                return None
            change = ReblogChanged(account, post, row["rev"], gone, Visibility(row["visibility"]), author)
            if row["changed"]:
                await _tell(transaction, change)
        await self._cache.renew_at_once(transaction.position, [(POST_COUNTS, post)])
        return change

    async def apply(self, change: ReblogChanged) -> Reblogged:
        """Apply what the original's end said to the reblogger's end. Safe to repeat, in any order."""
        slot = ids.slot_of(change.account)
        edge = {"slot": slot, "account_id": change.account, "post_id": change.post}
        written: tuple[Row, Reserved] | None = None
        async with self._shards.at(slot).transaction() as transaction:
            newer = await transaction.row(sql.apply, **edge, rev=change.rev, gone=change.gone)
            if newer is None:
                made = await transaction.value(sql.repost, **edge)
            else:
                if newer["ended"] is not None:
                    await hide(transaction, change.account, newer["ended"])
                if not change.gone and (row := await _write(transaction, change)):
                    written = row, await self._posts.reserve(row["id"])
        if newer is None:
            # A worker was quicker, and may not have come to tell the cache: it is told before anybody is answered.
            await self._show(change, None, transaction.position)
            return Reblogged(made, created=False)
        if written is not None:
            row, reserved = written
            await self._posts.write(_post(change, row["id"]), row["position"], reserved)
        await self._show(change, newer["ended"], transaction.position)
        return Reblogged(written[0]["id"] if written else None, created=written is not None)

    async def _show(self, change: ReblogChanged, ended: int | None, committed: int) -> None:
        """Let the reblogger see it at once."""
        changed = [(MARKS, change.account), *authored.changed(change.account)]
        await self._cache.renew_at_once(committed, changed if ended is None else [*changed, (POST, ended)])

    async def of(self, post: int, page: Page) -> EdgePage:
        """Who reblogs `post` openly; the bounds of `page` are revs."""
        slot = ids.slot_of(post)
        query = sql.rebloggers_oldest if page.ascending else sql.rebloggers_newest
        rows = await self._shards.at(slot).rows(
            query, slot=slot, post_id=post, below=page.below, above=page.above, limit=page.limit
        )
        return EdgePage.of(rows, page)

    async def settle(self, change: ReblogChanged) -> None:
        """The outbox' part: the reblogger's end once more, and the cached values. Raises StoreUnavailableError."""
        await self.apply(change)
        account = [(MARKS, change.account), *authored.changed(change.account)]
        await self._cache.renew(await self._shards.of(change.account).mark(), account)
        await self._cache.renew(await self._shards.of(change.post).mark(), [(POST_COUNTS, change.post)])

    async def end_all(self, post: int, author: int) -> None:
        """The post is deleted: so is what reblogs it. May stop anywhere and be run again."""
        shard, slot = self._shards.of(post), ids.slot_of(post)
        while await shard.rows(sql.end_all, slot=slot, post_id=post, limit=ENDED_A_PAGE):
            pass
        cursor = 0
        while ended := await shard.rows(sql.ended, slot=slot, post_id=post, cursor=cursor, limit=ENDED_A_PAGE):
            for row in ended:
                await self.apply(ReblogChanged(row["account_id"], post, row["rev"], True, Visibility.PUBLIC, author))
            cursor = ended[-1]["account_id"]

    async def sweep(self, below: int) -> int:
        """Remove tombstones whose rev is smaller than `below`; how many."""
        removed = 0
        for shard in self._shards.all:
            removed += await shard.chore(sql.sweep_reblogs, below=below)
            removed += await shard.chore(sql.sweep_reposts, below=below)
        return removed


async def _tell(transaction: Transaction, change: ReblogChanged) -> None:
    if change.visibility in COUNTED:
        await counts.add(transaction, change.post, Count.REBLOGS, -1 if change.gone else 1)
    await outbox.put(transaction, ids.slot_of(change.post), CHANGED, msgspec.to_builtins(change))


async def _write(transaction: Transaction, change: ReblogChanged) -> Row | None:
    """Write the post that stands for the reblog: `id` and `position`. None for an account that is no more."""
    return await transaction.row(
        sql.write,
        slot=ids.slot_of(change.account),
        account_id=change.account,
        post_id=change.post,
        author=change.author,
        visibility=int(change.visibility),
        count_kind=int(Count.POSTS),
        followers_kind=int(Count.FOLLOWERS),
        message_kind=PUBLISHED,
        request_id=outbox.request_id(),
    )


def _post(change: ReblogChanged, post_id: int) -> Post:
    return Post(
        id=post_id,
        account_id=change.account,
        text="",
        spoiler_text="",
        visibility=change.visibility,
        sensitive=False,
        language=None,
        tags=[],
        mentions=[],
        application=None,
        photos=[],
        reblog_of_id=change.post,
        reblog_of_account_id=change.author,
    )
