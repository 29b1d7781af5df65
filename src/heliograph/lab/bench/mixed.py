"""The mix of the DeathStarBench social network: 60 % home, 30 % account timeline, 10 % post, on the Reed98 graph.

Gan et al., "An Open-Source Benchmark Suite for Microservices", ASPLOS 2019, `socialNetwork/wrk2/scripts/mixed-workload.lua`: an
open loop, people drawn evenly, pages of ten, posts of 256 letters with up to five mentions and five links. Two things differ: a page
is always the first, since ours follow a cursor and no offset, and posts have no photos.
"""

import asyncio
import random
import string
import time
from collections.abc import Iterator, Sequence

import msgspec

from heliograph.lab.bench import climb, crowd, graphs, load, openloop, usage
from heliograph.lab.bench.climb import Step
from heliograph.lab.bench.report import Beside, Figure
from heliograph.lab.bench.trial import ALL_CORES, Trial, free_port, program
from heliograph.stores.outbox import Outbox

POSTS, PAGE = 10, 10
SHARES = {"home": 0.6, "account": 0.3, "post": 0.1}
TEXT_LETTERS, MENTIONS, LINKS = 256, 5, 5
STEP_S, FLOOR_STEP_S = 8.0, 3.0
START_PER_S, FLOOR_START_PER_S = 100.0, 2000.0
FACTOR = 1.3
# Between two steps the outbox may drain, so that no step pays for the one before.
DRAIN_S = 30.0
HOME = f"/api/v1/timelines/home?limit={PAGE}"


async def measure(trial: Trial) -> list[Figure]:
    """The highest rate with a p99 under 100 ms and no error, and what gives way at the next."""
    graph, friendships = graphs.reed98()
    people = await _society(trial, friendships)
    port = trial.settings.port
    async with (
        program(trial.settings, "heliograph", "work", cores=ALL_CORES) as worker,
        program(trial.settings, "heliograph", "serve", cores=ALL_CORES, ready=f"http://127.0.0.1:{port}/readyz") as web,
    ):
        await load.warm(port, [load.get(path, one.token) for one in people for path in (HOME, _account(one))])
        mix = _Mix(trial, people, port, {"web process": web, "worker": worker})
        best, failed = await climb.climb(mix.step, START_PER_S, FACTOR)
        size = await load.size(port, HOME, people[0].token)
    floor = await _floor(trial, size)
    return _figures(graph, best, failed, floor)


def _figures(graph: str, best: Step | None, failed: Step, floor: Step | None) -> list[Figure]:
    shown = best or failed
    beside = Beside("floor", floor.per_s) if floor else None
    return [
        Figure("requests: highest rate", best.per_s if best else 0.0, "/s", note=graph, beside=beside),
        *(Figure(f"  {kind}, p99", shown.outcome.ms(0.99, kind), "ms", climb.P99_MS, at_most=True,
                 note=f"p50 {shown.outcome.ms(0.5, kind):.1f} ms") for kind in SHARES),
        Figure("  answers other than 200", shown.outcome.errors, "", 0, at_most=True),
        Figure("  the processor at this rate", 100 * sum(shown.usage.cores.values()), "% of a core", note=shown.usage.told()),
        Figure("  the first rate that is too high", failed.per_s, "/s",
               note="p99 {:.0f} ms of {}, {} errors".format(*failed.slowest, failed.outcome.errors)),
        Figure("  the processor at that rate", 100 * sum(failed.usage.cores.values()), "% of a core",
               note=f"first to give way: {failed.gave_way}; {failed.usage.told()}"),
    ]  # fmt: skip


async def _society(trial: Trial, friendships: graphs.Edges) -> list[crowd.Person]:
    """The people of the graph, who follow each other where they are friends, with POSTS posts each."""
    count = 1 + max(max(pair) for pair in friendships)
    people = await crowd.people(trial.shards, count, "student")
    both = [pair for one, other in friendships for pair in ((one, other), (other, one)) if one != other]
    await crowd.follow(trial.shards, [(people[one].id, people[other].id) for one, other in both])
    await crowd.make(trial.shards, crowd.sql.posts, authors=[one.id for one in people], each=POSTS, text=crowd.TEXT)
    await crowd.make(trial.shards, crowd.sql.analyze)
    return people


def _account(person: crowd.Person) -> str:
    return f"/api/v1/accounts/{person.id}/statuses?limit={PAGE}"


class _Mix:
    """Steps of the mix, one rate each."""

    def __init__(self, trial: Trial, people: Sequence[crowd.Person], port: int, programs: dict[str, int]) -> None:
        self._outbox = Outbox(trial.shards, trial.valkey)
        self._people = people
        self._port = port
        self._programs = programs
        self._chance = random.Random(10)  # noqa: S311 -- repeatable, not secret

    async def step(self, per_s: float) -> Step:
        """Offer `per_s` requests a second for STEP_S, once the outbox is empty."""
        await self._drain()
        requests = list(self._requests(per_s))
        before = await self._waiting()
        with usage.watched(self._programs) as used:
            outcome = await openloop.run(self._port, requests)
        return Step(per_s, outcome, used, before, await self._waiting())

    def _requests(self, per_s: float) -> Iterator[openloop.Request]:
        kinds, weights = list(SHARES), list(SHARES.values())
        for at_s in openloop.poisson(per_s, STEP_S, self._chance):
            (kind,) = self._chance.choices(kinds, weights)
            yield openloop.Request(at_s, kind, self._data(kind))

    def _data(self, kind: str) -> bytes:
        who = self._chance.choice(self._people)
        if kind == "home":
            return load.get(HOME, who.token)
        if kind == "account":
            return load.get(_account(self._chance.choice(self._people)), who.token)
        body = {"status": self._text(), "visibility": "public"}
        return load.post("/api/v1/statuses", who.token, msgspec.json.encode(body))

    def _text(self) -> str:
        chance = self._chance
        letters = "".join(chance.choices(string.ascii_letters + string.digits, k=TEXT_LETTERS))
        mentions = [f"@student{chance.randint(1, len(self._people))}" for _ in range(chance.randint(0, MENTIONS))]
        links = [f"https://example.org/{chance.randrange(10**9)}" for _ in range(chance.randint(0, LINKS))]
        return " ".join([letters, *mentions, *links])

    async def _waiting(self) -> int:
        return sum(state.pending for state in await self._outbox.state())

    async def _drain(self) -> None:
        deadline = time.monotonic() + DRAIN_S
        while await self._waiting() and time.monotonic() < deadline:  # noqa: ASYNC110 -- another process is waited for
            await asyncio.sleep(0.1)


async def _floor(trial: Trial, size: int) -> Step | None:
    """The highest rate of a server that does nothing but answer `size` bytes, under the same client."""
    port = free_port()
    chance = random.Random(11)  # noqa: S311 -- the same
    request = load.get("/api/v1/timelines/home", "x")

    async def step(per_s: float) -> Step:
        requests = [openloop.Request(at_s, "home", request) for at_s in openloop.poisson(per_s, FLOOR_STEP_S, chance)]
        with usage.watched({}) as used:
            outcome = await openloop.run(port, requests)
        return Step(per_s, outcome, used, 0, 0)

    argv = ("heliograph.lab.bench.floor", str(port), str(size))
    ready = f"http://127.0.0.1:{port}/api/v1/timelines/home"
    async with program(trial.settings, *argv, cores=ALL_CORES, ready=ready):
        return (await climb.climb(step, FLOOR_START_PER_S, FACTOR))[0]
