"""What is known of an author's followers: how many are there, and how often they read.

*How many are there*: a sample of followers is asked for, and Valkey whether they have a home list.

*How often they read*: one page of home in SAMPLED is counted, for everybody whom its reader follows and who is watched, that is
for whom push or pull matters. Counts are kept in the process and written every FLUSH_S in one statement a shard; they fade
within days. A request asks no store for any of this.
"""

import asyncio
import contextlib
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from heliograph.base import clock, ids, logs
from heliograph.base.errors import StoreUnavailableError
from heliograph.domain.graph.relations import Relations
from heliograph.stores.costs import Crowd, worth_a_look
from heliograph.stores.idlists import HOME, IdLists
from heliograph.stores.queries import load
from heliograph.stores.shards import Shard, Shards

log = logs.get("crowd")
sql = load("audiences")

SAMPLED = 64
FLUSH_S = 1800.0
LAST_FLUSH_S = 1.0
# Over how long reads and posts are averaged: a day and its night are in it, and most of a week.
READS_KEPT_S = 3 * 86400.0
POSTS_KEPT = timedelta(days=7)
MOST_POSTS = 2000
# Followers of whom it is asked whether they have a list, and of how many they are chosen from either end: who has joined long
# ago, and who has just come.
SAMPLE, CHOSEN_FROM = 100, 100_000
# Of an audience that nobody has watched yet: pages a day of each follower who is there.
READS_BELIEVED = 3.0
# Watched for their followers alone: people look for them (search.sql).
FAMOUS = 10_000


class Crowds:
    """Watches the audiences of authors."""

    def __init__(self, shards: Shards, lists: IdLists) -> None:
        self._shards = shards
        self._lists = lists
        self._chance = random.Random()  # noqa: S311 -- a sample, not a secret
        self._skip = 0
        self._watched: frozenset[int] = frozenset()
        self._reads: Counter[int] = Counter()

    def saw(self, relations: Relations) -> None:
        """A reader with `relations` reads a page. Asks nobody."""
        self._skip -= 1
        if self._skip <= 0:
            self._skip = self._chance.randint(1, 2 * SAMPLED - 1)
            self._reads.update(author for author in relations.following if author in self._watched)

    @asynccontextmanager
    async def counting(self) -> AsyncIterator[None]:
        """Inside the block what was counted is written now and then, and it is learned who is watched."""
        task = asyncio.create_task(self._keep_counting())
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
            # What half an hour has counted is worth a moment, and no more.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LAST_FLUSH_S):
                    await self._try_to_flush()

    async def _keep_counting(self) -> None:
        while True:
            await self._try_to_flush()
            await asyncio.sleep(FLUSH_S * self._chance.uniform(0.8, 1.2))

    async def _try_to_flush(self) -> None:
        """What could not be written is written the next time."""
        try:
            await self.flush()
        except StoreUnavailableError as error:
            log.info("crowd.unwritten", store=error.store)
        except Exception:
            # Whoever did not go on would have all audiences look unread, and their authors pulled, until the process ends.
            log.exception("crowd.unwritten")

    async def flush(self) -> None:
        """Write what was counted, and learn who is watched. Raises StoreUnavailableError: then some stays counted."""
        for shard, some in self._shards.group(list(self._reads)).items():
            await self._write(shard, {author: self._reads.pop(author) for author in some})
        self._watched = frozenset([row["account_id"] for row in await self._shards.scatter(sql.watched)])

    async def _write(self, shard: Shard, counted: dict[int, int]) -> None:
        try:
            await shard.run(
                sql.count_reads,
                slots=list(map(ids.slot_of, counted)),
                accounts=list(counted),
                reads=[float(SAMPLED * count) for count in counted.values()],
                kept_s=READS_KEPT_S,
            )
        except StoreUnavailableError:
            self._reads.update(counted)
            raise

    async def look(self, author: int, followers: int, *, pulled: bool) -> Crowd | None:
        """The audience of `author`, who has `followers`; None where it does not matter, and is watched no more."""
        posts = await self._posts_a_day(author)
        most_us_a_day = Crowd(followers, followers, posts, 0.0).push_us_a_day()
        # By the lower line: who is just below the upper one stays watched, and what has been counted is not lost.
        matters = worth_a_look(most_us_a_day, pulled=True) or followers >= FAMOUS
        if not (matters or pulled):
            await self._shards.of(author).run(sql.forget, slot=ids.slot_of(author), account_id=author)
            return None
        lists = round(followers * await self._share_with_lists(author, followers))
        reads = await self._note(author, followers, lists, posts)
        return Crowd(followers, lists, posts, reads)

    async def _posts_a_day(self, author: int) -> float:
        above = ids.first_at(clock.now() - POSTS_KEPT)
        count: int = await self._shards.of(author).value(
            sql.posts_since, slot=ids.slot_of(author), account_id=author, above=above, at_most=MOST_POSTS
        )
        return count / (POSTS_KEPT / timedelta(days=1))

    async def _share_with_lists(self, author: int, followers: int) -> float:
        step = max(1, min(followers, CHOSEN_FROM) // SAMPLE)
        rows = await self._shards.of(author).rows(
            sql.sample,
            slot=ids.slot_of(author),
            account_id=author,
            most=CHOSEN_FROM,
            step=step,
            at=self._chance.randrange(step),
        )
        some = [row["follower_id"] for row in rows]
        return await self._lists.exist(HOME, some) / len(some) if some else 0.0

    async def _note(self, author: int, followers: int, lists: int, posts: float) -> float:
        """Keep what was seen; the pages that the followers read in a day."""
        reads: float | None = await self._shards.of(author).value(
            sql.note,
            slot=ids.slot_of(author),
            account_id=author,
            followers=followers,
            lists=lists,
            posts_a_day=posts,
            reads=lists * READS_BELIEVED * READS_KEPT_S / 86400,
            kept_s=READS_KEPT_S,
        )
        return reads or 0.0
