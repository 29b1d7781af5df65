"""Posts with a hashtag, by id, from the shards of the hashtags: for their timelines and for the homes of their followers."""

from collections.abc import Collection, Iterable

import msgspec

from heliograph.base.paging import WIDEST, Page
from heliograph.domain.accounts.profiles import Profiles
from heliograph.domain.posts.tags import TagShards
from heliograph.stores.queries import load
from heliograph.stores.shards import Row, Shards

sql = load("tags")

# An author of whom nothing may be seen costs a question more, then none of their posts is read any more.
QUESTIONS = 6


class TaggedPosts:
    """Reads which posts hashtags list. Names are in lower case; a page is of posts with any of them."""

    def __init__(self, shards: Shards, profiles: Profiles) -> None:
        self._by_tag = TagShards(shards)
        self._profiles = profiles

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
