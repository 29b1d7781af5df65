"""Who is told what: from messages of the outbox to rows with those who are told.

One row for (recipient, kind, who did it, post). Its `rev` is that of the edge, or the post's id, and only a newer one
changes it: a message that comes twice, late or out of order neither repeats a notification nor brings back one that was
dismissed or whose like was taken back. Nobody is told of their own doing, nor by somebody whom they have blocked or
muted; what is told may still be hidden when it is read (inbox.py), which is where the truth is.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable

import msgspec

from heliograph.base import ids
from heliograph.base.errors import NotFoundError
from heliograph.domain.graph.decisions import FollowChanged
from heliograph.domain.notifications.correspondence import Correspondence, Herald
from heliograph.domain.notifications.notices import NoticesReader, tell_changed
from heliograph.domain.notifications.notification import Kind
from heliograph.domain.posts.fragments import Posts
from heliograph.domain.posts.post import Header
from heliograph.domain.posts.publish import NewPost, does_ring, is_addressed
from heliograph.stores import outbox
from heliograph.stores.outbox import Outbox
from heliograph.stores.queries import load
from heliograph.stores.shards import Row, Shard, Shards

sql = load("notifications")

# Of its own, so that a shard of somebody who is mentioned never holds up a feed when it is away.
TELL = "post.tell"
BELLS_A_PAGE = 500
ERASED_A_PAGE = 500

# (viewer, post): its header, if the viewer may see it. Raises NotFoundError.
SeenBy = Callable[[int, int], Awaitable[Header]]
Advance = Callable[[int], Awaitable[None]]


class Telling:
    """Writes notifications. `herald` is told of each new one."""

    def __init__(
        self,
        shards: Shards,
        outbox: Outbox,
        posts: Posts,
        notices: NoticesReader,
        correspondence: Correspondence,
        seen_by: SeenBy,
        herald: Herald,
    ) -> None:
        self._shards = shards
        self._outbox = outbox
        self._posts = posts
        self._notices = notices
        self._correspondence = correspondence
        self._seen_by = seen_by
        self._herald = herald

    async def announce(self, posts: Iterable[NewPost]) -> None:
        """Posts were published: leave a message TELL for each of which somebody is to be told."""
        posts = [await self._described(post) if post.rings is None else post for post in posts]
        rung = await self._with_bells({post.author for post in posts if post.rings})
        told = [post for post in posts if post.addressed or (post.rings and post.author in rung)]
        for shard, authors in self._shards.group({post.author for post in told}).items():
            async with shard.transaction() as transaction:
                for post in told:
                    if post.author in authors:
                        what = {"post": post.post, "author": post.author}
                        await outbox.put(transaction, ids.slot_of(post.author), TELL, what, request=post.request_id)
        if told:
            await self._outbox.hint(TELL)

    async def _described(self, post: NewPost) -> NewPost:
        """What an older version's message does not say."""
        header = await self._header(post.post)
        named = not (header.gone or header.original)
        return msgspec.structs.replace(post, addressed=named and _addressed(header), rings=named and _rings(header))

    async def post(self, post_id: int, cursor: int, advance: Advance) -> None:
        """Tell of a new post: whom it mentions or answers, then those with a bell after `cursor`, page by page."""
        header = await self._header(post_id)
        if header.gone:
            # A worker may have died after it had told, and before it could see that the post was gone.
            await self._erase(post_id)
            return
        named = await self._named(header)
        if cursor == 0:
            await self._tell(named, Kind.MENTION, header.author, post_id, post_id)
            await self._correspondence.add(post_id)
        if _rings(header):
            await self._ring(header, named, cursor, advance)
        await self._unless_gone(header)

    async def mentioned(self, post_id: int, account_ids: Collection[int]) -> None:
        """Tell those whom a post mentions since it was edited. Who was told of this post before is not told again."""
        header = await self._header(post_id)
        if header.gone:
            await self._erase(post_id)
            return
        await self._tell(set(account_ids) & set(header.mentioned), Kind.MENTION, header.author, post_id, post_id)
        await self._correspondence.add(post_id)
        await self._unless_gone(header)

    async def marked(self, kind: Kind, account: int, post_id: int, rev: int, *, gone: bool) -> None:
        """Tell the author of a post that `account` likes or reblogs it, as of `rev`, or take that back."""
        header = await self._header(post_id)
        if header.gone:
            await self._erase(post_id)
            return
        await self._change(kind, header.author, account, post_id, rev, gone=gone)
        await self._unless_gone(header)

    async def followed(self, change: FollowChanged) -> None:
        """Tell an account who follows it, or asks to; what is over is taken back."""
        if change.edited:
            return
        await self._change(Kind.FOLLOW, change.target, change.follower, 0, change.rev, gone=change.gone)
        await self._change(
            Kind.FOLLOW_REQUEST, change.target, change.follower, 0, change.rev, gone=not change.requested
        )

    async def forget(self, header: Header) -> None:
        """A post was deleted, that was `header`: what was told of it goes. Nobody is told of a reblog by its own id."""
        if not header.original:
            await self._correspondence.forget(header)
            await self._erase(header.id)

    async def sweep(self, below: int) -> None:
        """Remove tombstones whose rev is smaller than `below`."""
        for shard in self._shards.all:
            await shard.chore(sql.sweep, below=below)
        await self._correspondence.sweep(below)

    async def _header(self, post_id: int) -> Header:
        header, _ = (await self._posts.fragments([post_id]))[post_id]
        return header

    async def _named(self, header: Header) -> set[int]:
        """Whom the post is addressed to: who is mentioned, and whose post it answers, if they may see it."""
        named = set(header.mentioned)
        if header.reply_to and header.reply_to not in named:
            try:
                await self._seen_by(header.reply_to, header.id)
            except NotFoundError:
                return named
            named.add(header.reply_to)
        return named

    async def _with_bells(self, authors: Iterable[int]) -> set[int]:
        """Those of `authors` of whose posts somebody wants to hear each."""
        parts = await asyncio.gather(
            *(
                shard.rows(sql.rung, slots=list(map(ids.slot_of, some)), accounts=some)
                for shard, some in self._shards.group(authors).items()
            )
        )
        return {row["id"] for part in parts for row in part}

    async def _bells(self, author: int, cursor: int, limit: int) -> list[int]:
        slot = ids.slot_of(author)
        rows = await self._shards.at(slot).rows(sql.bells, slot=slot, account_id=author, cursor=cursor, limit=limit)
        return [row["follower_id"] for row in rows]

    async def _ring(self, header: Header, named: set[int], cursor: int, advance: Advance) -> None:
        while followers := await self._bells(header.author, cursor, BELLS_A_PAGE):
            # Once for one post, and a mention says more.
            rest = [follower for follower in followers if follower not in named]
            await self._tell(rest, Kind.STATUS, header.author, header.id, header.id)
            if len(followers) < BELLS_A_PAGE:
                return
            cursor = followers[-1]
            await advance(cursor)

    async def _change(self, kind: Kind, recipient: int, by: int, subject_id: int, rev: int, *, gone: bool) -> None:
        if not gone:
            await self._tell([recipient], kind, by, subject_id, rev)
        elif recipient != by:
            slot = ids.slot_of(recipient)
            about = {"kind": int(kind), "from_id": by, "subject_id": subject_id, "rev": rev}
            shard = self._shards.at(slot)
            await shard.run(sql.take_back, slot=slot, account_id=recipient, **about)
            await self._notices.refresh(shard, [recipient])

    async def _tell(self, recipients: Collection[int], kind: Kind, by: int, subject_id: int, rev: int) -> None:
        """Tell `recipients`; a shard that is away does not keep it from the others. Raises StoreUnavailableError."""

        async def tell(shard: Shard, some: list[int]) -> None:
            slots = [ids.slot_of(ident) for ident in some]
            about = {"kind": int(kind), "from_id": by, "subject_id": subject_id, "rev": rev}
            rows: list[Row] = await shard.rows(sql.tell, slots=slots, account_ids=some, **about)
            # All of them: a worker may have died here, and then nobody is told anew.
            await self._notices.refresh(shard, some)
            await asyncio.gather(*(self._herald(row["account_id"], row["id"]) for row in rows))

        # In the same order by everybody: two who tell the same people wait for each other only.
        grouped = self._shards.group(sorted(set(recipients) - {by}))
        done = await asyncio.gather(*(tell(shard, some) for shard, some in grouped.items()), return_exceptions=True)
        for outcome in done:
            if outcome is not None:
                raise outcome

    async def _unless_gone(self, header: Header) -> None:
        """A post that was deleted while it was told of: whoever has cleaned up behind it may have been too early."""
        if (await self._header(header.id)).gone:
            await self.forget(header)

    async def _erase(self, post_id: int) -> None:
        await asyncio.gather(*(self._erase_at(shard, post_id) for shard in self._shards.all))

    async def _erase_at(self, shard: Shard, post_id: int) -> None:
        erased = ERASED_A_PAGE
        while erased == ERASED_A_PAGE:
            async with shard.transaction() as transaction:
                rows = await transaction.rows(sql.erase, subject_id=post_id, limit=ERASED_A_PAGE)
                if told := {row["account_id"] for row in rows}:
                    # Whoever dies here leaves no row by which the next could know whom it was that had been told.
                    await tell_changed(transaction, *told)
            await self._notices.refresh(shard, told)
            erased = len(rows)


def _addressed(header: Header) -> bool:
    return is_addressed(header.visibility, header.mentioned, header.reply_to)


def _rings(header: Header) -> bool:
    return not header.original and does_ring(header.visibility, header.author, header.reply_to)
