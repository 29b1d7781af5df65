"""What one viewer is to others: whom they follow, block, mute. Asked at every read of a feed, so kept close.

A viewer's relations are a cached fragment, kept by each process like any other: a follow on any process is seen by the
next read on every other. What ends by itself, a mute for some hours, ends the belief too.
"""

import asyncio
import hashlib
from collections.abc import Sequence

import msgspec

from heliograph.base import clock, ids
from heliograph.domain.graph.idset import NONE, IdSet, packed, unpacked
from heliograph.stores.cache import Cache, complete
from heliograph.stores.queries import load
from heliograph.stores.shards import Row, Shards

sql = load("relations")

# The number grows with the layout, so that what an older version has cached is not read as if it were new.
RELATIONS = "relations3"


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

    def kept(self, viewer: int) -> Relations | None:
        """The relations of `viewer`, if this process keeps them; for who has heard of Valkey since they began, else a guess."""
        found: Relations | None = self._cache.kept(RELATIONS, viewer)
        return found if found is not None and (not found.until_ms or found.current()) else None

    async def of(self, viewer: int, *, heard: bool = False) -> Relations:
        """The relations of `viewer` as they are now. `heard`: see `Cache.read`."""
        return (await self.of_many([viewer], heard=heard))[viewer]

    async def of_many(self, viewers: Sequence[int], *, heard: bool = False) -> dict[int, Relations]:
        """The relations of `viewers` as they are now, in one wave for what is cached."""
        (had,) = await self._cache.read([(RELATIONS, viewers)], heard=heard)
        if ended := [viewer for viewer, each in had.items() if each and not each.current()]:
            await self._end(ended)
            had |= dict.fromkeys(ended)
        return await complete(self._cache, RELATIONS, had, self._load)

    async def _end(self, viewers: list[int]) -> None:
        """Believe no longer what has ended by itself: the cache still has it, and would give it to whoever loads it anew."""
        for viewer in viewers:
            position = await self._shards.of(viewer).mark()
            await self._cache.invalidate_at_once(position, [(RELATIONS, viewer)])

    async def _load(self, viewers: list[int]) -> list[tuple[int, dict[int, bytes]]]:
        return await asyncio.gather(*(self._load_one(viewer) for viewer in viewers))

    async def _load_one(self, viewer: int) -> tuple[int, dict[int, bytes]]:
        slot = ids.slot_of(viewer)
        position, rows = await self._shards.at(slot).versioned(sql.of, slot=slot, account_id=viewer)
        return position, {viewer: _relations(rows).pack()}


def unpack(_viewer: int, body: bytes) -> Relations:
    """The relations of a cached body."""
    return Relations.unpack(body)
