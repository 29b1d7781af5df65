"""Whose posts are pulled, authors and hashtags, as this process knows it, and what a reader merges therefore.

It answers from memory: what has changed is asked for every REFRESH_S, behind the requests' backs. The truth are bounds of an
account (crossing.py), set ahead of time, so that every process knows them before they matter: posts from `pull_from` on are
merged from their author's list of recent posts; when the author is pushed again, only those below `pull_until`. What lies
outside is in the reader's own list, or will be. So nobody sees a post come, and go again since it is pulled no more and its delivery
is late.
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from contextvars import Context
from typing import Any
from weakref import WeakKeyDictionary

import msgspec

from heliograph.base import ids, metrics
from heliograph.base.errors import StoreUnavailableError
from heliograph.domain.graph.idset import IdSet
from heliograph.domain.graph.relations import Relations, tag_number
from heliograph.stores.cache import note_degraded
from heliograph.stores.idlists import HOME, RECENT, TAGGED, IdList, Key
from heliograph.stores.queries import load
from heliograph.stores.shards import Row, Shard, Shards

sql = load("feeds")

REFRESH_S = 2.0
# Those who ask while somebody looks go on with what was known, if that is not older: a change is set 10 seconds ahead.
BELIEVED_REFRESHES = 3
# Who has not heard of some shard for so long may not know of a change that matters: it was set GRACE ahead (crossing.py).
UNHEARD_S = 8.0
# Changes are asked for from so long before the last look: a revision is minted some time before its transaction commits.
OVERLAP_S = 60.0
# All is read anew now and then: what ended with its row shows in no change.
WHOLE_S = 600.0


class Span(msgspec.Struct, frozen=True):
    """Ids from `low` on and below `high` are pulled; `name`: of a hashtag."""

    low: int
    high: int
    name: str = ""

    @classmethod
    def of(cls, row: Row) -> "Span | None":
        """From a row of `pulled`; None where all is pushed."""
        if row["pull_from"] is None:
            return None
        if row["pull_from"] == ids.MAX_ID:
            return cls(row["pull_since"] or 0, row["pull_until"] or ids.MAX_ID)
        return cls(row["pull_from"], ids.MAX_ID, row["tag"] or "")

    def cut(self, found: IdList) -> IdList:
        """What of a list is pulled."""
        if not found.ids or (found.ids[-1] >= self.low and found.ids[0] < self.high):
            return found
        return msgspec.structs.replace(found, ids=[ident for ident in found.ids if self.low <= ident < self.high])


# Of what is pulled no more: all of it is in the readers' own lists.
NOTHING = Span(ids.MAX_ID, 0)


def _nobody(_: Relations) -> None: ...


class PulledAuthors:
    """Which authors and hashtags are pulled. Hashtags go by their number (`tag_number`).

    `saw` is told the relations of each reader who reads a page.
    """

    def __init__(self, shards: Shards, saw: Callable[[Relations], None] = _nobody) -> None:
        self._shards = shards
        self._saw = saw
        self._authors: dict[int, Span] = {}
        self._tags: dict[int, Span] = {}
        self._merged: WeakKeyDictionary[IdSet, list[Key]] = WeakKeyDictionary()
        self._read_at = float("-inf")
        # When the shard answered of which nothing has been heard for longest.
        self._heard_at = float("-inf")
        # When each shard was last asked, and when for all that it has.
        self._learned: dict[Shard, tuple[float, float]] = {}
        self._looking: asyncio.Task[None] | None = None

    async def count(self) -> int:
        """How many authors are pulled."""
        await self.look()
        return len(self._authors)

    async def lists(self, relations: Relations) -> list[Key]:
        """The lists (kind, id) that a viewer with `relations` merges into their home; `cut` says what of them."""
        await self.look()
        return self.merged(relations)

    def merged(self, relations: Relations) -> list[Key]:
        """As `lists`, for who has taken a `look` since they began."""
        found = self._merged.get(relations.following)
        if found is None:
            found = self._merged[relations.following] = self._among(relations.following)
        if self._tags and relations.tags:
            return [*found, *((TAGGED, number) for number in self._tags if number in relations.tags)]
        return found

    def spans(self, wanted: Sequence[Key]) -> list[Span | None]:
        """What is pulled of the lists `wanted`, to be asked before they are read: None for who is at home there."""
        return [None if kind == HOME else self._span(kind, ident) for kind, ident in wanted]

    def cut(self, relations: Relations, spans: Sequence[Span | None], found: Sequence[IdList]) -> list[IdList]:
        """What belongs into the home of a viewer with `relations` of the lists that have been read for a page.

        By what was pulled (`spans`) before they were read: an author whose crossing has ended since may be missing in the
        reader's own list as it was then.
        """
        self._saw(relations)
        return [each if span is None else span.cut(each) for span, each in zip(spans, found, strict=True)]

    def _span(self, kind: str, ident: int) -> Span:
        return (self._tags if kind == TAGGED else self._authors).get(ident, NOTHING)

    def _among(self, following: IdSet) -> list[Key]:
        authors = self._authors
        if len(authors) < len(following):
            return [(RECENT, author) for author in authors if author in following]
        return [(RECENT, author) for author in following if author in authors]

    async def tags_of(self, names: Iterable[str]) -> list[int]:
        """The pulled ones of some hashtags."""
        await self.look()
        return [number for number in map(tag_number, names) if number in self._tags] if self._tags else []

    def tag(self, number: int) -> str:
        """The name of a pulled hashtag, which `lists` has given."""
        return self._tags[number].name

    async def look(self) -> None:
        """Have what is known refreshed in the background, where it is old, and wait for that where it is too old."""
        age_s = time.monotonic() - self._read_at
        if age_s >= REFRESH_S:
            if self._looking is None:
                # Not with the patience of the request that happens to begin it.
                self._looking = asyncio.create_task(self._refresh(), context=Context())
                self._looking.add_done_callback(self._looked)
            if age_s >= BELIEVED_REFRESHES * REFRESH_S:
                await asyncio.shield(self._looking)
        if time.monotonic() - self._heard_at > UNHEARD_S:
            note_degraded("postgres")

    def _looked(self, _: asyncio.Task[None]) -> None:
        self._looking = None

    async def _refresh(self) -> None:
        began = time.monotonic()
        await asyncio.gather(*(self._learn(shard, began) for shard in self._shards.all))
        # From its beginning: what has changed since is not in it.
        self._read_at = began
        self._heard_at = min(self._learned.get(shard, (float("-inf"),))[0] for shard in self._shards.all)

    async def _learn(self, shard: Shard, began: float) -> None:
        """Ask one shard. While one is away, what changes on the others is known all the same."""
        learned_at, whole_at = self._learned.get(shard, (float("-inf"), float("-inf")))
        whole = began - whole_at >= WHOLE_S
        try:
            if whole:
                rows = await shard.rows(sql.pulled)
            else:
                rows = await shard.rows(sql.pull_changes, seconds=began - learned_at + OVERLAP_S)
        except StoreUnavailableError:
            return
        self._learned[shard] = (began, began if whole else whole_at)
        if whole:
            self._forget(shard)
        changes = [self._take_in(row) for row in rows]
        if whole or any(changes):
            self._merged = WeakKeyDictionary()
            metrics.feed_pulled.set(len(self._authors))

    def _forget(self, shard: Shard) -> None:
        authors, tags, of_name = self._authors, self._tags, ids.slot_of_name
        self._authors = {author: span for author, span in authors.items() if self._shards.of(author) is not shard}
        self._tags = {number: span for number, span in tags.items() if self._shards.at(of_name(span.name)) is not shard}

    def _take_in(self, row: Row) -> bool:
        """Take in what a row says; whether it is new."""
        span = Span.of(row)
        if row["tag"] is not None:
            return _put(self._tags, tag_number(row["tag"]), span)
        return _put(self._authors, row["id"], span)


def _put(known: dict[int, Any], key: int, value: Any) -> bool:
    """Have `known` hold `value` (None: nothing) for `key`; whether it did not."""
    if known.get(key) == value:
        return False
    if value is None:
        del known[key]
    else:
        known[key] = value
    return True
