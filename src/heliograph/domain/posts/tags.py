"""Which posts a hashtag lists: public ones, no reblogs. A row a post and hashtag, in the slot of the hashtag's name.

The post's row is the truth and these follow it. They are written while the post is locked, so that nobody can delete or
edit it meanwhile: what changes a post commits after whoever wrote by its older state has finished, and is itself followed by
a message whose handler comes here again. So the last one to come has seen the last state, in whatever order messages
come and however often; and what was deleted stays away, since nobody finds it alive any more.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from heliograph.base import ids
from heliograph.domain.graph.relations import tag_number
from heliograph.domain.posts.text import MAX_HASHTAG_CHARACTERS
from heliograph.stores.cache import Cache
from heliograph.stores.queries import Query, load
from heliograph.stores.shards import Row, Session, Shard, Shards

sql = load("tags")

# The cached list of a hashtag's newest posts, by the number of the hashtag (see feeds/tagged.py). The number of the kind grows
# with the layout, so that what an older version has cached is not read as if it were new.
TAG_LIST = "taglist1"

# Each holds a connection to the post's shard while it asks for others: few enough that no pool is all such.
AT_ONCE = 3


class TagShards:
    """The shards, asked about hashtags by their names."""

    def __init__(self, shards: Shards) -> None:
        self._shards = shards

    def group(self, names: Iterable[str]) -> dict[Shard, list[str]]:
        """`names` in order, by the shard that has them; the shards too in the same order for everybody.

        Two posts that make the same new hashtags on two shards would else wait for each other, which no server could see.
        """
        grouped: defaultdict[Shard, list[str]] = defaultdict(list)
        for name in sorted(names):
            grouped[self._shards.at(ids.slot_of_name(name))].append(name)
        return {shard: grouped[shard] for shard in self._shards.all if shard in grouped}

    async def rows(self, query: Query, names: Iterable[str], **parameters: Any) -> list[Row]:
        """All rows of a query that takes `:slots` and `:names` side by side, one statement a shard."""
        parts = await asyncio.gather(
            *(shard.rows(query, **pairs(some), **parameters) for shard, some in self.group(names).items())
        )
        return [row for part in parts for row in part]


def pairs(names: list[str]) -> dict[str, Any]:
    """`names` with their slots, as queries take them."""
    return {"slots": [ids.slot_of_name(name) for name in names], "names": names}


class Tags:
    """Writes which posts a hashtag lists."""

    def __init__(self, shards: Shards, cache: Cache) -> None:
        self._shards = shards
        self._cache = cache
        self._by_tag = TagShards(shards)
        self._free = asyncio.Semaphore(AT_ONCE)

    async def settle(self, post_id: int, formerly: Iterable[str] = ()) -> list[str]:
        """Have the hashtags of a post list it, and those of `formerly` that are not its own not; which ones do list it."""
        slot = ids.slot_of(post_id)
        home = self._shards.at(slot)
        async with self._free, home.transaction() as transaction:
            row = await transaction.row(sql.lock_listed, slot=slot, id=post_id)
            listed = known_length(row["tags"]) if row else []
            written = {"post_id": post_id, "account_id": row["account_id"], "media": row["media"]} if row else {}
            await self._run(transaction, home, sql.list, listed, **written)
            unlisted = set(known_length(formerly)) - set(listed)
            await self._run(transaction, home, sql.unlist, unlisted, post_id=post_id)
        for shard, names in self._by_tag.group({*listed, *unlisted}).items():
            position = transaction.position if shard is home else await shard.mark()
            await self._cache.invalidate_at_once(position, _lists(names))
        return listed

    async def refresh(self, names: Iterable[str]) -> None:
        """The outbox' part: believe no cached list of the hashtags that was read before now. Raises StoreUnavailableError."""
        for shard, some in self._by_tag.group(set(known_length(names))).items():
            await self._cache.invalidate(await shard.mark(), _lists(some))

    async def clear(self, post_id: int) -> None:
        """No hashtag lists a post that is deleted but still has its row."""
        slot = ids.slot_of(post_id)
        async with self._shards.at(slot).session() as session:
            row = await session.row(sql.of_post, slot=slot, id=post_id)
        for shard, names in self._by_tag.group(known_length(row["tags"]) if row else ()).items():
            await shard.run(sql.unlist, **pairs(names), post_id=post_id)
            await self._cache.invalidate(await shard.mark(), _lists(names))

    async def _run(self, own: Session, home: Shard, query: Query, names: Iterable[str], **parameters: Any) -> None:
        """Run `query` on the shards of `names`; on that of the post over the connection that is held already."""
        for shard, some in self._by_tag.group(names).items():
            runs = own if shard is home else shard
            await runs.run(query, **pairs(some), **parameters)


def _lists(names: Iterable[str]) -> list[tuple[str, int]]:
    return [(TAG_LIST, tag_number(name)) for name in names]


def known_length(names: Iterable[str]) -> list[str]:
    """Those of `names` that are no longer than a hashtag may be: no index takes a key of any length."""
    return [name for name in names if len(name) <= MAX_HASHTAG_CHARACTERS]
