"""Which posts a viewer has marked (liked). Asked for every page that a viewer reads, so kept close, like relations.

The newest KEPT posts (by the post's id) that a viewer likes are one cached fragment; older ones are asked of the
viewer's shard.
"""

from collections import OrderedDict
from collections.abc import Sequence

import msgspec

from heliograph.base import ids
from heliograph.domain.graph.relations import IdSet
from heliograph.stores.cache import Cache
from heliograph.stores.queries import load
from heliograph.stores.shards import Shards

sql = load("likes")

MARKS = "marks"
KEPT = 1000
KEPT_VIEWERS = 2000


class Marks(msgspec.Struct, frozen=True):
    """The liked posts of a viewer with an id above `floor`, all of them."""

    liked: IdSet
    floor: int


class MarksReader:
    """Reads marks: from this process, else from the cache, else from PostgreSQL."""

    def __init__(self, shards: Shards, cache: Cache) -> None:
        self._shards = shards
        self._cache = cache
        self._kept: OrderedDict[int, tuple[int, Marks]] = OrderedDict()

    async def liked_among(self, viewer: int, post_ids: Sequence[int], version: int | None = None) -> set[int]:
        """Which of `post_ids` the viewer likes; `version`: the fragment's, where a wave has just read it."""
        if not post_ids:
            return set()
        marks = await self._of(viewer, version)
        liked = {post_id for post_id in post_ids if post_id in marks.liked}
        older = [post_id for post_id in post_ids if post_id <= marks.floor]
        if older:
            slot = ids.slot_of(viewer)
            rows = await self._shards.at(slot).rows(sql.marked_among, slot=slot, account_id=viewer, ids=older)
            liked |= {row["post_id"] for row in rows}
        return liked

    async def _of(self, viewer: int, version: int | None) -> Marks:
        if version is None:
            (version,) = await self._cache.versions([(MARKS, viewer)])
        entry = self._kept.get(viewer)
        if entry is not None and entry[0] == version:
            self._kept.move_to_end(viewer)
            return entry[1]
        fragment = await self._cache.fragment(MARKS, viewer)
        if fragment is None:
            return await self._load(viewer)
        return self._keep(viewer, fragment[0], _marks(IdSet.unpack(fragment[1])))

    async def _load(self, viewer: int) -> Marks:
        slot = ids.slot_of(viewer)
        position, rows = await self._shards.at(slot).versioned(sql.marked, slot=slot, account_id=viewer, limit=KEPT)
        liked = IdSet(row["post_id"] for row in rows)
        await self._cache.fill(MARKS, position, {viewer: liked.pack()})
        return self._keep(viewer, position, _marks(liked))

    def _keep(self, viewer: int, version: int, marks: Marks) -> Marks:
        self._kept[viewer] = (version, marks)
        self._kept.move_to_end(viewer)
        while len(self._kept) > KEPT_VIEWERS:
            self._kept.popitem(last=False)
        return marks


def _marks(liked: IdSet) -> Marks:
    return Marks(liked, min(liked) - 1 if len(liked) >= KEPT else 0)
