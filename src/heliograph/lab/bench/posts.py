"""Posts a second through the API, with the worker delivering them meanwhile."""

import itertools

import msgspec

from heliograph.lab.bench import crowd, load
from heliograph.lab.bench.report import Figure
from heliograph.lab.bench.trial import ALL_CORES, Trial, program

AUTHORS, FOLLOWS = 200, 20
SECONDS = 5.0
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
        outcome = await load.run(port, lambda: next(requests), SECONDS)
    return [
        Figure("posts, one web process, one worker", outcome.per_s, "/s", BAR),
        Figure("  p50", outcome.ms(0.5), "ms"),
        Figure("  p99", outcome.ms(0.99), "ms"),
        Figure("  answers other than 200", outcome.refused, "", 0, at_most=True),
    ]
