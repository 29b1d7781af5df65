"""Counts of posts, followers, likes and the like: changed only in the transaction that changes what they count.

A change is a row of its own (a delta), so that a photo liked a thousand times a second never queues on one row.
A worker folds deltas into `counts`; a reader adds both and is exact at any moment.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterable
from enum import IntEnum

from heliograph.base import ids
from heliograph.stores.queries import load
from heliograph.stores.shards import Row, Session, Shard, Shards, slots_of

sql = load("counts")

FOLD_BATCH = 10_000


class Count(IntEnum):
    """What is counted of an account (posts, followers, following) or of a post (likes, replies, reblogs)."""

    POSTS = 1
    FOLLOWERS = 2
    FOLLOWING = 3
    LIKES = 4
    REPLIES = 5
    REBLOGS = 6


async def add(session: Session, subject_id: int, kind: Count, delta: int) -> None:
    """Change a count inside the transaction of `session`, on the shard of `subject_id`."""
    await session.run(sql.add, slot=ids.slot_of(subject_id), subject_id=subject_id, kind=int(kind), delta=delta)


async def forget(session: Session, subject_id: int) -> None:
    """Drop all counts of what no longer exists."""
    slot = ids.slot_of(subject_id)
    # Deltas first: that waits for whoever is folding some, and then sees what they made of them.
    await session.run(sql.forget_deltas, slot=slot, subject_id=subject_id)
    await session.run(sql.forget, slot=slot, subject_id=subject_id)


Counted = dict[int, dict[Count, int]]


async def read(shards: Shards, idents: Iterable[int]) -> list[tuple[int, Counted]]:
    """A shard at a time: (log position, counts by id). An id of which nothing was ever counted has an empty dict."""
    return await asyncio.gather(*(_read_one(shard, some) for shard, some in shards.group(idents).items()))


async def _read_one(shard: Shard, idents: list[int]) -> tuple[int, Counted]:
    position, rows = await shard.versioned(sql.of, slots=slots_of(idents), ids=idents)
    return position, _by_subject(idents, rows)


def _by_subject(idents: list[int], rows: list[Row]) -> Counted:
    counted: defaultdict[int, dict[Count, int]] = defaultdict(dict)
    for row in rows:
        counted[row["subject_id"]][Count(row["kind"])] = row["value"]
    return {ident: counted[ident] for ident in idents}


async def fold(shards: Shards) -> int:
    """Fold one batch of deltas on each shard; how many rows of counts that changed."""
    return sum([await shard.chore(sql.fold, limit=FOLD_BATCH) for shard in shards.all])
