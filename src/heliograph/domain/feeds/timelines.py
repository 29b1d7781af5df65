"""Timelines other than home: an account's posts, the public timeline, favourites, one post.

The first wave reads the newest ids and who looks, the second the posts. What lies below the ids that are kept comes from the
shards, as do favourites.
"""

import asyncio
from collections.abc import Callable, Sequence

import msgspec

from heliograph.base import ids
from heliograph.base.errors import NotFoundError
from heliograph.base.listed import Candidates, page_of
from heliograph.base.paging import Page, wider
from heliograph.domain.accounts.profiles import Profiles
from heliograph.domain.feeds import rules
from heliograph.domain.feeds.everybody import Everybody
from heliograph.domain.feeds.home import Timeline, timeline_of
from heliograph.domain.feeds.hydrate import Hydration
from heliograph.domain.feeds.pieces import Hydrated
from heliograph.domain.feeds.tagged import TaggedPosts
from heliograph.domain.graph.relations import Relations, tag_number
from heliograph.domain.posts.authored import AuthoredReader
from heliograph.domain.posts.pins import Pins
from heliograph.domain.posts.post import Header
from heliograph.domain.posts.viewing import View, Viewing
from heliograph.stores.queries import load
from heliograph.stores.shards import Shards

posts_sql = load("posts")
likes_sql = load("likes")

# So many posts with a hashtag are looked at for a page of those that have others too, or have not.
LOOKED_AT = 4000

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
    """Shows timelines. `viewer` is None for somebody who is not logged in."""

    def __init__(
        self,
        shards: Shards,
        profiles: Profiles,
        authored: AuthoredReader,
        pins: Pins,
        everybody: Everybody,
        tagged: TaggedPosts,
        hydration: Hydration,
        viewing: Viewing,
    ) -> None:
        self._shards = shards
        self._profiles = profiles
        self._authored = authored
        self._pins = pins
        self._everybody = everybody
        self._tagged = tagged
        self._hydration = hydration
        self._viewing = viewing

    async def post(self, viewer: int | None, post_id: int) -> bytes:
        """One post as JSON. Raises NotFoundError when there is none, or none that `viewer` may see."""
        items = (await self._shown(viewer, [post_id])).items
        if not items:
            raise NotFoundError
        return items[0]

    async def posts(self, viewer: int | None, post_ids: Sequence[int]) -> list[bytes]:
        """Those of `post_ids` that `viewer` may see, as JSON, in the same order."""
        return (await self._shown(viewer, post_ids)).items

    async def header(self, viewer: int | None, post_id: int) -> Header:
        """The header of a post that `viewer` may see. Raises NotFoundError."""
        return (await self._one(viewer, post_id)).header

    async def proper(self, viewer: int | None, post_id: int) -> Header:
        """As `header`, of what is seen: of a reblog the original, which is what one likes, answers, bookmarks."""
        return (await self._one(viewer, post_id)).shown

    async def account(self, viewer: int | None, account_id: int, page: Page, only: AccountFilter) -> Timeline:
        """Posts of one account, those that `viewer` may see. Raises NotFoundError for an account that others may not see."""
        view, newest, there = await asyncio.gather(
            self._viewing.of(viewer), self._authored.of(account_id), self._profiles.fragments([account_id])
        )
        if not there:
            raise NotFoundError
        # What the rules would refuse is not read at all: a page must not cost as much as an account has hidden posts.
        visibilities = rules.visibilities(account_id, viewer, view.relations)
        kept = newest.fitting(viewer, visibilities, media=only.media_only, answers=only.replies, reblogs=only.reblogs)

        async def below(part: Page) -> list[int]:
            return await self._authored_below(account_id, view, part, only)

        async def candidates(part: Page) -> list[int]:
            return await (below(part) if only.tag else page_of(kept, newest.floor, part, below))

        return await self._page(view, page, candidates, looked_for=True)

    async def pinned(self, viewer: int | None, account_id: int) -> list[bytes]:
        """The posts at the top of an account's profile, those that `viewer` may see. Raises NotFoundError as `account`."""
        pinned, there = await asyncio.gather(self._pins.of(account_id), self._profiles.fragments([account_id]))
        if not there:
            raise NotFoundError
        return await self.posts(viewer, pinned)

    async def _authored_below(self, account_id: int, view: View, part: Page, only: AccountFilter) -> list[int]:
        slot = ids.slot_of(account_id)
        rows = await self._shards.at(slot).rows(
            posts_sql.account_oldest if part.ascending else posts_sql.account_newest,
            slot=slot,
            account_id=account_id,
            below=part.below,
            above=part.above,
            visibilities=rules.visibilities(account_id, view.viewer, view.relations),
            mentioned=[{"id": view.viewer}],
            media_only=only.media_only,
            tag=only.tag.lower(),
            replies=only.replies,
            reblogs=only.reblogs,
            limit=part.limit,
        )
        return [row["id"] for row in rows]

    async def public(self, viewer: int | None, page: Page, *, media_only: bool) -> Timeline:
        """Everybody's public posts."""
        view, newest = await asyncio.gather(
            self._viewing.of(viewer), self._everybody.newest(page, media_only=media_only)
        )
        passed = _passed(view.relations)

        async def below(part: Page) -> list[int]:
            query = posts_sql.public_oldest if part.ascending else posts_sql.public_newest
            rows = await self._shards.scatter(
                query, below=part.below, above=part.above, media_only=media_only, passed=passed, limit=part.limit
            )
            return [row["id"] for row in rows]

        async def candidates(part: Page) -> list[int]:
            return await (page_of(newest.ids, newest.floor, part, below) if newest else below(part))

        # An edit may have taken the photos out.
        return await self._page(view, page, candidates, keep=_has_photos if media_only else None)

    async def tag(self, viewer: int | None, tag: str, page: Page, only: TagFilter = EVERY) -> Timeline:
        """Public posts with a hashtag (any case). Where `only` leaves few of very many, a page may be short."""
        names = {tag.lower(), *only.any_of}
        view, newest = await asyncio.gather(self._viewing.of(viewer), self._tagged.newest(names))
        passed = _passed(view.relations)
        kept = [ident for each in newest for ident in each.fitting(passed, media_only=only.media_only)]
        floor = max(each.floor for each in newest)

        async def below(part: Page) -> list[int]:
            return await self._tagged.seen(names, part, passed, media_only=only.media_only)

        async def candidates(part: Page) -> list[int]:
            return await page_of(kept, floor, part, below)

        return await self._page(view, page, candidates, keep=only.admits if only.all_of or only.none_of else None)

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
        shown = await self._shown(viewer, [row["id"] for row in rows])
        return Timeline(shown.items, rows[0]["rev"], rows[-1]["rev"])

    async def _page(
        self, view: View, page: Page, candidates: Candidates, *, looked_for: bool = False, keep: Keep | None = None
    ) -> Timeline:
        """Fill a page: candidates, then those that may be seen, on until it is full or nothing is left.

        Whoever knows the candidates has heard of Valkey, or it is away.

        `looked_for`: the viewer has come for these very posts, and sees those of muted accounts too. `keep`: what else a post
        must be; then no more than LOOKED_AT are looked at.
        """
        shown: list[Hydrated] = []
        rest, looked_at = page, 0
        while True:
            found = rest.cut(await candidates(rest))
            looked_at += len(found)
            hydrated = await self._hydration.posts(found, heard=True)
            seen = [each for each in hydrated if _may_see(each, view) and (not keep or keep(each.header))]
            shown += seen if looked_for else [each for each in seen if _wanted(each, view)]
            if len(shown) >= page.limit or len(found) < rest.limit or (keep and looked_at >= LOOKED_AT):
                break
            rest = wider(rest.beyond(found))
        shown.sort(key=lambda each: each.header.id, reverse=True)
        return await self._timeline(view, shown[-page.limit :] if page.ascending else shown[: page.limit])

    async def _one(self, viewer: int | None, post_id: int) -> Hydrated:
        _, shown = await self._visible(viewer, [post_id])
        if not shown:
            raise NotFoundError
        return shown[0]

    async def _shown(self, viewer: int | None, post_ids: Sequence[int]) -> Timeline:
        return await self._timeline(*await self._visible(viewer, post_ids))

    async def _visible(self, viewer: int | None, post_ids: Sequence[int]) -> tuple[View, list[Hydrated]]:
        view, hydrated = await asyncio.gather(self._viewing.of(viewer), self._hydration.posts(post_ids, outside=True))
        return view, [each for each in hydrated if _may_see(each, view)]

    async def _timeline(self, view: View, shown: list[Hydrated]) -> Timeline:
        marked = await self._viewing.marked(view, [each.shown.id for each in shown])
        return timeline_of(shown, view.viewer, marked)


def _passed(relations: Relations) -> set[int]:
    """Of whom nothing comes by itself: not read at all, however much they have written."""
    return {*relations.blocked, *relations.muted}


def _has_photos(header: Header) -> bool:
    return header.has_photos


def _wanted(each: Hydrated, view: View) -> bool:
    return rules.wanted(each.header, view.viewer, view.relations)


def _may_see(each: Hydrated, view: View) -> bool:
    if not rules.visible(each.header, view.viewer, view.relations):
        return False
    return each.original is None or rules.visible(each.original.header, view.viewer, view.relations)
