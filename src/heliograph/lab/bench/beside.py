"""A small audience beside a large one: posts to 100 followers while the same worker delivers one to 1,000,000."""

import asyncio
import time

from heliograph.lab.bench import crowd
from heliograph.lab.bench.deliveries import Deliveries
from heliograph.lab.bench.fans import Fans
from heliograph.lab.bench.report import Figure
from heliograph.lab.bench.trial import WEB_CORE, Trial, program

LARGE, AUTHORS, SMALL = 1_000_000, 50, 100
PAUSE_S = 0.05
BAR_MS = 1000


async def measure(trial: Trial, fans: Fans) -> list[Figure]:
    """How long the small ones take, from commit to the last follower, until the large one is through."""
    huge, *authors = [person.id for person in await crowd.people(trial.shards, 1 + AUTHORS, "neighbour")]
    crowded = Fans(series=1, count=LARGE)
    await crowded.follow(trial.shards, [huge], LARGE)
    await crowded.fill(trial.valkey, 0)
    await fans.follow(trial.shards, authors, SMALL)
    await trial.shards.scatter(crowd.sql.analyze)
    deliveries = Deliveries(trial)
    async with program(trial.settings, "heliograph", "work", cores=WEB_CORE):
        await deliveries.timed(authors, 1)
        large = await deliveries.publish([huge], 1)
        started = time.perf_counter()
        took_ms: list[float] = []
        while await deliveries.left(large):
            took_ms.append(1000 * await deliveries.timed([authors[len(took_ms) % AUTHORS]], 1))
            await asyncio.sleep(PAUSE_S)
        rate = LARGE / (time.perf_counter() - started)
    took_ms.sort()
    return [
        Figure("100 followers beside 1,000,000, p99", took_ms[int(0.99 * len(took_ms))], "ms", BAR_MS, at_most=True, note=f"{len(took_ms)} posts"),
        Figure("  p50", took_ms[len(took_ms) // 2], "ms"),
        Figure("  deliveries to the 1,000,000 meanwhile", rate, "/s"),
    ]  # fmt: skip
