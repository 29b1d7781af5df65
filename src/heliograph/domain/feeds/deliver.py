"""Fan-out on write: a committed post goes to the home feeds of its author's followers, or it is left to be pulled.

Followers are read in pages in the order of their ids; the cursor moves only after a page is in, so a worker may die
anywhere and another goes on without a follower missed. A post that arrives twice is in a feed once.
"""

from collections.abc import Awaitable, Callable

from heliograph.base import ids, metrics
from heliograph.domain.feeds import pull
from heliograph.domain.feeds.pulled import PulledAuthors
from heliograph.domain.graph.follows import followers_page
from heliograph.stores.idlists import HOME, IdLists
from heliograph.stores.shards import Shards

# 64 buckets share a page: this many make calls of some 150 ids each, where Valkey spends its time on ids.
PAGE = 10_000
# An author is pushed again only well below the limit, so that nobody goes back and forth.
PUSH_AGAIN_SHARE = 0.8

Advance = Callable[[int], Awaitable[None]]


class Delivery:
    """Delivers posts. `push_limit`: followers up to which an author is pushed."""

    def __init__(self, shards: Shards, lists: IdLists, pulled: PulledAuthors, push_limit: int) -> None:
        self._shards = shards
        self._lists = lists
        self._pulled = pulled
        self._push_limit = push_limit

    async def at_once(self, post_id: int, author: int, only: list[int] | None) -> None:
        """The part that the request itself does: the author's own home, and the list of those who pull.

        `only`: the accounts that a direct post is for, None for a post that goes to all followers.
        """
        if only is None:
            await self._lists.push_own(post_id, author)
        else:
            await self._lists.push(HOME, post_id, {author, *only})

    async def deliver(self, post_id: int, author: int, only: list[int] | None, cursor: int, advance: Advance) -> None:
        """Deliver a post to all followers after `cursor`, or to `only`; `advance` is told the cursor after each page."""
        await self.at_once(post_id, author, only)
        if only is not None:
            return
        pull_from = await self._decide(author)
        if pull_from is not None and post_id >= pull_from:
            return
        while followers := await followers_page(self._shards, author, cursor, PAGE):
            await self._lists.push(HOME, post_id, followers)
            metrics.feed_deliveries.inc(len(followers))
            cursor = followers[-1]
            if len(followers) < PAGE:
                return
            await advance(cursor)

    async def _decide(self, author: int) -> int | None:
        """From which id on the posts of `author` are pulled; crossing the limit is noticed here."""
        audience = await self._pulled.audience(author)
        if audience.pull_from is None and audience.followers > self._push_limit:
            return await self._pulled.start(author)
        pulled = audience.pull_from not in (None, ids.MAX_ID)
        if pulled and audience.followers < self._push_limit * PUSH_AGAIN_SHARE:
            await self._pulled.push_again(author)
            return None
        return audience.pull_from

    async def backfill(self, author: int, cursor: int, advance: Advance) -> None:
        """Push the recent posts of an author who is pushed again; then nobody needs to pull them any more."""
        recent, floor = await pull.of_author(self._shards, author, 0, self._lists.cap)
        while followers := await followers_page(self._shards, author, cursor, PAGE):
            for follower in followers:
                await self._lists.add(HOME, follower, recent, floor)
            cursor = followers[-1]
            await advance(cursor)
        await self._pulled.end(author)
