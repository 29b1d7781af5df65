"""A site whose celebrity grows as in life: some thousands of followers, posts, and then all the others."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from heliograph.lab.bench import crowd
from heliograph.lab.bench.trial import Trial
from heliograph.lab.celebrity import edges
from heliograph.stores.outbox import Outbox

READERS, FANS, FOLLOWS, POSTS = 1000, 500, 50, 3
# Fans who have not read home before they are asked whether they see it.
NEWCOMERS = 20
# Measured at 20 million: 430 bytes for both ends of an edge with their indexes; the log of the load comes on top.
EDGE_BYTES, LOG_BYTES = 450, 3 * 10**9
# On two cores that others used as well: who waits less than was said does not mind.
EDGES_PER_S = 27_000
# Followers of the celebrity when it posts for the first time: above any line between push and pull.
FIRST = 20_000
# A new line takes effect within ten seconds (`domain/feeds/pulled.py`), on every process.
CROSSED_S = 15.0
QUIET_S = 900.0


class Stage(msgspec.Struct, frozen=True):
    """Who is there: the celebrity, readers (the first FANS of them follow it; the last NEWCOMERS of these have never read)."""

    trial: Trial
    celebrity: crowd.Person
    readers: list[crowd.Person]
    edges: int
    loaded_s: float
    edge_bytes: int

    @property
    def fans(self) -> list[crowd.Person]:
        """Readers who follow the celebrity."""
        return self.readers[:FANS]

    @property
    def regulars(self) -> list[crowd.Person]:
        """Readers who have a feed: all but the newcomers."""
        return [*self.readers[: FANS - NEWCOMERS], *self.readers[FANS:]]

    @property
    def newcomers(self) -> list[crowd.Person]:
        """Fans who have never read home."""
        return self.readers[FANS - NEWCOMERS : FANS]


def foreseen(count: int, folder: Path, free_bytes: int) -> str:
    """What a load of `count` edges will take, in words."""
    minutes = 2 + count / EDGES_PER_S / 60
    return (
        f"{count:,} follow edges at both ends: about {needed_bytes(count) / 1e9:.1f} GB in {folder} "
        f"({free_bytes / 1e9:.0f} GB free) and {minutes:.0f} minutes, measurement not counted"
    )


def needed_bytes(count: int) -> int:
    """The disk that a load of `count` edges takes at its peak."""
    return count * EDGE_BYTES + min(LOG_BYTES, count * EDGE_BYTES * 2)


async def people(trial: Trial) -> tuple[crowd.Person, list[crowd.Person]]:
    """The celebrity and the readers, of whom the fans follow it."""
    readers = await crowd.society(trial.shards, READERS, FOLLOWS, POSTS, seed=3)
    (celebrity,) = await crowd.people(trial.shards, 1, "celebrity")
    await crowd.follow(trial.shards, [(fan.id, celebrity.id) for fan in readers[:FANS]])
    return celebrity, readers


async def crowd_in(trial: Trial, celebrity: crowd.Person, count: int, post: Callable[[], object]) -> float:
    """`count` edges: FIRST of them, a post (`post`, in a thread) that tells the product, then the rest; the seconds of COPY."""
    first = min(FIRST, count)
    with _progress() as progress:
        task = progress.add_task("rows", total=2 * count)
        loaded_s = await _load(trial, celebrity, 0, first, lambda rows: progress.advance(task, rows))
        await asyncio.to_thread(post)
        await quiet(trial)
        await asyncio.sleep(CROSSED_S)
        loaded_s += await _load(trial, celebrity, first, count - first, lambda rows: progress.advance(task, rows))
    for query in (crowd.sql.vacuum_followers, crowd.sql.vacuum_follows):
        await crowd.make(trial.shards, query)
    return loaded_s


async def edge_bytes(trial: Trial) -> int:
    """What the follows of the site take on disk."""
    (row,) = await trial.shards.scatter(crowd.sql.edge_bytes)
    size: int = row["bytes"]
    return size


async def quiet(trial: Trial) -> None:
    """Until no message waits. Raises TimeoutError after QUIET_S."""
    async with asyncio.timeout(QUIET_S):
        while await waiting(trial):  # noqa: ASYNC110 -- another process is waited for
            await asyncio.sleep(0.1)


async def waiting(trial: Trial) -> int:
    """How many messages wait in the outbox."""
    return sum(state.pending for state in await Outbox(trial.shards, trial.valkey).state())


async def _load(trial: Trial, celebrity: crowd.Person, start: int, count: int, done: Callable[[int], None]) -> float:
    started = time.perf_counter()
    await edges.follow(trial.shards, celebrity.id, start, count, done)
    return time.perf_counter() - started


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn(),
        console=Console(stderr=True),
    )  # fmt: skip
