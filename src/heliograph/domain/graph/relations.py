"""What one viewer is to others: whom they follow. Asked at every read of a feed, so kept close.

A viewer's relations are a cached fragment (kind `relations`) and, in each process, a bounded copy that is believed
only while its version equals the fragment's: a follow on any process is seen by the next read on every other.
"""

from array import array
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Iterable, Iterator

import msgspec

from heliograph.base import ids
from heliograph.stores.cache import Cache
from heliograph.stores.queries import load
from heliograph.stores.shards import Shards

sql = load("follows")

RELATIONS = "relations"
# Ids that one process keeps at most, 8 bytes each.
KEPT_IDS = 1_000_000
# Viewers that one process keeps at most, some 300 bytes each besides: many follow nobody.
KEPT_VIEWERS = 50_000


class IdSet:
    """An immutable set of ids in 8 bytes each; membership by binary search."""

    __slots__ = ("_ids",)

    def __init__(self, idents: Iterable[int]) -> None:
        self._ids = array("q", sorted(idents))

    @classmethod
    def unpack(cls, data: bytes) -> "IdSet":
        """The set that `pack` wrote."""
        made = cls(())
        made._ids = array("q", data[1:])
        return made

    def pack(self) -> bytes:
        """The set as bytes, 8 an id, and one before them: an empty set must not look like a tombstone."""
        return b"+" + self._ids.tobytes()

    def __contains__(self, ident: int) -> bool:
        at = bisect_left(self._ids, ident)
        return at < len(self._ids) and self._ids[at] == ident

    def __iter__(self) -> Iterator[int]:
        return iter(self._ids)

    def __len__(self) -> int:
        return len(self._ids)


class Relations(msgspec.Struct, frozen=True):
    """What a viewer is to others."""

    following: IdSet


NOBODY = Relations(IdSet(()))


class RelationsReader:
    """Reads relations: from this process, else from the cache, else from PostgreSQL."""

    def __init__(self, shards: Shards, cache: Cache) -> None:
        self._shards = shards
        self._cache = cache
        self._kept: OrderedDict[int, tuple[int, Relations]] = OrderedDict()
        self._kept_ids = 0

    def kept(self, viewer: int) -> Relations | None:
        """What this process last knew of `viewer`: perhaps out of date, good for a guess."""
        entry = self._kept.get(viewer)
        return entry[1] if entry else None

    def confirmed(self, viewer: int, version: int | None) -> Relations | None:
        """What this process knows of `viewer`, if it is of `version`, the fragment's."""
        entry = self._kept.get(viewer)
        if entry is None or version is None or entry[0] != version:
            return None
        self._kept.move_to_end(viewer)
        return entry[1]

    async def of(self, viewer: int, version: int | None = None) -> Relations:
        """The relations of `viewer` as they are now; `version`: the fragment's, where a wave has just read it."""
        if version is None:
            (version,) = await self._cache.versions([(RELATIONS, viewer)])
        known = self.confirmed(viewer, version)
        if known is not None:
            return known
        fragment = await self._cache.fragment(RELATIONS, viewer)
        if fragment is None:
            return await self._load(viewer)
        relations = Relations(IdSet.unpack(fragment[1]))
        self._keep(viewer, fragment[0], relations)
        return relations

    async def _load(self, viewer: int) -> Relations:
        slot = ids.slot_of(viewer)
        position, rows = await self._shards.at(slot).versioned(sql.following, slot=slot, account_id=viewer)
        relations = Relations(IdSet(row["target_id"] for row in rows))
        await self._cache.fill(RELATIONS, position, {viewer: relations.following.pack()})
        self._keep(viewer, position, relations)
        return relations

    def _keep(self, viewer: int, version: int, relations: Relations) -> None:
        before = self._kept.pop(viewer, None)
        self._kept_ids -= len(before[1].following) if before else 0
        self._kept[viewer] = (version, relations)
        self._kept_ids += len(relations.following)
        while (self._kept_ids > KEPT_IDS and len(self._kept) > 1) or len(self._kept) > KEPT_VIEWERS:
            _, (_, dropped) = self._kept.popitem(last=False)
            self._kept_ids -= len(dropped.following)
