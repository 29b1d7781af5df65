"""What one viewer is to others: whom they follow, block, mute. Asked at every read of a feed, so kept close.

A viewer's relations are a cached fragment (kind `relations`) and, in each process, a bounded copy that is believed
only while its version equals the fragment's: a follow on any process is seen by the next read on every other. What ends
by itself, a mute for some hours, ends the belief too.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Sequence

import msgspec

from heliograph.base import clock, ids
from heliograph.domain.graph.idset import NONE, IdSet, packed, unpacked
from heliograph.stores.cache import Cache
from heliograph.stores.queries import load
from heliograph.stores.shards import Row, Shards

sql = load("relations")

# The number grows with the layout, so that what an older version has cached is not read as if it were new.
RELATIONS = "relations3"
# Ids that one process keeps at most, 8 bytes each.
KEPT_IDS = 1_000_000
# Viewers that one process keeps at most, some 300 bytes each besides: many follow nobody.
KEPT_VIEWERS = 50_000


class Relations(msgspec.Struct, frozen=True):
    """What a viewer is to others.

    `silent`: followed, but not what they reblog. `blocked`: in either direction; `blocking`: of these, whom the viewer
    blocks. `muted_notifications`: of the `muted`, those of whom nothing is told either. `tags`: followed hashtags, by
    `tag_number`. `until_ms`: when some of this ends by itself, in milliseconds since 1970 (0: never).
    """

    following: IdSet = NONE
    silent: IdSet = NONE
    blocked: IdSet = NONE
    blocking: IdSet = NONE
    muted: IdSet = NONE
    muted_notifications: IdSet = NONE
    tags: IdSet = NONE
    until_ms: int = 0

    @property
    def size(self) -> int:
        """How many ids are kept in all."""
        return sum(len(each) for each in self.sets)

    @property
    def sets(self) -> tuple[IdSet, ...]:
        """The sets, in the order in which they are packed."""
        return self.following, self.silent, self.blocked, self.blocking, self.muted, self.muted_notifications, self.tags

    def current(self) -> bool:
        """Whether nothing of this has ended by itself."""
        return not self.until_ms or clock.now().timestamp() * 1000 < self.until_ms

    def pack(self) -> bytes:
        """All of it as bytes, never empty."""
        return packed(self.until_ms, self.sets)

    @classmethod
    def unpack(cls, data: bytes) -> "Relations":
        """The relations that `pack` wrote."""
        until_ms, sets = unpacked(data, len(NOBODY.sets))
        following, silent, blocked, blocking, muted, muted_notifications, tags = sets
        return cls(following, silent, blocked, blocking, muted, muted_notifications, tags, until_ms)


NOBODY = Relations()


def tag_number(name: str) -> int:
    """A hashtag as a number of 63 bits, so that sets of them are kept like ids. `name` is in lower case."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big") >> 1


def _relations(rows: list[Row]) -> Relations:
    follows = [row for row in rows if row["kind"] == 1]
    mutes = [row for row in rows if row["kind"] == 3]
    ends = [row["until"] for row in mutes if row["until"] is not None]
    return Relations(
        following=IdSet(row["id"] for row in follows),
        silent=IdSet(row["id"] for row in follows if not row["flag"]),
        blocked=IdSet({row["id"] for row in rows if row["kind"] == 2}),
        blocking=IdSet(row["id"] for row in rows if row["kind"] == 2 and row["flag"]),
        muted=IdSet(row["id"] for row in mutes),
        muted_notifications=IdSet(row["id"] for row in mutes if row["flag"]),
        tags=IdSet(tag_number(row["name"]) for row in rows if row["kind"] == 4),
        until_ms=int(min(ends).timestamp() * 1000) if ends else 0,
    )


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
        if entry is None or version is None or entry[0] != version or not entry[1].current():
            return None
        if not self._cache.believes(RELATIONS, viewer, version):
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
        relations = Relations.unpack(fragment[1])
        if not relations.current():
            return await self._load(viewer)
        self._keep(viewer, fragment[0], relations)
        return relations

    async def of_many(self, viewers: Sequence[int]) -> dict[int, Relations]:
        """The relations of `viewers` as they are now; what this process knows already is confirmed in one wave."""
        versions = await self._cache.versions([(RELATIONS, viewer) for viewer in viewers])
        known = {viewer: self.confirmed(viewer, version) for viewer, version in zip(viewers, versions, strict=True)}
        return {viewer: relations or await self.of(viewer) for viewer, relations in known.items()}

    async def _load(self, viewer: int) -> Relations:
        slot = ids.slot_of(viewer)
        began = self._cache.began()
        position, rows = await self._shards.at(slot).versioned(sql.of, slot=slot, account_id=viewer)
        relations = _relations(rows)
        await self._cache.fill(RELATIONS, position, {viewer: relations.pack()}, began=began)
        self._keep(viewer, position, relations)
        return relations

    def _keep(self, viewer: int, version: int, relations: Relations) -> None:
        before = self._kept.pop(viewer, None)
        self._kept_ids -= before[1].size if before else 0
        self._kept[viewer] = (version, relations)
        self._kept_ids += relations.size
        while (self._kept_ids > KEPT_IDS and len(self._kept) > 1) or len(self._kept) > KEPT_VIEWERS:
            _, (_, dropped) = self._kept.popitem(last=False)
            self._kept_ids -= dropped.size
