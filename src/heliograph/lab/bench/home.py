"""Reads of the home feed: 20 posts, 1,000 viewers who follow 50 each, one web process, warm; beside the floor."""

import itertools
import urllib.request

from heliograph.lab.bench import crowd, load
from heliograph.lab.bench.report import Beside, Figure
from heliograph.lab.bench.trial import OTHER_CORES, WEB_CORE, Trial, free_port, pinned, program, resident_mb

VIEWERS, FOLLOWS, POSTS = 1000, 50, 3
SECONDS = 5.0
PATH = "/api/v1/timelines/home"
HOME_BAR, WEB_MB_BAR = 2000, 150


async def measure(trial: Trial) -> list[Figure]:
    """Home reads a second, latencies, the floor of the same run, memory of the web process."""
    viewers = await crowd.society(trial.shards, VIEWERS, FOLLOWS, POSTS, seed=1)
    port = trial.settings.port
    ready = f"http://127.0.0.1:{port}/readyz"
    with pinned(OTHER_CORES):
        async with program(trial.settings, "heliograph", "serve", cores=WEB_CORE, ready=ready) as pid:
            size = _size(port, viewers[0].token)
            requests = itertools.cycle([load.get(PATH, viewer.token) for viewer in viewers])
            await load.run(port, lambda: next(requests), SECONDS)
            warm = await load.run(port, lambda: next(requests), SECONDS)
            memory_mb = resident_mb(pid)
        floor = await _floor(trial, size)
    return [
        Figure("home feed, 20 posts, one web process", warm.per_s, "/s", HOME_BAR, note=f"{size / 1000:.0f} KB",
               beside=Beside("floor", floor.per_s)),
        Figure("  p50", warm.ms(0.5), "ms", beside=Beside("floor", floor.ms(0.5))),
        Figure("  p99", warm.ms(0.99), "ms", beside=Beside("floor", floor.ms(0.99))),
        Figure("  answers other than 200", warm.refused, "", 0, at_most=True),
        Figure("  memory of the web process", memory_mb, "MB", WEB_MB_BAR, at_most=True),
    ]  # fmt: skip


def _size(port: int, token: str) -> int:
    request = urllib.request.Request(f"http://127.0.0.1:{port}{PATH}", headers={"Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 -- the same
        return len(answer.read())


async def _floor(trial: Trial, size: int) -> load.Outcome:
    port = free_port()
    argv = ("heliograph.lab.bench.floor", str(port), str(size))
    async with program(trial.settings, *argv, cores=WEB_CORE, ready=f"http://127.0.0.1:{port}{PATH}"):
        return await load.run(port, lambda: load.get(PATH, "x"), SECONDS)
