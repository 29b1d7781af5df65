"""Timelines other than home: an account's posts, the public timeline, favourites, one post. Ids come from the shards."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import msgspec

from heliograph.base import ids
from heliograph.base.errors import NotFoundError
from heliograph.base.paging import Page, wider
from heliograph.domain.feeds import present, rules
from heliograph.domain.feeds.home import Timeline, timeline_of
from heliograph.domain.feeds.hydrate import Hydrated, Hydration
from heliograph.domain.feeds.tagged import TaggedPosts
from heliograph.domain.graph.relations import NOBODY, Relations, RelationsReader, tag_number
from heliograph.domain.posts.marks import UNMARKED, Marked, MarksReader
from heliograph.domain.posts.post import Header
from heliograph.stores.queries import load
from heliograph.stores.shards import Shards

posts_sql = load("posts")
likes_sql = load("likes")

# So many posts with a hashtag are looked at for a page of those that have others too, or have not.
LOOKED_AT = 4000

Candidates = Callable[[Page], Awaitable[list[int]]]
Keep = Callable[[Header], bool]


class AccountFilter(msgspec.Struct, frozen=True):
    """Which posts of an account: with photos only, with a hashtag only ('': any), no answers to others, no reblogs."""

    media_only: bool = False
    tag: str = ""
    replies: bool = True
    reblogs: bool = True


class TagFilter(msgspec.Struct, frozen=True):
    """Which posts with a hashtag: also those with one of `any_of`; with all of `all_of`, with none of `none_of`, with photos.

    Names are in lower case.
    """

    any_of: tuple[str, ...] = ()
    all_of: tuple[str, ...] = ()
    none_of: tuple[str, ...] = ()
    media_only: bool = False

    def admits(self, header: Header) -> bool:
        """Whether a post has all that it must have, and nothing that it must not have."""
        has = header.tags
        return all(tag_number(name) in has for name in self.all_of) and not any(
            tag_number(name) in has for name in self.none_of
        )


EVERY = TagFilter()


class Timelines:
    """Timelines made from the shards. `viewer` is None for somebody who is not logged in."""

    def __init__(
        self,
        shards: Shards,
        tagged: TaggedPosts,
        hydration: Hydration,
        relations: RelationsReader,
        marks: MarksReader,
    ) -> None:
        self._shards = shards
        self._tagged = tagged
        self._hydration = hydration
        self._relations = relations
        self._marks = marks

    async def post(self, viewer: int | None, post_id: int) -> bytes:
        """One post as JSON. Raises NotFoundError when there is none, or none that `viewer` may see."""
        shown = await self._visible(viewer, [post_id])
        if not shown:
            raise NotFoundError
        return present.post(shown[0], viewer, await self._marked(viewer, shown))

    async def posts(self, viewer: int | None, post_ids: Sequence[int]) -> list[bytes]:
        """Those of `post_ids` that `viewer` may see, as JSON, in the same order."""
        shown = await self._visible(viewer, post_ids)
        return timeline_of(shown, viewer, await self._marked(viewer, shown)).items

    async def header(self, viewer: int | None, post_id: int) -> Header:
        """The header of a post that `viewer` may see. Raises NotFoundError."""
        shown = await self._visible(viewer, [post_id])
        if not shown:
            raise NotFoundError
        return shown[0].header

    async def proper(self, viewer: int | None, post_id: int) -> Header:
        """As `header`, of what is seen: of a reblog the original, which is what one likes, answers, bookmarks."""
        shown = await self._visible(viewer, [post_id])
        if not shown:
            raise NotFoundError
        return shown[0].shown

    async def account(self, viewer: int | None, account_id: int, page: Page, only: AccountFilter) -> Timeline:
        """Posts of one account, those that `viewer` may see."""
        slot = ids.slot_of(account_id)
        query = posts_sql.account_oldest if page.ascending else posts_sql.account_newest
        # What the rules would refuse is not read at all: a page must not cost as much as an account has hidden posts.
        visibilities = rules.visibilities(account_id, viewer, await self._relations_of(viewer))

        async def candidates(part: Page) -> list[int]:
            rows = await self._shards.at(slot).rows(
                query,
                slot=slot,
                account_id=account_id,
                below=part.below,
                above=part.above,
                visibilities=visibilities,
                mentioned=[{"id": viewer}],
                media_only=only.media_only,
                tag=only.tag.lower(),
                replies=only.replies,
                reblogs=only.reblogs,
                limit=part.limit,
            )
            return [row["id"] for row in rows]

        return await self._page(viewer, page, candidates, looked_for=True)

    async def public(self, viewer: int | None, page: Page, *, media_only: bool) -> Timeline:
        """Everybody's public posts."""
        query = posts_sql.public_oldest if page.ascending else posts_sql.public_newest
        passed = _passed(await self._relations_of(viewer))

        async def candidates(part: Page) -> list[int]:
            rows = await self._shards.scatter(
                query, below=part.below, above=part.above, media_only=media_only, passed=passed, limit=part.limit
            )
            return [row["id"] for row in rows]

        return await self._page(viewer, page, candidates)

    async def tag(self, viewer: int | None, tag: str, page: Page, only: TagFilter = EVERY) -> Timeline:
        """Public posts with a hashtag (any case). Where `only` leaves few of very many, a page may be short."""
        passed = _passed(await self._relations_of(viewer))
        names = {tag.lower(), *only.any_of}

        async def candidates(part: Page) -> list[int]:
            return await self._tagged.seen(names, part, passed, media_only=only.media_only)

        return await self._page(viewer, page, candidates, keep=only.admits if only.all_of or only.none_of else None)

    async def favourites(self, viewer: int, page: Page) -> Timeline:
        """Posts that `viewer` likes, in the order in which they were liked; the bounds of `page` are revs."""
        slot = ids.slot_of(viewer)
        query = likes_sql.favourites_oldest if page.ascending else likes_sql.favourites_newest
        rows = await self._shards.at(slot).rows(
            query, slot=slot, account_id=viewer, below=page.below, above=page.above, limit=page.limit
        )
        if not rows:
            return Timeline([], 0, 0)
        if page.ascending:
            rows = rows[::-1]
        shown = await self._visible(viewer, [row["id"] for row in rows])
        items = timeline_of(shown, viewer, await self._marked(viewer, shown)).items
        return Timeline(items, rows[0]["rev"], rows[-1]["rev"])

    async def _page(
        self,
        viewer: int | None,
        page: Page,
        candidates: Candidates,
        *,
        looked_for: bool = False,
        keep: Keep | None = None,
    ) -> Timeline:
        """Fill a page: candidates, then those that may be seen, on until it is full or nothing is left.

        `looked_for`: the viewer has come for these very posts, and sees those of muted accounts too. `keep`: what else a post
        must be; then no more than LOOKED_AT are looked at.
        """
        relations = await self._relations_of(viewer)
        shown: list[Hydrated] = []
        rest, looked_at = page, 0
        while True:
            found = rest.cut(await candidates(rest))
            looked_at += len(found)
            hydrated = await self._hydration.posts(found)
            seen = [each for each in hydrated if _may_see(each, viewer, relations) and (not keep or keep(each.header))]
            shown += seen if looked_for else [each for each in seen if rules.wanted(each.header, viewer, relations)]
            if len(shown) >= page.limit or len(found) < rest.limit or (keep and looked_at >= LOOKED_AT):
                break
            rest = wider(rest.beyond(found))
        shown.sort(key=lambda each: each.header.id, reverse=True)
        shown = shown[-page.limit :] if page.ascending else shown[: page.limit]
        return timeline_of(shown, viewer, await self._marked(viewer, shown))

    async def _visible(self, viewer: int | None, post_ids: Sequence[int]) -> list[Hydrated]:
        relations, hydrated = await asyncio.gather(
            self._relations_of(viewer), self._hydration.posts(post_ids, outside=True)
        )
        return [each for each in hydrated if _may_see(each, viewer, relations)]

    async def _relations_of(self, viewer: int | None) -> Relations:
        return NOBODY if viewer is None else await self._relations.of(viewer)

    async def _marked(self, viewer: int | None, shown: list[Hydrated]) -> Marked:
        if viewer is None:
            return UNMARKED
        return await self._marks.among(viewer, [each.shown.id for each in shown])


def _passed(relations: Relations) -> list[int]:
    """Of whom nothing comes by itself: not read at all, however much they have written."""
    return [*relations.blocked, *relations.muted]


def _may_see(each: Hydrated, viewer: int | None, relations: Relations) -> bool:
    if not rules.visible(each.header, viewer, relations):
        return False
    return each.original is None or rules.visible(each.original.header, viewer, relations)
