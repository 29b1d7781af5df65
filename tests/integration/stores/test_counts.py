"""Counts: exact at any moment, whoever folds meanwhile."""

import asyncio

from heliograph.stores import counts
from heliograph.stores.counts import Count
from heliograph.stores.queries import load, parse
from heliograph.stores.shards import Shards

sql = load("counts")
rows = parse(
    "counted",
    """
-- name: all
-- scatter
SELECT (SELECT count(*) FROM counts) AS folded, (SELECT count(*) FROM count_deltas) AS deltas;
""",
)

SUBJECT, OTHER = 5 << 12 | 1, 5 << 12 | 2


async def value(shards: Shards, subject: int, kind: Count = Count.LIKES) -> int:
    ((_, counted),) = await counts.read(shards, [subject])
    return counted[subject].get(kind, 0)


async def add(shards: Shards, subject: int, delta: int, kind: Count = Count.LIKES) -> None:
    async with shards.of(subject).transaction() as transaction:
        await counts.add(transaction, subject, kind, delta)


async def test_adding_reading_and_folding_at_once(shards: Shards) -> None:
    """Only additions: a reader must never see less than before, and in the end all."""
    done = asyncio.Event()
    seen: list[int] = []

    async def many(times: int) -> None:
        for _ in range(times):
            await add(shards, SUBJECT, 1)
            await add(shards, OTHER, 1)

    async def folding() -> None:
        while not done.is_set():
            await counts.fold(shards)

    async def reading() -> None:
        while not done.is_set():
            seen.append(await value(shards, SUBJECT))

    background = [asyncio.create_task(each) for each in (folding(), folding(), reading())]
    await asyncio.gather(*(many(40) for _ in range(4)))
    done.set()
    await asyncio.gather(*background)
    assert seen == sorted(seen)
    assert await value(shards, SUBJECT) == await value(shards, OTHER) == 160
    while await counts.fold(shards):
        pass
    assert await value(shards, SUBJECT) == await value(shards, OTHER) == 160
    (left,) = await shards.scatter(rows.all)
    assert dict(left) == {"folded": 2, "deltas": 0}


async def test_kinds_and_subjects_are_apart(shards: Shards) -> None:
    for subject, kind, delta in ((SUBJECT, Count.LIKES, 1), (SUBJECT, Count.POSTS, 1), (OTHER, Count.LIKES, -1)):
        await add(shards, subject, delta, kind)
        await add(shards, subject, delta, kind)
        await counts.fold(shards)
    ((position, counted),) = await counts.read(shards, [SUBJECT, OTHER, 5 << 12 | 3])
    assert position > 0
    assert counted == {SUBJECT: {Count.LIKES: 2, Count.POSTS: 2}, OTHER: {Count.LIKES: -2}, 5 << 12 | 3: {}}
    async with shards.of(SUBJECT).transaction() as transaction:
        await counts.forget(transaction, SUBJECT)
    assert (await value(shards, SUBJECT), await value(shards, OTHER)) == (0, -2)


async def test_forgetting_while_somebody_folds(shards: Shards) -> None:
    """The deltas under way into a count are forgotten too: nothing is left of what no longer exists."""
    await add(shards, SUBJECT, 1)
    shard = shards.of(SUBJECT)

    async def forget() -> None:
        async with shard.transaction() as transaction:
            await counts.forget(transaction, SUBJECT)

    async with shard.transaction() as folding:
        assert await folding.run(sql.fold, limit=100) == 1
        forgetting = asyncio.create_task(forget())
        await asyncio.wait([forgetting], timeout=0.3)
    await forgetting
    (left,) = await shards.scatter(rows.all)
    assert dict(left) == {"folded": 0, "deltas": 0}
