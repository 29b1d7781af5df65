"""Which posts a viewer has marked: liked, reblogged, bookmarked, pinned. Asked for every page, so kept close, like relations.

Of each mark the newest KEPT posts (by the post's id) are one cached fragment; older ones are asked of the viewer's shard.
"""

import asyncio
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet

import msgspec

from heliograph.base import ids
from heliograph.domain.graph.idset import IdSet, packed, unpacked
from heliograph.stores import outbox
from heliograph.stores.cache import Cache, complete
from heliograph.stores.queries import load
from heliograph.stores.shards import Row, Shards, Transaction

sql = load("marks")

# The number grows with the layout, so that what an older version has cached is not read as if it were new.
MARKS = "marks2"
CHANGED = "marks.changed"
KEPT = 1000


class Marked(msgspec.Struct, frozen=True):
    """The posts that a viewer has marked in one way or another, of those asked about."""

    liked: AbstractSet[int] = frozenset()
    reblogged: AbstractSet[int] = frozenset()
    bookmarked: AbstractSet[int] = frozenset()
    pinned: AbstractSet[int] = frozenset()

    @property
    def all(self) -> AbstractSet[int]:
        """The posts that are marked in any way."""
        return self.liked | self.reblogged | self.bookmarked | self.pinned


UNMARKED = Marked()
# As `kind` of sql/marks.sql says.
_KINDS = range(1, 5)


class Marks(msgspec.Struct, frozen=True):
    """The marked posts of a viewer with an id above `floor`, all of them: a set for each member of `Marked`."""

    sets: tuple[IdSet, ...]
    floor: int

    def between(self, low: int, high: int) -> Marked:
        """The marks of the posts from `low` to `high`."""
        return Marked(*[each.between(low, high) for each in self.sets])

    def pack(self) -> bytes:
        """All of it as bytes, never empty."""
        return packed(self.floor, self.sets)

    @classmethod
    def unpack(cls, data: bytes) -> "Marks":
        """The marks that `pack` wrote."""
        floor, sets = unpacked(data, len(_KINDS))
        return cls(tuple(sets), floor)


class MarksReader:
    """Reads marks: from this process, else from the cache, else from PostgreSQL."""

    def __init__(self, shards: Shards, cache: Cache) -> None:
        self._shards = shards
        self._cache = cache
        cache.renews(MARKS, self._load)

    def kept(self, viewer: int) -> Marks | None:
        """The marks of `viewer`, if this process keeps them; for who has heard of Valkey since they began, else a guess."""
        found: Marks | None = self._cache.kept(MARKS, viewer)
        return found

    async def among(self, viewer: int, post_ids: Sequence[int], *, heard: bool = False) -> Marked:
        """What the viewer has marked of `post_ids`. `heard`: see `Cache.read`."""
        if not post_ids:
            return UNMARKED
        marks = (heard and self.kept(viewer)) or await self._of(viewer, heard=heard)
        return await self._among(viewer, marks, post_ids)

    async def of_each(self, viewers: Sequence[int], post_id: int) -> dict[int, Marked]:
        """What each of `viewers` has marked of one post, in one wave for what is cached."""
        marks = await self._of_many(viewers)
        return {viewer: await self._among(viewer, marks[viewer], [post_id]) for viewer in viewers}

    async def _among(self, viewer: int, marks: Marks, post_ids: Sequence[int]) -> Marked:
        older = [post_id for post_id in post_ids if post_id <= marks.floor]
        if not older:
            return marks.between(min(post_ids), max(post_ids))
        slot = ids.slot_of(viewer)
        rows = await self._shards.at(slot).rows(sql.among, slot=slot, account_id=viewer, ids=older)
        return Marked(
            *(
                {post_id for post_id in post_ids if post_id in had} | set(_of_kind(rows, kind))
                for had, kind in zip(marks.sets, _KINDS, strict=True)
            )
        )

    async def refresh(self, viewer: int) -> None:
        """Handle the message `marks.changed`: believe nothing that was read before now. Raises StoreUnavailableError."""
        await self._cache.renew(await self._shards.of(viewer).mark(), [(MARKS, viewer)])

    async def _of(self, viewer: int, *, heard: bool = False) -> Marks:
        return (await self._of_many([viewer], heard=heard))[viewer]

    async def _of_many(self, viewers: Sequence[int], *, heard: bool = False) -> dict[int, Marks]:
        (had,) = await self._cache.read([(MARKS, viewers)], heard=heard)
        return await complete(self._cache, MARKS, had, self._load)

    async def _load(self, viewers: list[int]) -> list[tuple[int, dict[int, bytes]]]:
        return await asyncio.gather(*(self._load_one(viewer) for viewer in viewers))

    async def _load_one(self, viewer: int) -> tuple[int, dict[int, bytes]]:
        slot = ids.slot_of(viewer)
        position, rows = await self._shards.at(slot).versioned(sql.newest, slot=slot, account_id=viewer, limit=KEPT)
        return position, {viewer: _marks(rows).pack()}


def unpack(_viewer: int, body: bytes) -> Marks:
    """The marks of a cached body."""
    return Marks.unpack(body)


async def tell_changed(transaction: Transaction, viewer: int) -> None:
    """Have the outbox see to it, should the cache be away, that a mark with a single end is seen by all."""
    await outbox.put(transaction, ids.slot_of(viewer), CHANGED, {"account": viewer})


def _of_kind(rows: list[Row], kind: int) -> Iterable[int]:
    return (row["post_id"] for row in rows if row["kind"] == kind)


def _marks(rows: list[Row]) -> Marks:
    sets = tuple(IdSet(_of_kind(rows, kind)) for kind in _KINDS)
    # Complete above the highest floor of a mark of which there are more.
    floor = max((min(each) - 1 for each in sets if len(each) >= KEPT), default=0)
    return Marks(sets, floor)
