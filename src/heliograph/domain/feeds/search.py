"""Search as somebody sees it: accounts, posts, hashtags, each only if they may find it.

A block hides in both directions, but from who blocks only until they give the exact name. Posts are found by words only by who wrote them, by their address by whoever may see them.
"""

from heliograph.base.paging import Page
from heliograph.domain.accounts.search import NOBODY, AccountSearch, Seeker
from heliograph.domain.feeds.people import People
from heliograph.domain.feeds.timelines import Timelines
from heliograph.domain.graph.relations import RelationsReader
from heliograph.domain.posts.hashtag import Hashtag
from heliograph.domain.posts.hashtags import Hashtags
from heliograph.domain.posts.search import PostSearch
from heliograph.stores.shards import Shards


class Search:
    """Finds for a viewer; None is somebody who is not logged in."""

    def __init__(
        self,
        shards: Shards,
        accounts: AccountSearch,
        hashtags: Hashtags,
        people: People,
        timelines: Timelines,
        relations: RelationsReader,
    ) -> None:
        self._accounts = accounts
        self._posts = PostSearch(shards)
        self._hashtags = hashtags
        self._people = people
        self._timelines = timelines
        self._relations = relations

    async def account(self, viewer: int | None, name: str, *, following: bool = False) -> list[bytes]:
        """The account with exactly this user name, as JSON: one or none."""
        found = await self._accounts.named(name, await self._seeker(viewer), following=following)
        return await self._people.many(found)

    async def accounts(
        self, viewer: int | None, words: str, limit: int, offset: int = 0, *, following: bool = False
    ) -> list[bytes]:
        """Accounts by their names, best first, as JSON."""
        found = await self._accounts.find(words, await self._seeker(viewer), following=following)
        return await self._people.many(found[offset : offset + limit])

    async def post(self, viewer: int | None, post_id: int, author: int | None = None) -> list[bytes]:
        """The post `post_id`, as JSON: one or none. `author`: only if it is theirs."""
        found = await self._timelines.posts(viewer, [post_id])
        if not found or author is None:
            return found
        header = await self._timelines.header(viewer, post_id)
        return found if header.author == author else []

    async def posts(
        self, viewer: int | None, words: str, page: Page, offset: int = 0, author: int | None = None
    ) -> list[bytes]:
        """The viewer's own posts that hold all of `words`, newest first, as JSON. `author`: only if that is the viewer."""
        if viewer is None or author not in (None, viewer):
            return []
        return await self._timelines.posts(viewer, await self._posts.own(viewer, words, page, offset))

    async def hashtags(self, viewer: int | None, prefix: str, limit: int, offset: int = 0) -> list[Hashtag]:
        """Hashtags that begin with `prefix` (any case), the exact one first."""
        names = await self._hashtags.beginning(prefix.lower(), limit, offset)
        return await self._hashtags.many(names, viewer)

    async def _seeker(self, viewer: int | None) -> Seeker:
        if viewer is None:
            return NOBODY
        relations = await self._relations.of(viewer)
        return Seeker(viewer, relations.following, relations.blocked, relations.blocking)
