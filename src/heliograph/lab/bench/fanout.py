"""Deliveries: from the committed outbox rows to the last follower's feed, one Valkey, feeds of 800 ids.

Beside one author with 100,000 followers stands what Valkey's function does alone, by turns in the same run; beside the PINGs
of that time, those of an idle server.
"""

import asyncio
import statistics

from heliograph.lab.bench import alone, beside, crowd, ping, stream
from heliograph.lab.bench.deliveries import Deliveries
from heliograph.lab.bench.fans import FEED_IDS, Fans, memory_bytes
from heliograph.lab.bench.report import Beside, Figure
from heliograph.lab.bench.trial import WEB_CORE, Trial, program
from heliograph.stores.idlists import HOME, IdLists

FOLLOWERS, POSTS, ROUNDS = 100_000, 5, 3
IDLE_S = 2.0
BAR, SHARE_BAR, STALL_MS_BAR, BYTES_BAR = 100_000, 70, 3, 9 * 1024


async def measure(trial: Trial) -> list[Figure]:
    """All figures of deliveries."""
    (star,) = await crowd.people(trial.shards, 1, "star")
    fans = Fans(series=0, count=FOLLOWERS)
    await fans.follow(trial.shards, [star.id], FOLLOWERS)
    await fans.fill(trial.valkey, FEED_IDS)
    await trial.shards.scatter(crowd.sql.analyze)
    size = await memory_bytes(trial.valkey, fans.ids()[-1])
    return [
        *await _one_author(trial, star.id, fans),
        *await stream.measure(trial, fans),
        *await beside.measure(trial, fans),
        Figure("a feed of 800 ids", size, "bytes", BYTES_BAR, at_most=True),
    ]


async def _one_author(trial: Trial, star: int, fans: Fans) -> list[Figure]:
    """Deliveries a second to an author with many followers, all of them active."""
    url = trial.settings.valkey_url
    async with ping.pinging(url) as idle:
        await asyncio.sleep(IDLE_S)
    deliveries = Deliveries(trial)
    bare, whole, stalls_ms = [], [], []
    await alone.measure(url, fans, 1, WEB_CORE)
    async with program(trial.settings, "heliograph", "work", cores=WEB_CORE):
        await deliveries.timed([star], 1)
        for _ in range(ROUNDS):
            bare.append(await alone.measure(url, fans, POSTS, WEB_CORE))
            async with ping.pinging(url) as busy:
                whole.append(FOLLOWERS * POSTS / await deliveries.timed([star], POSTS))
            stalls_ms.append(busy.p99_ms)
    shares = [100 * one / other for one, other in zip(whole, bare, strict=True)]
    spread = f"{min(shares):.0f} to {max(shares):.0f} in {ROUNDS} pairs"
    limit, quiet = Beside("function alone", statistics.median(bare)), Beside("idle", idle.p99_ms)
    missing = len(set(deliveries.posts) - set(await _newest(trial, fans.ids()[-1])))
    return [
        Figure("deliveries, 100,000 followers", statistics.median(whole), "/s", BAR, beside=limit),
        Figure("  of the function alone", statistics.median(shares), "%", SHARE_BAR, note=spread),
        Figure("  PING meanwhile, p99", statistics.median(stalls_ms), "ms", idle.p99_ms + STALL_MS_BAR, True, beside=quiet),
        Figure("  posts that the last follower does not have", missing, "", 0, at_most=True),
    ]  # fmt: skip


async def _newest(trial: Trial, fan: int) -> list[int]:
    (found,) = await IdLists(trial.valkey, FEED_IDS).read([(HOME, fan)], FEED_IDS, 3600)
    return found.ids
