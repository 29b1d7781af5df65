"""Finding hashtags by how they begin, and what is known of each. Which posts have them is written elsewhere."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from heliograph.base import clock, ids
from heliograph.domain.posts import hashtag
from heliograph.domain.posts.hashtag import Hashtag
from heliograph.stores.queries import Query, load
from heliograph.stores.shards import Row, Shards

sql = load("search")

# Of one shard: hashtags looked at in the order of the index, newest uses of any hashtag, and uses counted of one.
CANDIDATES = 200
WINDOW = 5_000
RANKED_BY_USES = 500
# A hashtag used more often than this in a week shows fewer uses on the older days.
COUNTED = 10_000
LAST = "\U0010ffff"


class Hashtags:
    """Reads hashtags. Names are in lower case and without the sign."""

    def __init__(self, shards: Shards) -> None:
        self._shards = shards

    async def beginning(self, prefix: str, limit: int, offset: int = 0) -> list[str]:
        """Names that begin with `prefix`: the exact one first, then the most used of the last week."""
        rows = await self._shards.scatter(
            sql.hashtags,
            low=prefix,
            high=prefix + LAST,
            since=hashtag.since(clock.now()),
            candidates=CANDIDATES,
            window=WINDOW,
            counted=RANKED_BY_USES,
            limit=offset + limit,
        )
        ranked = sorted(rows, key=lambda row: (row["name"] != prefix, -row["uses"], row["name"]))
        return [row["name"] for row in ranked][offset : offset + limit]

    async def many(self, names: Iterable[str], viewer: int | None = None) -> list[Hashtag]:
        """What is known of `names`, in the same order, with what each is to `viewer`."""
        wanted = list(dict.fromkeys(names))
        now = clock.now()
        used, idents, followed, featured = await asyncio.gather(
            self._read(sql.hashtag_days, wanted, since=hashtag.since(now), counted=COUNTED),
            self._read(sql.hashtag_ids, wanted),
            self._marked(sql.followed_hashtags, viewer, wanted),
            self._marked(sql.featured_hashtags, viewer, wanted),
        )
        id_of = {row["name"]: row["id"] for row in idents}
        counted = _by_name(used)
        return [
            Hashtag(
                name=name,
                id=id_of.get(name, 0),
                history=hashtag.history(now, counted[name]),
                following=None if viewer is None else name in followed,
                featuring=None if viewer is None else name in featured,
            )
            for name in wanted
        ]

    async def _read(self, query: Query, names: list[str], **parameters: Any) -> list[Row]:
        """The rows of `query`, which takes `:slots` and `:names` side by side, from the shards that have the names."""
        by_shard = defaultdict(list)
        for name in names:
            by_shard[self._shards.at(ids.slot_of_name(name))].append(name)
        parts = await asyncio.gather(
            *(
                shard.rows(query, slots=[ids.slot_of_name(name) for name in some], names=some, **parameters)
                for shard, some in by_shard.items()
            )
        )
        return [row for part in parts for row in part]

    async def _marked(self, query: Query, viewer: int | None, names: list[str]) -> set[str]:
        if viewer is None or not names:
            return set()
        slot = ids.slot_of(viewer)
        rows = await self._shards.at(slot).rows(query, slot=slot, account_id=viewer, names=names)
        return {row["tag"] for row in rows}


def _by_name(rows: list[Row]) -> defaultdict[str, dict[datetime, tuple[int, int]]]:
    counted: defaultdict[str, dict[datetime, tuple[int, int]]] = defaultdict(dict)
    for row in rows:
        counted[row["name"]][ids.EPOCH + timedelta(days=row["day"])] = (row["uses"], row["accounts"])
    return counted
