"""The first page of home after months: the feed is gone and is built anew. Of those who follow 50, 5,000 and nobody, one at a time.

What they follow has all been posted meanwhile; the web process knows nothing of them either. A page in 150 ms, or an honest 206.
"""

import random
import time
from collections.abc import Sequence

from heliograph.lab.bench import crowd, load
from heliograph.lab.bench.crowd import Person
from heliograph.lab.bench.report import Figure
from heliograph.lab.bench.trial import OTHER_CORES, WEB_CORE, Trial, pinned, program

AUTHORS, POSTS, READERS = 5000, 4, 50
FOLLOWS = (0, 50, 5000)
PATH = "/api/v1/timelines/home"
MS_BAR = 150
PENDING = b"HTTP/1.1 206"


async def measure(trial: Trial) -> list[Figure]:
    """The slowest of READERS readers each, and how many were told to wait for a moment."""
    authors = [person.id for person in await crowd.people(trial.shards, AUTHORS, "author")]
    await crowd.make(trial.shards, crowd.sql.posts, authors=authors, each=POSTS, text=crowd.TEXT)
    readers = {count: await crowd.people(trial.shards, READERS, f"reader{count}of") for count in FOLLOWS}
    chance = random.Random(1)  # noqa: S311 -- repeatable, not secret
    for count, some in readers.items():
        await crowd.follow(trial.shards, [(each.id, other) for each in some for other in chance.sample(authors, count)])
    (warm,) = await crowd.people(trial.shards, 1, "warm")
    await crowd.make(trial.shards, crowd.sql.analyze)
    port = trial.settings.port
    ready = f"http://127.0.0.1:{port}/readyz"
    figures = []
    with pinned(OTHER_CORES):
        async with program(trial.settings, "heliograph", "serve", cores=WEB_CORE, ready=ready):
            await _first_pages(port, [warm] * 20)
            for count, some in readers.items():
                times_ms, told_to_wait = await _first_pages(port, some)
                who = f"who follows {count:,}" if count else "who follows nobody"
                note = f"median {sorted(times_ms)[len(times_ms) // 2]:.0f} ms; {told_to_wait} of {READERS} heard 206"
                figures.append(Figure(f"first page after months, {who}", max(times_ms), "ms", MS_BAR, True, note=note))
    return figures


async def _first_pages(port: int, people: Sequence[Person]) -> tuple[list[float], int]:
    """How long the first page of each took, in ms, and of how many it was 206. Raises ConnectionError for another answer."""
    client = await load.Client.open(port)
    times_ms, pending = [], 0
    for person in people:
        began = time.perf_counter()
        head, _ = await client.answer(load.get(PATH, person.token))
        times_ms.append(1000 * (time.perf_counter() - began))
        pending += head.startswith(PENDING)
        if not head.startswith((load.OK, PENDING)):
            raise ConnectionError(head.partition(b"\r\n")[0].decode())
    return times_ms, pending
