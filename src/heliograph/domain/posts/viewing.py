"""Who looks at a page, and what they are to others and have marked: read along with what the page shows, in the same wave."""

import asyncio
from collections.abc import Sequence

import msgspec

from heliograph.domain.graph.relations import NOBODY, Relations, RelationsReader
from heliograph.domain.posts.marks import MARKS, UNMARKED, Marked, MarksReader
from heliograph.stores.cache import Cache


class View(msgspec.Struct, frozen=True):
    """Somebody who looks (None: not logged in), and their relations. Valkey has been heard since they began."""

    viewer: int | None
    relations: Relations = NOBODY


ANYBODY = View(None)


class Viewing:
    """Finds out what those who look are to others, and have marked."""

    def __init__(self, cache: Cache, relations: RelationsReader, marks: MarksReader) -> None:
        self._cache = cache
        self._relations = relations
        self._marks = marks

    async def of(self, viewer: int | None) -> View:
        """The view of `viewer`: one wave, which brings along what they have marked."""
        if viewer is None:
            return ANYBODY
        relations, _ = await asyncio.gather(self._relations.of(viewer), self._cache.read([(MARKS, [viewer])]))
        return View(viewer, relations)

    async def marked(self, view: View, post_ids: Sequence[int]) -> Marked:
        """What the viewer has marked of `post_ids`: no wave where this process keeps it."""
        if view.viewer is None:
            return UNMARKED
        return await self._marks.among(view.viewer, post_ids, heard=True)
