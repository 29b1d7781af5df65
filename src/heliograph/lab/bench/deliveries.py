"""Posts committed with their messages, and how long workers take to deliver them."""

import asyncio
import time

from heliograph.lab.bench import crowd
from heliograph.lab.bench.trial import Trial
from heliograph.stores.outbox import Outbox

DEADLINE_S = 120.0
# A look takes the stores' core as well: one in so much of the time that has passed, not sooner than after LOOK_EVERY_S.
LOOK_EVERY_S, LOOK_SHARE = 0.005, 0.01


class Deliveries:
    """Publishes and waits. `posts`: all that have been published here."""

    def __init__(self, trial: Trial) -> None:
        self._shards = trial.shards
        self._outbox = Outbox(trial.shards, trial.valkey)
        self.posts: list[int] = []

    async def publish(self, authors: list[int], each: int) -> list[int]:
        """Commit `each` posts of every author at once, and tell the workers."""
        rows = await self._shards.scatter(crowd.sql.publish, authors=authors, each=each, text=crowd.TEXT)
        await self._outbox.hint()
        posts = [row["id"] for row in rows]
        self.posts += posts
        return posts

    async def left(self, posts: list[int]) -> int:
        """How many of `posts` are not delivered to everybody."""
        (row,) = await self._shards.scatter(crowd.sql.undelivered, posts=posts)
        return int(row["count"])

    async def timed(self, authors: list[int], each: int) -> float:
        """Commit `each` posts of every author and wait until all are delivered; seconds."""
        posts = await self.publish(authors, each)
        started = time.perf_counter()
        async with asyncio.timeout(DEADLINE_S):
            while await self.left(posts):  # noqa: ASYNC110 -- other processes are waited for
                await asyncio.sleep(max(LOOK_EVERY_S, LOOK_SHARE * (time.perf_counter() - started)))
        return time.perf_counter() - started
