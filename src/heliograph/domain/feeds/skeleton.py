"""Step 1 of a home feed: which posts, by id. The reader's own list merged with those of pulled authors and hashtags.

Merging stops at the highest floor of any list that was cut: below it the shards are asked, so that there is no hole.
While Valkey is away they are asked for everything.
"""

from collections.abc import Sequence

import msgspec

from heliograph.base.errors import StoreUnavailableError
from heliograph.base.paging import Page
from heliograph.domain.feeds.pull import HomePull
from heliograph.domain.feeds.pulled import PulledAuthors
from heliograph.domain.feeds.rebuild import Rebuilder
from heliograph.domain.graph.relations import RELATIONS, Relations, RelationsReader
from heliograph.domain.posts.marks import MARKS
from heliograph.stores.cache import note_degraded
from heliograph.stores.idlists import HOME, IdList, IdLists

# Read a little more than a page: one or two of it may not be shown, and then no second round is needed.
OVERFETCH = 2


class Skeleton(msgspec.Struct, frozen=True):
    """Candidate ids, newest first. `exhausted`: nothing lies beyond them in the direction of the page."""

    ids: list[int]
    relations: Relations
    marks_version: int | None
    exhausted: bool


class HomeSkeletons:
    """Makes skeletons of home feeds."""

    def __init__(
        self,
        lists: IdLists,
        relations: RelationsReader,
        home_pull: HomePull,
        pulled: PulledAuthors,
        rebuilder: Rebuilder,
        ttl_s: int,
    ) -> None:
        self._lists = lists
        self._relations = relations
        self._home_pull = home_pull
        self._pulled = pulled
        self._rebuilder = rebuilder
        self._ttl_s = ttl_s

    async def home(self, viewer: int, page: Page) -> Skeleton:
        """The ids that `page` of the home feed of `viewer` is made of."""
        wanted = msgspec.structs.replace(page, limit=page.limit + OVERFETCH)
        try:
            relations, lists, marks_version = await self._read(viewer, wanted)
        except StoreUnavailableError as error:
            if error.store != "valkey":
                raise
            note_degraded("feeds")
            relations, lists, marks_version = await self._relations.of(viewer), None, None
        found = await self._merge(viewer, relations, lists, wanted)
        return Skeleton(found, relations, marks_version, exhausted=len(found) < wanted.limit)

    async def _read(self, viewer: int, page: Page) -> tuple[Relations, list[IdList], int | None]:
        """Wave 1: the lists and the versions of what this process keeps; more only for what it did not know."""
        guess = self._relations.kept(viewer)
        pulled = await self._pulled.lists(guess) if guess else []
        window = page.limit + 1 if page.max_id is None and not page.ascending else self._lists.cap
        heads = [(RELATIONS, viewer), (MARKS, viewer)]
        lists, (relations_version, marks_version) = await self._lists.read(
            [(HOME, viewer), *pulled], window, self._ttl_s, heads
        )
        relations = await self._relations.of(viewer, relations_version)
        if relations is not guess:
            pulled = await self._pulled.lists(relations)
            recent, _ = await self._lists.read(pulled, window, self._ttl_s)
            lists = [lists[0], *recent]
        for at, key in enumerate([(HOME, viewer), *pulled]):
            if not lists[at].built:
                await self._rebuilder.build(*key)
                lists[at : at + 1], _ = await self._lists.read([key], window, self._ttl_s)
        return relations, lists, marks_version

    async def _merge(self, viewer: int, relations: Relations, lists: Sequence[IdList] | None, page: Page) -> list[int]:
        if lists is None or not all(each.built for each in lists):
            return await self._home_pull.page_of(viewer, relations, page)
        floor = max(each.floor for each in lists)
        known = [ident for each in lists for ident in each.ids if ident > floor]
        if page.ascending:
            if page.above < floor:
                return await self._home_pull.page_of(viewer, relations, page)
            return page.cut(known)
        found = page.cut(known)
        if len(found) < page.limit and page.above < floor:
            rest = Page(limit=page.limit - len(found), max_id=min(page.below, floor + 1), since_id=page.above)
            found += await self._home_pull.page_of(viewer, relations, rest)
        return found
