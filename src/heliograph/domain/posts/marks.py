"""Which posts a viewer has marked: liked, reblogged, bookmarked, pinned. Asked for every page, so kept close, like relations.

Of each mark the newest KEPT posts (by the post's id) are one cached fragment; older ones are asked of the viewer's shard.
"""

from collections import OrderedDict
from collections.abc import Iterable, Sequence

import msgspec

from heliograph.base import ids
from heliograph.domain.graph.idset import NONE, IdSet, packed, unpacked
from heliograph.stores import outbox
from heliograph.stores.cache import Cache
from heliograph.stores.queries import load
from heliograph.stores.shards import Row, Shards, Transaction

sql = load("marks")

# The number grows with the layout, so that what an older version has cached is not read as if it were new.
MARKS = "marks2"
CHANGED = "marks.changed"
KEPT = 1000
KEPT_VIEWERS = 2000


class Marked(msgspec.Struct, frozen=True):
    """The posts that a viewer has marked in one way or another, of those asked about."""

    liked: set[int] | IdSet
    reblogged: set[int] | IdSet
    bookmarked: set[int] | IdSet
    pinned: set[int] | IdSet


UNMARKED = Marked(NONE, NONE, NONE, NONE)
# As `kind` of sql/marks.sql says.
_KINDS = range(1, 5)


class Marks(msgspec.Struct, frozen=True):
    """The marked posts of a viewer with an id above `floor`, all of them."""

    marked: Marked
    floor: int

    def pack(self) -> bytes:
        """All of it as bytes, never empty."""
        return packed(self.floor, [IdSet(each) for each in msgspec.structs.astuple(self.marked)])

    @classmethod
    def unpack(cls, data: bytes) -> "Marks":
        """The marks that `pack` wrote."""
        floor, sets = unpacked(data, len(_KINDS))
        return cls(Marked(*sets), floor)


class MarksReader:
    """Reads marks: from this process, else from the cache, else from PostgreSQL."""

    def __init__(self, shards: Shards, cache: Cache) -> None:
        self._shards = shards
        self._cache = cache
        self._kept: OrderedDict[int, tuple[int, Marks]] = OrderedDict()

    async def among(self, viewer: int, post_ids: Sequence[int], version: int | None = None) -> Marked:
        """What the viewer has marked of `post_ids`; `version`: the fragment's, where a wave has just read it."""
        if not post_ids:
            return UNMARKED
        marks = await self._of(viewer, version)
        older = [post_id for post_id in post_ids if post_id <= marks.floor]
        if not older:
            return marks.marked
        slot = ids.slot_of(viewer)
        rows = await self._shards.at(slot).rows(sql.among, slot=slot, account_id=viewer, ids=older)
        known = msgspec.structs.astuple(marks.marked)
        return Marked(
            *(
                {post_id for post_id in post_ids if post_id in had} | set(_of_kind(rows, kind))
                for had, kind in zip(known, _KINDS, strict=True)
            )
        )

    async def of_each(self, viewers: Sequence[int], post_id: int) -> dict[int, Marked]:
        """What each of `viewers` has marked of one post; of whom this process knows already it is confirmed in one wave."""
        versions = await self._cache.versions([(MARKS, viewer) for viewer in viewers])
        return {
            viewer: await self.among(viewer, [post_id], version)
            for viewer, version in zip(viewers, versions, strict=True)
        }

    async def refresh(self, viewer: int) -> None:
        """Handle the message `marks.changed`: believe nothing that was read before now. Raises StoreUnavailableError."""
        await self._cache.invalidate(await self._shards.of(viewer).mark(), [(MARKS, viewer)])

    async def _of(self, viewer: int, version: int | None) -> Marks:
        if version is None:
            (version,) = await self._cache.versions([(MARKS, viewer)])
        entry = self._kept.get(viewer)
        if entry is not None and entry[0] == version and self._cache.believes(MARKS, viewer, entry[0]):
            self._kept.move_to_end(viewer)
            return entry[1]
        fragment = await self._cache.fragment(MARKS, viewer)
        if fragment is None:
            return await self._load(viewer)
        return self._keep(viewer, fragment[0], Marks.unpack(fragment[1]))

    async def _load(self, viewer: int) -> Marks:
        slot = ids.slot_of(viewer)
        began = self._cache.began()
        position, rows = await self._shards.at(slot).versioned(sql.newest, slot=slot, account_id=viewer, limit=KEPT)
        marks = _marks(rows)
        await self._cache.fill(MARKS, position, {viewer: marks.pack()}, began=began)
        return self._keep(viewer, position, marks)

    def _keep(self, viewer: int, version: int, marks: Marks) -> Marks:
        self._kept[viewer] = (version, marks)
        self._kept.move_to_end(viewer)
        while len(self._kept) > KEPT_VIEWERS:
            self._kept.popitem(last=False)
        return marks


async def tell_changed(transaction: Transaction, viewer: int) -> None:
    """Have the outbox see to it, should the cache be away, that a mark with a single end is seen by all."""
    await outbox.put(transaction, ids.slot_of(viewer), CHANGED, {"account": viewer})


def _of_kind(rows: list[Row], kind: int) -> Iterable[int]:
    return (row["post_id"] for row in rows if row["kind"] == kind)


def _marks(rows: list[Row]) -> Marks:
    sets = [IdSet(_of_kind(rows, kind)) for kind in _KINDS]
    # Complete above the highest floor of a mark of which there are more.
    floor = max((min(each) - 1 for each in sets if len(each) >= KEPT), default=0)
    return Marks(Marked(*sets), floor)
