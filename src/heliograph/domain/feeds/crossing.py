"""How an author crosses the line between push and pull, in both directions without a post lost or shown twice.

*To pull*: posts from an id on that lies GRACE ahead (`pull_from`) are not pushed, and merged by who reads. Every process looks
every two seconds, so all readers know before the first post is not pushed.

*To push*: deliveries push again at once; readers go on merging what is below an id GRACE ahead (`pull_until`). The
message `feeds.backfill` comes when all of that has certainly been committed, twice GRACE later, has what was only pulled
pushed to everybody (backfill.py), and ends it. An author who is crossing is not turned back before.
"""

import asyncio
from collections.abc import Iterable
from datetime import timedelta

import msgspec

from heliograph.base import ids, metrics
from heliograph.stores import outbox
from heliograph.stores.counts import Count
from heliograph.stores.queries import load
from heliograph.stores.shards import Shards

sql = load("feeds")
tags_sql = load("tags")

BACKFILL = "feeds.backfill"
GRACE = timedelta(seconds=10)


class Audience(msgspec.Struct, frozen=True):
    """How an author is delivered.

    From which id on their posts are pulled (None: all are pushed; MAX_ID: they are pushed again), how many follow; how many
    seconds ago the audience was looked at (None: never), and how many followed then.
    """

    pull_from: int | None
    followers: int
    looked_s: float | None = None
    looked_followers: int = 0

    def pulls(self, post_id: int) -> bool:
        """Whether this post is left to be pulled."""
        return self.pull_from is not None and post_id >= self.pull_from

    @property
    def crossing(self) -> bool:
        """Whether the author is on the way from pull to push."""
        return self.pull_from == ids.MAX_ID


class Backfill(msgspec.Struct, frozen=True):
    """What `author` has posted from `since` on is to be pushed; then it need not be pulled up to `until` any more.

    Messages of before there was such a bound have None; those of an author who is let in again as well.
    """

    author: int
    since: int = 0
    until: int | None = None


class Crossing:
    """Lets authors cross, and hashtags."""

    def __init__(self, shards: Shards) -> None:
        self._shards = shards

    async def audiences(self, authors: Iterable[int]) -> dict[int, Audience]:
        """How `authors` are delivered at the moment; one who does not exist is absent."""
        parts = await asyncio.gather(
            *(
                shard.rows(sql.audiences, slots=list(map(ids.slot_of, some)), authors=some, kind=int(Count.FOLLOWERS))
                for shard, some in self._shards.group(set(authors)).items()
            )
        )
        return {
            row["id"]: Audience(row["pull_from"], row["followers"], row["looked_s"], row["looked_followers"] or 0)
            for part in parts
            for row in part
        }

    async def start(self, author: int) -> int:
        """Begin to pull `author`; the id from which on posts are not pushed."""
        slot = ids.slot_of(author)
        set_to: int = await self._shards.at(slot).value(sql.start_pull, slot=slot, id=author, grace_ms=_grace_ms())
        metrics.feed_crossings.labels("pull").inc()
        return set_to

    async def start_tag(self, tag: str) -> int:
        """Begin to pull what `tag` lists; the id from which on it is not pushed."""
        slot = ids.slot_of_name(tag)
        set_to: int = await self._shards.at(slot).value(tags_sql.start_pull, slot=slot, tag=tag, grace_ms=_grace_ms())
        return set_to

    async def push_again(self, author: int) -> None:
        """Push what `author` posts from now on, and let readers pull what is older until it has been pushed too."""
        slot = ids.slot_of(author)
        async with self._shards.at(slot).transaction() as transaction:
            row = await transaction.row(sql.push_again, slot=slot, id=author, never=ids.MAX_ID, grace_ms=_grace_ms())
            if row is not None:
                backfill = msgspec.to_builtins(Backfill(author, row["since"], row["until"]))
                await outbox.put(transaction, slot, BACKFILL, backfill, 2 * GRACE.total_seconds())
                metrics.feed_crossings.labels("push").inc()

    async def end(self, backfill: Backfill) -> None:
        """Readers need no longer pull the author, who has crossed."""
        slot = ids.slot_of(backfill.author)
        await self._shards.at(slot).run(
            sql.end_pull, slot=slot, id=backfill.author, never=ids.MAX_ID, until=backfill.until
        )


def _grace_ms() -> int:
    return round(GRACE / timedelta(milliseconds=1))
