"""How much the site is used: numbers for what it says of itself, asked of every shard at most once a minute."""

import time

from heliograph.stores.counts import Count
from heliograph.stores.queries import load
from heliograph.stores.shards import Shards

sql = load("usage")

BELIEVED_S = 60.0


class Usage:
    """Accounts, those that posted lately, posts."""

    def __init__(self, shards: Shards) -> None:
        self._shards = shards
        self._known: dict[str, int] = {}
        self._until = 0.0

    async def numbers(self) -> dict[str, int]:
        """`accounts`, `active_month`, `active_half_year` (who posted), `posts`."""
        if time.monotonic() >= self._until:
            rows = [
                *await self._shards.scatter(sql.accounts),
                *await self._shards.scatter(sql.posts, kind=int(Count.POSTS)),
            ]
            names = ("accounts", "active_month", "active_half_year", "posts")
            self._known = {name: sum(row.get(name) or 0 for row in rows) for name in names}
            self._until = time.monotonic() + BELIEVED_S
        return self._known
