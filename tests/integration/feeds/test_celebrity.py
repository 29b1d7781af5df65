"""Outliers: who is followed by 200,000, who follows 5,000, who comes back after months, who follows nobody.

Limits are generous, since others use the machine: what goes wrong here goes wrong by the hundredfold.
"""

import random
import statistics
import time
from collections.abc import Iterable

import asyncpg
import msgspec
import pytest

from heliograph.base import ids, metrics
from heliograph.base.paging import Page
from heliograph.base.topology import Topology
from heliograph.domain.posts.post import Visibility
from heliograph.domain.posts.publish import Draft
from heliograph.domain.product import Product
from heliograph.stores.counts import Count
from heliograph.stores.idlists import HOME, RECENT
from heliograph.wiring import drain

FOLLOWERS, CELEBRITIES, FOLLOWED = 200_000, 50, 5000
POSTS = 15
TIMES = 4.0
HOME_S = 2.0


def strangers(count: int) -> list[int]:
    """Ids of accounts from before there was this site: nobody reads there."""
    chance = random.Random(count)
    return [(moment << 22) | (chance.randrange(ids.SHARED_SLOTS) << 12) for moment in range(1, count + 1)]


async def load(topology: Topology, followers: Iterable[int], targets: Iterable[int]) -> None:
    """Both ends of follows, in bulk, and the counts of who is followed."""
    edges = [(follower, target) for target in targets for follower in followers]
    connection = await asyncpg.connect(topology.shards[0].dsn)
    try:
        near = [(ids.slot_of(target), target, follower, follower) for follower, target in edges]
        await connection.copy_records_to_table(
            "followers", records=near, columns=["slot", "account_id", "follower_id", "rev"]
        )
        far = [(ids.slot_of(follower), follower, target, follower) for follower, target in edges]
        await connection.copy_records_to_table(
            "follows", records=far, columns=["slot", "account_id", "target_id", "rev"]
        )
        await connection.execute(
            "INSERT INTO counts (slot, subject_id, kind, value)"
            " SELECT (target >> 12) & 1023, target, $2, count(*) FROM unnest($1::bigint[]) AS target GROUP BY target",
            [target for _, target in edges],
            int(Count.FOLLOWERS),
        )
        await connection.execute("ANALYZE followers, follows")
    finally:
        await connection.close()


async def post(product: Product, author: int) -> tuple[int, float]:
    """A post; seconds until it was answered."""
    began = time.perf_counter()
    made = await product.publishing.publish(author, Draft(text="light", media_ids=[], visibility=Visibility.PUBLIC))
    return made.post_id, time.perf_counter() - began


async def home(product: Product, reader: int, limit: int = 20) -> tuple[list[int], float]:
    """What a reader sees; seconds until it was answered."""
    began = time.perf_counter()
    timeline = await product.home.page(reader, Page(limit=limit))
    return [int(msgspec.json.decode(item)["id"]) for item in timeline.items], time.perf_counter() - began


def delivered() -> float:
    return next(sample.value for sample in next(iter(metrics.feed_deliveries.collect())).samples)


@pytest.mark.usefixtures("hasty")
async def test_a_celebrity_of_200_000_followers(product: Product, topology: Topology, people) -> None:
    celebrity, ordinary, *readers = await people(8)
    for reader in readers:
        for author in (celebrity, ordinary):
            await product.following.follow(reader, author)
    await drain(product)
    for reader in readers[:-1]:
        await home(product, reader)
    await load(topology, strangers(FOLLOWERS), [celebrity])
    first, _ = await post(product, celebrity)
    await drain(product)
    audience = (await product.crossing.audiences([celebrity]))[celebrity]
    assert audience.followers == FOLLOWERS + len(readers)
    assert audience.pull_from is not None, "to pass over 200,000 at each post costs more than what six people read"

    pushed, made = delivered(), [first]
    took_s: dict[int, list[float]] = {celebrity: [], ordinary: []}
    for _ in range(POSTS):
        for author, times in took_s.items():
            ident, seconds = await post(product, author)
            made.append(ident)
            times.append(seconds)
    slow, usual = (statistics.median(took_s[author]) for author in (celebrity, ordinary))
    assert slow < TIMES * usual
    for reader in readers[:-1]:
        assert made[-2] in (await home(product, reader))[0], "at once: nothing has to be delivered"
    await drain(product)
    assert delivered() - pushed == POSTS * len(readers), "only the ordinary posts are pushed"
    assert not any(state.pending or state.dead for state in await product.outbox.state())
    for reader in readers[:-1]:
        assert (await home(product, reader, 40))[0] == made[::-1]

    # Months later: there is no list, and what there is was never pushed to anybody.
    back, once = readers[0], readers[-1]
    await product.stores.valkey.one(lambda keys: ("DEL", keys.id_list(HOME, back), keys.id_list(RECENT, celebrity)))
    for reader in (back, once):
        shown, seconds = await home(product, reader, 40)
        assert shown == made[::-1]
        assert seconds < HOME_S


@pytest.mark.usefixtures("hasty")
async def test_who_follows_5000_of_whom_50_are_celebrities(product: Product, topology: Topology, people) -> None:
    reader, *celebrities = await people(1 + CELEBRITIES)
    await load(topology, [reader], [*strangers(FOLLOWED - CELEBRITIES), *celebrities])
    for celebrity in celebrities:
        await product.crossing.start(celebrity)
    # Nobody delivers anything: all that is seen is pulled.
    made = [(await post(product, celebrity))[0] for celebrity in celebrities]
    assert len(await product.pulled.lists(await product.relations.of(reader))) == CELEBRITIES
    for _ in range(3):
        shown, seconds = await home(product, reader, 40)
        assert shown == made[::-1][:40]
        assert seconds < HOME_S
    newest, _ = await post(product, celebrities[0])
    assert (await home(product, reader))[0] == [newest, *made[::-1][:19]]
    older = await product.home.page(reader, Page(limit=40, max_id=made[20]))
    assert [int(msgspec.json.decode(item)["id"]) for item in older.items] == made[:20][::-1]


async def test_an_empty_feed(product: Product, people) -> None:
    (alone,) = await people(1)
    for _ in range(2):
        shown, seconds = await home(product, alone)
        assert shown == []
        assert seconds < HOME_S
