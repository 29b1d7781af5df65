"""Posts a second through the API, with the worker delivering them meanwhile; beside the same rows committed by PostgreSQL alone."""

import asyncio
import itertools
import time

import msgspec

from heliograph.base.topology import topology_of
from heliograph.lab.bench import crowd, load
from heliograph.lab.bench.report import Beside, Figure
from heliograph.lab.bench.trial import ALL_CORES, Trial, program
from heliograph.stores.shards import Shards

AUTHORS, FOLLOWS = 200, 20
SECONDS = 5.0
# Of the load, and of the site's pool of connections while PostgreSQL is alone.
CONNECTIONS = 16
BAR = 300


async def measure(trial: Trial) -> list[Figure]:
    """Posts a second by 200 authors with 20 followers each, one web process, one worker."""
    authors = await crowd.people(trial.shards, AUTHORS, "writer")
    idents = [author.id for author in authors]
    edges = [(idents[at], idents[(at + step) % AUTHORS]) for at in range(AUTHORS) for step in range(1, FOLLOWS + 1)]
    await crowd.follow(trial.shards, edges)
    port = trial.settings.port
    body = msgspec.json.encode({"status": crowd.TEXT, "visibility": "public"})
    requests = itertools.cycle([load.post("/api/v1/statuses", author.token, body) for author in authors])
    async with (
        program(trial.settings, "heliograph", "work", cores=ALL_CORES),
        program(trial.settings, "heliograph", "serve", cores=ALL_CORES, ready=f"http://127.0.0.1:{port}/readyz"),
    ):
        await load.run(port, lambda: next(requests), 1.0)
        outcome = await load.run(port, lambda: next(requests), SECONDS, CONNECTIONS)
    limit = await _alone(trial, idents)
    return [
        Figure(
            "posts, one web process, one worker", outcome.per_s, "/s", BAR, beside=Beside("PostgreSQL alone", limit)
        ),
        Figure("  p50", outcome.ms(0.5), "ms"),
        Figure("  p99", outcome.ms(0.99), "ms"),
        Figure("  answers other than 200", outcome.refused, "", 0, at_most=True),
    ]


async def _alone(trial: Trial, authors: list[int]) -> float:
    """A post and its message, committed as often as the disk allows, by as many connections as the load had; a second."""
    ends = time.perf_counter() + SECONDS
    turns = itertools.cycle(authors)
    committed = 0

    async def write(shards: Shards) -> None:
        nonlocal committed
        while time.perf_counter() < ends:
            await shards.scatter(crowd.sql.publish, authors=[next(turns)], each=1, text=crowd.TEXT)
            committed += 1

    async with Shards.open(topology_of(trial.settings), CONNECTIONS) as shards:
        await asyncio.gather(*(write(shards) for _ in range(CONNECTIONS)))
    return committed / SECONDS
