"""How much the site is used: numbers for what it says of itself, asked of every shard at most once a minute."""

import asyncio
import time

from heliograph.base.errors import StoreUnavailableError
from heliograph.stores.counts import Count
from heliograph.stores.queries import load
from heliograph.stores.shards import Shards

sql = load("usage")

BELIEVED_S = 60.0
NAMES = ("accounts", "active_month", "active_half_year", "posts")


class Usage:
    """Accounts, those that posted lately, posts."""

    def __init__(self, shards: Shards) -> None:
        self._shards = shards
        self._known: dict[str, int] = {}
        self._until = 0.0
        self._looking = asyncio.Lock()

    async def numbers(self) -> dict[str, int]:
        """`accounts`, `active_month`, `active_half_year` (who posted), `posts`."""
        # Counting reads whole tables: one looks, those who ask meanwhile take what was known.
        if time.monotonic() >= self._until and not (self._known and self._looking.locked()):
            async with self._looking:
                if time.monotonic() >= self._until:
                    await self._look()
        return self._known

    async def _look(self) -> None:
        try:
            rows = [
                *await self._shards.scatter(sql.accounts),
                *await self._shards.scatter(sql.posts, kind=int(Count.POSTS)),
            ]
        except StoreUnavailableError:
            # Apps ask for this first of all: better old numbers than no site.
            if not self._known:
                raise
        else:
            self._known = {name: sum(row.get(name) or 0 for row in rows) for name in NAMES}
        self._until = time.monotonic() + BELIEVED_S
