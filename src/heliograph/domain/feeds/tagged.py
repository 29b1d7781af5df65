"""Posts with a hashtag, by id: for their timelines and for the homes of their followers.

The newest of each hashtag are one cached fragment; what lies below it, and what is kept for longer, comes from the shards.
"""

import asyncio
from collections.abc import Collection, Iterable

import msgspec

from heliograph.base import ids
from heliograph.base.paging import WIDEST, Page
from heliograph.domain.accounts.profiles import Profiles
from heliograph.domain.graph.relations import tag_number
from heliograph.domain.posts.tags import TAG_LIST, TagShards
from heliograph.stores.cache import Cache, read_through
from heliograph.stores.queries import load
from heliograph.stores.shards import Row, Shards

sql = load("tags")

# An author of whom nothing may be seen costs a question more, then none of their posts is read any more.
QUESTIONS = 6
KEPT = 200


class TagList(msgspec.Struct, frozen=True, array_like=True):
    """The newest posts with a hashtag, all that there are above `floor`: who wrote each, and 1 for photos, else 0."""

    posts: list[int]
    authors: list[int]
    media: bytes
    floor: int

    def fitting(self, passed: Collection[int], *, media_only: bool) -> list[int]:
        """Those of nobody in `passed`, with photos only."""
        return [
            post
            for post, author, media in zip(self.posts, self.authors, self.media, strict=True)
            if author not in passed and (media or not media_only)
        ]


NOTHING = TagList([], [], b"", 0)

_decode = msgspec.msgpack.Decoder(TagList).decode


def unpack(_number: int, body: bytes) -> TagList:
    """What the cached `body` says."""
    return _decode(body)


class TaggedPosts:
    """Reads which posts hashtags list. Names are in lower case; a page is of posts with any of them."""

    def __init__(self, shards: Shards, cache: Cache, profiles: Profiles) -> None:
        self._shards = shards
        self._cache = cache
        self._by_tag = TagShards(shards)
        self._profiles = profiles

    async def newest(self, names: Iterable[str]) -> list[TagList]:
        """The newest posts of each of `names`, from the cache."""
        by_number = {tag_number(name): name for name in names}

        async def load_one(number: int) -> tuple[int, dict[int, bytes]]:
            slot = ids.slot_of_name(by_number[number])
            shard = self._shards.at(slot)
            position, rows = await shard.versioned(sql.kept, slot=slot, tag=by_number[number], limit=KEPT)
            # Made-up hashtags are without end: nothing is kept of what lists nothing.
            return position, {number: msgspec.msgpack.encode(_listed(rows))} if rows else {}

        async def load(numbers: list[int]) -> list[tuple[int, dict[int, bytes]]]:
            return await asyncio.gather(*map(load_one, numbers))

        found = await read_through(self._cache, TAG_LIST, by_number, load)
        return [found.get(number, NOTHING) for number in by_number]

    async def page_of(self, names: Iterable[str], page: Page) -> list[int]:
        """The ids that `page` asks for, newest first, whoever wrote them: for lists, which outlast a suspension."""
        return page.cut([row["id"] for row in await self._rows(names, page, ())])

    async def seen(
        self, names: Collection[str], page: Page, passed: Iterable[int] = (), *, media_only: bool = False
    ) -> list[int]:
        """As `page_of`, without the posts of the accounts `passed` and of those who are not there, a suspended spammer.

        Where there are too many of these, some of their posts are among the ids.
        """
        left_out, wanted = set(passed), page
        for _ in range(QUESTIONS):
            rows = await self._rows(names, wanted, left_out, media_only=media_only)
            authors = {row["account_id"] for row in rows}
            away = authors - (await self._profiles.fragments(authors)).keys()
            if not away:
                break
            left_out |= away
            # Wider, to find more of those at once.
            wanted = msgspec.structs.replace(page, limit=max(page.limit, min(2 * wanted.limit, WIDEST)))
        return page.cut([row["id"] for row in rows])

    async def _rows(
        self, names: Iterable[str], page: Page, passed: Collection[int], *, media_only: bool = False
    ) -> list[Row]:
        return await self._by_tag.rows(
            sql.oldest if page.ascending else sql.newest,
            names,
            below=page.below,
            above=page.above,
            media_only=media_only,
            passed=list(passed),
            limit=page.limit,
        )


def _listed(rows: list[Row]) -> TagList:
    return TagList(
        posts=[row["id"] for row in rows],
        authors=[row["account_id"] for row in rows],
        media=bytes(row["media"] for row in rows),
        floor=rows[-1]["id"] - 1 if len(rows) >= KEPT else 0,
    )
