"""Many authors with few followers each, worked off by one worker and by two, and how busy Valkey is with it."""

import contextlib
import time

from heliograph.lab.bench import crowd
from heliograph.lab.bench.deliveries import Deliveries
from heliograph.lab.bench.fans import Fans
from heliograph.lab.bench.report import Figure
from heliograph.lab.bench.trial import WEB_CORE, Trial, program

AUTHORS, FOLLOWERS, POSTS = 500, 100, 4
BAR = 50_000


async def measure(trial: Trial, fans: Fans) -> list[Figure]:
    """Deliveries a second of one worker and of two on the same core, and what share of its own core Valkey works."""
    authors = [person.id for person in await crowd.people(trial.shards, AUTHORS, "author")]
    await fans.follow(trial.shards, authors, FOLLOWERS)
    one, one_busy = await _rate(trial, authors, 1)
    two, two_busy = await _rate(trial, authors, 2)
    return [
        Figure("deliveries, authors with 100 followers each", one, "/s", BAR, note=f"Valkey works {one_busy:.0f} % of the time"),
        Figure("  by two workers on one core", two, "/s", note=f"Valkey works {two_busy:.0f} % of the time"),
    ]  # fmt: skip


async def _rate(trial: Trial, authors: list[int], workers: int) -> tuple[float, float]:
    deliveries = Deliveries(trial)
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(workers):
            await stack.enter_async_context(program(trial.settings, "heliograph", "work", cores=WEB_CORE))
        await deliveries.timed(authors, 1)
        worked_s, started = await _worked_s(trial), time.perf_counter()
        took_s = await deliveries.timed(authors, POSTS)
        busy = (await _worked_s(trial) - worked_s) / (time.perf_counter() - started)
    return AUTHORS * FOLLOWERS * POSTS / took_s, 100 * busy


async def _worked_s(trial: Trial) -> float:
    info = await trial.valkey.info()
    return float(info["used_cpu_user"]) + float(info["used_cpu_sys"])
