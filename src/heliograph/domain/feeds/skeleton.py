"""Step 1 of a home feed: which posts, by id. The reader's own list merged with those of pulled authors.

Merging stops at the highest floor of any list that was cut: below it the shards are asked, so that there is no hole.
While Valkey is away they are asked for everything.
"""

from collections.abc import Sequence

import msgspec

from heliograph.base.errors import StoreUnavailableError
from heliograph.base.paging import Page
from heliograph.domain.feeds import pull
from heliograph.domain.feeds.pulled import PulledAuthors
from heliograph.domain.feeds.rebuild import Rebuilder
from heliograph.domain.graph.relations import RELATIONS, Relations, RelationsReader
from heliograph.domain.posts.marks import MARKS
from heliograph.stores.cache import note_degraded
from heliograph.stores.idlists import HOME, RECENT, IdList, IdLists
from heliograph.stores.shards import Shards

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
        shards: Shards,
        lists: IdLists,
        relations: RelationsReader,
        pulled: PulledAuthors,
        rebuilder: Rebuilder,
        ttl_s: int,
    ) -> None:
        self._shards = shards
        self._lists = lists
        self._relations = relations
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
        pulled = await self._pulled.among(guess) if guess else []
        window = page.limit + 1 if page.max_id is None and not page.ascending else self._lists.cap
        keys = [(HOME, viewer), *((RECENT, author) for author in pulled)]
        heads = [(RELATIONS, viewer), (MARKS, viewer)]
        lists, (relations_version, marks_version) = await self._lists.read(keys, window, self._ttl_s, heads)
        relations = await self._relations.of(viewer, relations_version)
        if relations is not guess:
            pulled = await self._pulled.among(relations)
            recent, _ = await self._lists.read([(RECENT, author) for author in pulled], window, self._ttl_s)
            lists = [lists[0], *recent]
        if not lists[0].built:
            await self._rebuilder.home(viewer)
            lists[:1], _ = await self._lists.read([(HOME, viewer)], window, self._ttl_s)
        for at, author in enumerate(pulled, start=1):
            if not lists[at].built:
                await self._rebuilder.recent(author)
                lists[at : at + 1], _ = await self._lists.read([(RECENT, author)], window, self._ttl_s)
        return relations, lists, marks_version

    async def _merge(self, viewer: int, relations: Relations, lists: Sequence[IdList] | None, page: Page) -> list[int]:
        if lists is None or not all(each.built for each in lists):
            return await pull.page_of(self._shards, viewer, relations.following, page)
        floor = max(each.floor for each in lists)
        known = [ident for each in lists for ident in each.ids if ident > floor]
        if page.ascending:
            if page.above < floor:
                return await pull.page_of(self._shards, viewer, relations.following, page)
            return page.cut(known)
        found = page.cut(known)
        if len(found) < page.limit and page.above < floor:
            rest = page.limit - len(found)
            below = min(page.below, floor + 1)
            bounds = {"below": below, "above": page.above}
            found += await pull.newest(self._shards, viewer, relations.following, rest, **bounds)
        return found
