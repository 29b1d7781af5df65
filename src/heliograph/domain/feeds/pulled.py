"""Authors whose posts are pulled, and hashtags: those with more followers than `push_limit`.

`pull_from` of the account or the hashtag is the truth: posts with an id from there on are not pushed. It is set GRACE
ahead of now, so that every process knows of it (they look every REFRESH) before the first post is not pushed.
"""

import asyncio
import time
from collections.abc import Iterable
from datetime import timedelta

import msgspec

from heliograph.base import clock, ids
from heliograph.base.errors import StoreUnavailableError
from heliograph.domain.graph.idset import IdSet
from heliograph.domain.graph.relations import Relations, tag_number
from heliograph.stores import outbox
from heliograph.stores.cache import note_degraded
from heliograph.stores.counts import Count
from heliograph.stores.idlists import RECENT, TAGGED
from heliograph.stores.queries import load
from heliograph.stores.shards import Shards

sql = load("feeds")
tags_sql = load("tags")

BACKFILL = "feeds.backfill"
REFRESH_S = 2.0
GRACE = timedelta(seconds=10)


class Audience(msgspec.Struct, frozen=True):
    """From which id on an author's posts are pulled (None: all are pushed), and how many follow."""

    pull_from: int | None
    followers: int

    def pulls(self, post_id: int) -> bool:
        """Whether this post is left to be pulled."""
        return self.pull_from is not None and post_id >= self.pull_from


class PulledAuthors:
    """Which authors and hashtags are pulled, as this process knows it. Hashtags go by their number (`tag_number`)."""

    def __init__(self, shards: Shards) -> None:
        self._shards = shards
        self._authors = IdSet(())
        self._tags: dict[int, str] = {}
        self._read_at = float("-inf")
        self._looking = asyncio.Lock()

    async def among(self, relations: Relations) -> list[int]:
        """The pulled authors whom a viewer with `relations` follows."""
        await self._refresh()
        if len(self._authors) < len(relations.following):
            return [author for author in self._authors if author in relations.following]
        return [author for author in relations.following if author in self._authors]

    async def lists(self, relations: Relations) -> list[tuple[str, int]]:
        """The lists (kind, id) that a viewer with `relations` merges into their home."""
        authors = await self.among(relations)
        tags = [number for number in self._tags if number in relations.tags]
        return [*((RECENT, author) for author in authors), *((TAGGED, number) for number in tags)]

    async def tags_of(self, names: Iterable[str]) -> list[int]:
        """The pulled ones of some hashtags."""
        await self._refresh()
        return [number for number in map(tag_number, names) if number in self._tags] if self._tags else []

    def tag(self, number: int) -> str:
        """The name of a pulled hashtag, which `lists` has given."""
        return self._tags[number]

    async def _refresh(self) -> None:
        # Those who ask while somebody looks go on with what was known; only before the first look is nothing known.
        if self._fresh() or (self._looking.locked() and self._read_at > float("-inf")):
            return
        async with self._looking:
            if self._fresh():
                return
            try:
                rows = await self._shards.scatter(sql.pulled)
                self._authors = IdSet(row["id"] for row in rows if row["tag"] is None)
                self._tags = {tag_number(row["tag"]): row["tag"] for row in rows if row["tag"] is not None}
            except StoreUnavailableError:
                note_degraded("postgres")
            self._read_at = time.monotonic()

    def _fresh(self) -> bool:
        return time.monotonic() - self._read_at < REFRESH_S

    async def start(self, author: int) -> int:
        """Begin to pull `author`; the id from which on posts are not pushed."""
        slot = ids.slot_of(author)
        pull_from = ids.first_at(clock.now() + GRACE)
        set_to: int = await self._shards.at(slot).value(sql.start_pull, slot=slot, id=author, pull_from=pull_from)
        return set_to

    async def start_tag(self, tag: str) -> int:
        """Begin to pull what `tag` lists; the id from which on it is not pushed."""
        slot = ids.slot_of_name(tag)
        pull_from = ids.first_at(clock.now() + GRACE)
        set_to: int = await self._shards.at(slot).value(tags_sql.start_pull, slot=slot, tag=tag, pull_from=pull_from)
        return set_to

    async def push_again(self, author: int) -> None:
        """Push what `author` posts from now on, and still let readers pull until old posts have been pushed too.

        The message `feeds.backfill` sees to that.
        """
        slot = ids.slot_of(author)
        async with self._shards.at(slot).transaction() as transaction:
            if await transaction.run(sql.push_again, slot=slot, id=author, never=ids.MAX_ID):
                await outbox.put(transaction, slot, BACKFILL, {"author": author})

    async def end(self, author: int) -> None:
        """Readers need no longer pull `author`."""
        slot = ids.slot_of(author)
        await self._shards.at(slot).run(sql.end_pull, slot=slot, id=author, never=ids.MAX_ID)

    async def audiences(self, authors: Iterable[int]) -> dict[int, Audience]:
        """How `authors` are delivered at the moment; one who does not exist is absent."""
        parts = await asyncio.gather(
            *(
                shard.rows(sql.audiences, slots=list(map(ids.slot_of, some)), authors=some, kind=int(Count.FOLLOWERS))
                for shard, some in self._shards.group(set(authors)).items()
            )
        )
        return {row["id"]: Audience(row["pull_from"], row["followers"]) for part in parts for row in part}
