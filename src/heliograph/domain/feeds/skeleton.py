"""Step 1 of a home feed: which posts, by id. The reader's own list merged with those of pulled authors and hashtags.

All that belongs to the reader is read in one wave, or has been kept by this process; then the wave only hears whether it
has changed.

Merging stops at the highest floor of any list that was cut: below it the shards are asked, so that there is no hole.
While Valkey is away they are asked for everything.
"""

import asyncio
from collections.abc import Sequence

import msgspec

from heliograph.base.errors import StoreUnavailableError
from heliograph.base.paging import Page
from heliograph.domain.feeds.pull import HomePull
from heliograph.domain.feeds.pulled import PulledAuthors
from heliograph.domain.feeds.rebuild import Rebuilder
from heliograph.domain.graph.relations import RELATIONS, Relations, RelationsReader
from heliograph.domain.posts.marks import MARKS, MarksReader
from heliograph.stores.cache import Cache, note_degraded
from heliograph.stores.idlists import HEAD, HOME, IdList, IdLists

# Read a little more than a page: one or two of it may not be shown, and then no second round is needed.
OVERFETCH = 2


class Skeleton(msgspec.Struct, frozen=True):
    """Candidate ids, newest first. `exhausted`: nothing lies beyond them in the direction of the page.

    `heard`: Valkey has been heard since the page was asked for, so what this process keeps may be believed.
    """

    ids: list[int]
    relations: Relations
    exhausted: bool
    heard: bool


class HomeSkeletons:
    """Makes skeletons of home feeds."""

    def __init__(
        self,
        cache: Cache,
        lists: IdLists,
        relations: RelationsReader,
        marks: MarksReader,
        home_pull: HomePull,
        pulled: PulledAuthors,
        rebuilder: Rebuilder,
        ttl_s: int,
    ) -> None:
        self._cache = cache
        self._lists = lists
        self._relations = relations
        self._marks = marks
        self._home_pull = home_pull
        self._pulled = pulled
        self._rebuilder = rebuilder
        self._ttl_s = ttl_s

    async def home(self, viewer: int, page: Page) -> Skeleton:
        """The ids that `page` of the home feed of `viewer` is made of."""
        wanted = page.of(page.limit + OVERFETCH)
        heard = False
        lists: Sequence[IdList] | None = None
        try:
            await self._hear(viewer)
            heard = True
            relations = self._relations.kept(viewer) or await self._relations.of(viewer, heard=True)
            lists = await self._read(viewer, relations, wanted)
        except StoreUnavailableError as error:
            if error.store != "valkey":
                raise
            note_degraded("feeds")
            relations = await self._relations.of(viewer)
        found = await self._merge(viewer, relations, lists, wanted)
        return Skeleton(found, relations, exhausted=len(found) < wanted.limit, heard=heard)

    async def _hear(self, viewer: int) -> None:
        """One wave, after which what is kept may be believed; it brings what is not kept of the reader's."""
        await self._pulled.look()
        relations = self._relations.kept(viewer)
        pulled = self._pulled.merged(relations) if relations else []
        lists = [key for key in ((HOME, viewer), *pulled) if self._lists.kept(*key) is None]
        if relations is None or self._marks.kept(viewer) is None:
            own = [(RELATIONS, [viewer]), (MARKS, [viewer])]
            await asyncio.gather(self._cache.read(own), self._lists.heads(lists, self._ttl_s))
        elif lists:
            await self._lists.heads(lists, self._ttl_s)
        else:
            await self._cache.hear()

    async def _read(self, viewer: int, relations: Relations, page: Page) -> list[IdList]:
        """The lists that the page is merged of."""
        wanted = [(HOME, viewer), *self._pulled.merged(relations)]
        spans = self._pulled.spans(wanted)
        near = page.max_id is None and not page.ascending and page.limit < HEAD
        if near:
            lists = await self._lists.heads(wanted, self._ttl_s, heard=True)
        else:
            lists = await self._lists.read(wanted, self._lists.cap, self._ttl_s)
        for at, key in enumerate(wanted):
            if not lists[at].built:
                await self._rebuilder.build(*key)
                lists[at : at + 1] = await self._lists.read([key], self._lists.cap, self._ttl_s)
        return self._pulled.cut(relations, spans, lists)

    async def _merge(self, viewer: int, relations: Relations, lists: Sequence[IdList] | None, page: Page) -> list[int]:
        if lists is None or not all(each.built for each in lists):
            return await self._home_pull.page_of(viewer, relations, page)
        if page.is_first and (newest := _newest(lists, page.limit)):
            return newest
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


def _newest(lists: Sequence[IdList], count: int) -> list[int]:
    """The `count` newest ids of all `lists`, if the first holds so many by itself and no other ends among them; else none.

    What is older than those is not looked at, so it does not matter where each list was cut.
    """
    own = lists[0].ids
    if len(own) < count:
        return []
    oldest = own[count - 1]
    newer: set[int] = set()
    for each in lists[1:]:
        if each.floor > oldest and len(each.ids) < count:
            return []
        if each.ids and each.ids[0] > oldest:
            newer.update(ident for ident in each.ids if ident > oldest)
    return sorted(newer.union(own[:count]), reverse=True)[:count] if newer else own[:count]
