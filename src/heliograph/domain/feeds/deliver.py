"""Fan-out on write: a committed post goes to the home feeds of its author's followers, or it is left to be pulled.

Followers are read in pages in the order of their ids; the cursor moves only after a page is in, so a worker may die
anywhere and another goes on without a follower missed. A post that arrives twice is in a feed once.
"""

from collections.abc import Awaitable, Callable

from heliograph.base import metrics
from heliograph.domain.feeds.choice import Choice
from heliograph.domain.graph.follows import followers_page
from heliograph.stores.idlists import HOME, IdLists
from heliograph.stores.shards import Shards

# 64 buckets share a page: this many make calls of some 150 ids each, where Valkey spends its time on ids.
PAGE = 10_000

Advance = Callable[[int], Awaitable[None]]


class Delivery:
    """Delivers posts. `choice` says who is pushed."""

    def __init__(self, shards: Shards, lists: IdLists, choice: Choice) -> None:
        self._shards = shards
        self._lists = lists
        self._choice = choice

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
        audience = (await self._choice.audiences([author])).get(author)
        if audience is None or audience.pulls(post_id):
            return
        while followers := await followers_page(self._shards, author, cursor, PAGE):
            await self._lists.push(HOME, post_id, followers)
            metrics.feed_deliveries.inc(len(followers))
            cursor = followers[-1]
            if len(followers) < PAGE:
                return
            await advance(cursor)
