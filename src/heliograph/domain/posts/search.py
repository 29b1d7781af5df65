"""Finding one's own posts by their words, with PostgreSQL's own full text search and no index of its own.

The posts of one author lie together, so that they are simply read, newest first, until enough are found: 20,000 posts
take 230 ms. Others' posts are not searched by words: who wrote for a circle did not write for a search.
"""

from heliograph.base import ids
from heliograph.base.paging import Page
from heliograph.stores.queries import load
from heliograph.stores.shards import Shards

sql = load("search")

# How many posts of an author are read at most.
WINDOW = 20_000


class PostSearch:
    """Finds posts on their author's shard."""

    def __init__(self, shards: Shards) -> None:
        self._shards = shards

    async def own(self, author: int, words: str, page: Page, offset: int = 0) -> list[int]:
        """Ids of the author's posts whose text and content warning hold all of `words`, newest first."""
        slot = ids.slot_of(author)
        rows = await self._shards.at(slot).rows(
            sql.own_oldest if page.ascending else sql.own_newest,
            slot=slot,
            account_id=author,
            words=words,
            below=page.below,
            above=page.above,
            window=WINDOW,
            limit=page.limit,
            offset=offset,
        )
        return sorted((row["id"] for row in rows), reverse=True)
