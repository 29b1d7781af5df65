"""Fan-out on write: committed posts go to the home feeds of their authors' followers, or they are left to be pulled.

Posts to few followers are delivered together: what they need is asked once for all of them, and goes to Valkey in common
waves. A large audience is *spread* by itself, page by page in the order of ids; the cursor moves only after a page is in, so
a worker may die anywhere and another goes on without a follower missed. A post that arrives twice is in a feed once.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence

from heliograph.domain.feeds.choice import Choice
from heliograph.domain.feeds.crossing import Audience
from heliograph.domain.graph.follows import followers_page, followers_together
from heliograph.domain.posts.publish import NewPost
from heliograph.stores.idlists import HOME, RECENT, IdLists
from heliograph.stores.pace import Pace
from heliograph.stores.pushing import Push
from heliograph.stores.shards import Shards

# What is left of a post's message when its audience is large.
SPREAD = "post.spread"
# Followers up to which an audience is delivered together with others.
FEW = 1_000
# Of a large one; between two pages the worker may die for free, and its cursor costs the database a write.
PAGE = 10_000

Advance = Callable[[int], Awaitable[None]]
Progress = Callable[[int, int], Awaitable[None]]


class Delivery:
    """Delivers posts. `choice` says who is pushed; `pace` counts."""

    def __init__(self, shards: Shards, lists: IdLists, choice: Choice, pace: Pace) -> None:
        self._shards = shards
        self._lists = lists
        self._choice = choice
        self._pace = pace

    async def at_once(self, post_id: int, author: int, only: list[int] | None) -> None:
        """The part that the request itself does: the author's own home, and the list of those who pull.

        `only`: the accounts that a direct post is for, None for a post that goes to all followers.
        """
        if only is None:
            await self._lists.push_own(post_id, author)
        else:
            await self._lists.push([(HOME, post_id, {author, *only})])

    async def deliver(self, posts: Sequence[NewPost]) -> set[int]:
        """Deliver posts; gives those that are to be spread, since many follow their authors."""
        audiences = await self._choice.audiences({post.author for post in posts if post.only is None})
        pushed = [post for post in posts if post.only is None and _is_pushed(post, audiences)]
        few = {post.author for post in pushed if audiences[post.author].followers <= FEW}
        # One more than few: a count may lag behind a crowd that has just come.
        found = await followers_together(self._shards, few, FEW + 1)
        followers = {author: some for author, some in found.items() if len(some) <= FEW}
        delivered = [(HOME, post.post, followers[post.author]) for post in pushed if post.author in followers]
        await self._lists.push([*_own(posts), *delivered])
        self._pace.count(sum(len(some) for _, _, some in delivered))
        return {post.post for post in pushed if post.author not in followers}

    async def spread(self, post_id: int, author: int, cursor: int, advance: Progress) -> None:
        """Deliver a post to all followers after `cursor`; `advance` is told the cursor and how many after each page.

        The next page is read while one is pushed.
        """
        reading = self._page(author, cursor)
        try:
            while followers := await reading:
                cursor = followers[-1]
                reading = self._page(author, cursor)
                await self._lists.push([(HOME, post_id, followers)])
                self._pace.count(len(followers))
                await advance(cursor, len(followers))
        finally:
            reading.cancel()
            # A query that is broken off may fail over that, and nobody else asks what became of it.
            await asyncio.gather(reading, return_exceptions=True)

    def _page(self, author: int, cursor: int) -> asyncio.Task[list[int]]:
        return asyncio.create_task(followers_page(self._shards, author, cursor, PAGE))


def _is_pushed(post: NewPost, audiences: dict[int, Audience]) -> bool:
    audience = audiences.get(post.author)
    return audience is not None and not audience.pulls(post.post)


def _own(posts: Collection[NewPost]) -> list[Push]:
    """What the request has done, once more."""
    homes: list[Push] = [(HOME, post.post, {post.author, *(post.only or ())}) for post in posts]
    return homes + [(RECENT, post.post, [post.author]) for post in posts if post.only is None]
