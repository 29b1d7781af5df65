"""Building an id list that does not exist: for a reader who comes back, or what has become pulled, an author or a hashtag.

First the list is made to exist, so that what is delivered meanwhile lands in it; then the shards are read; then both are
merged. Whoever dies in between leaves a list that is not built, and the next reader builds it again.
"""

import asyncio
from collections.abc import Awaitable, Callable

from heliograph.base import metrics
from heliograph.base.errors import PendingError
from heliograph.base.paging import Page
from heliograph.domain.feeds import pull
from heliograph.domain.feeds.pull import HomePull
from heliograph.domain.feeds.pulled import PulledAuthors
from heliograph.domain.feeds.tagged import TaggedPosts
from heliograph.domain.graph.relations import RelationsReader
from heliograph.stores.idlists import HOME, PUBLIC, RECENT, TAGGED, IdLists
from heliograph.stores.queries import load
from heliograph.stores.shards import Shards

sql = load("posts")

# A list that takes longer to build than this is answered with "not yet" (206) and goes on being built.
PATIENCE_S = 2.0


class Rebuilder:
    """Builds id lists, each once at a time in this process. Raises PendingError for one that takes long."""

    def __init__(
        self,
        shards: Shards,
        lists: IdLists,
        relations: RelationsReader,
        home_pull: HomePull,
        tagged: TaggedPosts,
        pulled: PulledAuthors,
        ttl_s: int,
    ) -> None:
        self._shards = shards
        self._lists = lists
        self._relations = relations
        self._home_pull = home_pull
        self._tagged = tagged
        self._pulled = pulled
        self._ttl_s = ttl_s
        self._running: dict[tuple[str, int], asyncio.Task[None]] = {}

    async def build(self, kind: str, ident: int) -> None:
        """Build the list `kind` of `ident`: a home feed (HOME), an author's recent posts (RECENT), a hashtag's (TAGGED).

        Or one of everybody's posts (PUBLIC).
        """
        builders = {
            HOME: self._build_home,
            RECENT: self._build_recent,
            TAGGED: self._build_tagged,
            PUBLIC: self._build_public,
        }
        await self._once(kind, ident, lambda: builders[kind](ident))

    async def _once(self, kind: str, ident: int, build: Callable[[], Awaitable[None]]) -> None:
        key = (kind, ident)
        task = self._running.get(key)
        if task is None:
            task = asyncio.ensure_future(build())
            self._running[key] = task
            task.add_done_callback(lambda done: self._finished(key, done))
        # Whoever waits may give up; the building goes on.
        try:
            async with asyncio.timeout(PATIENCE_S):
                await asyncio.shield(task)
        except TimeoutError:
            raise PendingError from None

    def _finished(self, key: tuple[str, int], task: asyncio.Task[None]) -> None:
        del self._running[key]
        if not task.cancelled():
            # Looked at, so that a failure of which everybody gave up waiting is not reported as forgotten.
            task.exception()

    async def _build_home(self, viewer: int) -> None:
        await self._lists.begin(HOME, viewer, self._ttl_s)
        # Read after the list exists: whoever is followed from here on is merged into it by the follow itself.
        relations = await self._relations.of(viewer)
        found = await self._home_pull.newest(viewer, relations, self._lists.cap)
        await self._lists.finish(HOME, viewer, found, pull.floor_of(found, self._lists.cap), self._ttl_s)
        metrics.feed_rebuilds.inc()

    async def _build_recent(self, author: int) -> None:
        await self._lists.begin(RECENT, author, self._ttl_s)
        found, floor = await pull.of_author(self._shards, author, 0, self._lists.cap)
        await self._lists.finish(RECENT, author, found, floor, self._ttl_s)

    async def _build_tagged(self, number: int) -> None:
        await self._lists.begin(TAGGED, number, self._ttl_s)
        found = await self._tagged.page_of([self._pulled.tag(number)], Page(limit=self._lists.cap))
        await self._lists.finish(TAGGED, number, found, pull.floor_of(found, self._lists.cap), self._ttl_s)

    async def _build_public(self, number: int) -> None:
        await self._lists.begin(PUBLIC, number, self._ttl_s)
        page = Page(limit=self._lists.cap)
        bounds = {"below": page.below, "above": page.above, "limit": page.limit}
        rows = await self._shards.scatter(sql.public_newest, **bounds, media_only=number > 0, passed=[])
        found = page.cut([row["id"] for row in rows])
        await self._lists.finish(PUBLIC, number, found, pull.floor_of(found, self._lists.cap), self._ttl_s)
