"""Conversations as posts make them: a direct post brings its thread to the top with everybody whom it is for.

Only a newer post changes a conversation, so messages may come twice, late or out of order; what is deleted gives its
place to the newest direct post of the thread that is left.
"""

from collections.abc import Awaitable, Callable

from heliograph.base import ids
from heliograph.domain.posts.fragments import Posts
from heliograph.domain.posts.post import Header, Visibility
from heliograph.stores.queries import load
from heliograph.stores.shards import Shards

sql = load("conversations")

# So many newer posts of a thread are looked through, when the last one of a conversation was deleted.
LOOKED_BACK = 200

# (account, what they are told of): there is something new.
Herald = Callable[[int, int], Awaitable[None]]


class Correspondence:
    """Keeps conversations up to date. `herald` is told of each change."""

    def __init__(self, shards: Shards, posts: Posts, herald: Herald) -> None:
        self._shards = shards
        self._posts = posts
        self._herald = herald

    async def add(self, post_id: int) -> None:
        """A post was published, or mentions more people now; only a direct one changes anything."""
        header, _ = (await self._posts.fragments([post_id]))[post_id]
        if header.gone or header.visibility != Visibility.DIRECT:
            return
        everybody = sorted({header.author, *header.mentioned})
        for shard, some in self._shards.group(everybody).items():
            rows = await shard.rows(
                sql.add,
                slots=[ids.slot_of(ident) for ident in some],
                account_ids=some,
                everybody=everybody,
                author_id=header.author,
                root_id=header.root or post_id,
                post_id=post_id,
            )
            for row in rows:
                await self._herald(row["account_id"], row["id"])

    async def forget(self, header: Header) -> None:
        """A post was deleted, that was `header`: the conversations that it was the last of fall back, or end."""
        if header.visibility != Visibility.DIRECT:
            return
        root_id = header.root or header.id
        earlier = await self._earlier(root_id, header.id)
        for account_id in {header.author, *header.mentioned}:
            await self._fall_back(account_id, root_id, header.id, earlier)

    async def _earlier(self, root_id: int, post_id: int) -> list[Header]:
        """The direct posts of a thread that are older than `post_id`, newest first."""
        slot = ids.slot_of(root_id)
        rows = await self._shards.at(slot).rows(
            sql.thread, slot=slot, root_id=root_id, below=post_id, limit=LOOKED_BACK
        )
        found = await self._posts.fragments({*(row["post_id"] for row in rows), root_id} - {post_id})
        alive = [header for header, _ in found.values() if not header.gone]
        direct = [header for header in alive if header.visibility == Visibility.DIRECT]
        return sorted(direct, key=lambda header: header.id, reverse=True)

    async def _fall_back(self, account_id: int, root_id: int, post_id: int, earlier: list[Header]) -> None:
        own = next((each for each in earlier if account_id in (each.author, *each.mentioned)), None)
        place = {"slot": ids.slot_of(account_id), "account_id": account_id, "root_id": root_id, "post_id": post_id}
        shard = self._shards.of(account_id)
        if own is None:
            await shard.run(sql.end, **place)
            return
        people = sorted({own.author, *own.mentioned} - {account_id})
        await shard.run(sql.fall_back, earlier_id=own.id, people=people, **place)

    async def sweep(self, below: int) -> None:
        """Forget conversations that were removed, and whose last post is older than `below`."""
        for shard in self._shards.all:
            await shard.chore(sql.sweep, below=below)
