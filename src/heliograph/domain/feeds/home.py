"""The home feed: skeleton, hydrate, rules, present."""

from itertools import count

import msgspec

from heliograph.base.paging import Page, wider
from heliograph.domain.feeds import present, rules
from heliograph.domain.feeds.hydrate import Hydration
from heliograph.domain.feeds.pieces import Hydrated
from heliograph.domain.feeds.skeleton import HomeSkeletons
from heliograph.domain.graph.relations import Relations
from heliograph.domain.posts.marks import Marked, MarksReader

# Parts of a feed, each larger than the one before, that are looked through for something other than talk.
LOOKS_PAST_TALK = 6


class Timeline(msgspec.Struct, frozen=True):
    """A page of posts as JSON, newest first, and the ids between which it lies (0, 0 when empty)."""

    items: list[bytes]
    newest: int
    oldest: int


def timeline_of(shown: list[Hydrated], viewer: int | None, marked: Marked) -> Timeline:
    """The timeline that shows `shown`."""
    items = present.posts(shown, viewer, marked)
    if not shown:
        return Timeline(items, 0, 0)
    return Timeline(items, shown[0].header.id, shown[-1].header.id)


class Home:
    """Home feeds."""

    def __init__(self, skeletons: HomeSkeletons, hydration: Hydration, marks: MarksReader) -> None:
        self._skeletons = skeletons
        self._hydration = hydration
        self._marks = marks

    async def page(self, viewer: int, page: Page, *, talk: bool = True) -> Timeline:
        """A page of the home feed of `viewer`. Raises PendingError while the feed is being rebuilt.

        Without `talk` answers and letters are left out; then a page may be short before the feed ends, since nobody looks
        for long through what is only talk.
        """
        shown: list[Hydrated] = []
        rest = page
        for looked in count(1):
            skeleton = await self._skeletons.home(viewer, rest)
            hydrated = await self._hydration.posts(skeleton.ids, heard=skeleton.heard)
            whole = len(hydrated) >= page.limit or skeleton.exhausted
            if (
                whole
                and looked == 1
                and rules.all_at_home([each.header for each in hydrated], viewer, skeleton.relations)
            ):
                # Nearly every page: there is nothing to leave out, and it is in order.
                shown = _part(hydrated, page)
                break
            fitting = [each for each in hydrated if _fits(each, viewer, skeleton.relations)]
            shown += fitting if talk else [each for each in fitting if not rules.is_talk(each.header)]
            shown = _once(shown, page)
            if len(shown) >= page.limit or skeleton.exhausted or (not talk and looked >= LOOKS_PAST_TALK):
                shown = _part(sorted(shown, key=lambda each: each.header.id, reverse=True), page)
                break
            rest = wider(rest.beyond(skeleton.ids))
        marked = await self._marks.among(viewer, [each.shown.id for each in shown], heard=skeleton.heard)
        return timeline_of(shown, viewer, marked)


def _fits(each: Hydrated, viewer: int, relations: Relations) -> bool:
    if not rules.at_home(each.header, viewer, relations):
        return False
    return each.original is None or rules.visible(each.original.header, viewer, relations)


def _once(shown: list[Hydrated], page: Page) -> list[Hydrated]:
    """One entry for one original: of a post and its reblogs, what lies next to the bound from which the page is counted."""
    ordered = sorted(shown, key=lambda each: each.header.id, reverse=not page.ascending)
    first: dict[int, Hydrated] = {}
    for each in ordered:
        first.setdefault(each.shown.id, each)
    return list(first.values())


def _part(shown: list[Hydrated], page: Page) -> list[Hydrated]:
    """The page's share of `shown`, newest first: the part next to the bound from which the page is counted."""
    return shown[-page.limit :] if page.ascending else shown[: page.limit]
