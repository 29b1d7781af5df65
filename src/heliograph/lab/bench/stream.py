"""Many authors with few followers each, worked off by one worker and by two, and how busy Valkey is with it."""

import contextlib
import time

from heliograph.lab.bench import crowd
from heliograph.lab.bench.deliveries import Deliveries
from heliograph.lab.bench.fans import Fans
from heliograph.lab.bench.report import Beside, Figure
from heliograph.lab.bench.trial import ALL_CORES, WEB_CORE, Trial, program

AUTHORS, FOLLOWERS, POSTS = 500, 100, 4
BAR = 50_000


async def measure(trial: Trial, fans: Fans) -> list[Figure]:
    """Deliveries a second of one worker on a core of its own, of one and of two on all cores, and how busy Valkey is."""
    authors = [person.id for person in await crowd.people(trial.shards, AUTHORS, "author")]
    await fans.follow(trial.shards, authors, FOLLOWERS)
    alone, alone_busy = await _rate(trial, authors, 1, WEB_CORE)
    one, one_busy = await _rate(trial, authors, 1, ALL_CORES)
    two, two_busy = await _rate(trial, authors, 2, ALL_CORES)
    valkey = "Valkey works {:.0f} % of the time".format
    return [
        Figure("deliveries, authors with 100 followers each", alone, "/s", BAR, note=valkey(alone_busy)),
        Figure(
            "  by two workers on all cores", two, "/s", note=valkey(two_busy), beside=Beside("one worker there", one)
        ),
        Figure("  by one worker on all cores", one, "/s", note=valkey(one_busy)),
    ]


async def _rate(trial: Trial, authors: list[int], workers: int, cores: set[int]) -> tuple[float, float]:
    deliveries = Deliveries(trial)
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(workers):
            await stack.enter_async_context(program(trial.settings, "heliograph", "work", cores=cores))
        await deliveries.timed(authors, 1)
        worked_s, started = await _worked_s(trial), time.perf_counter()
        took_s = await deliveries.timed(authors, POSTS)
        busy = (await _worked_s(trial) - worked_s) / (time.perf_counter() - started)
    return AUTHORS * FOLLOWERS * POSTS / took_s, 100 * busy


async def _worked_s(trial: Trial) -> float:
    info = await trial.valkey.info()
    return float(info["used_cpu_user"]) + float(info["used_cpu_sys"])
