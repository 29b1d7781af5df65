"""What is read besides home: timelines, notifications, a post, its thread, a profile; one web process, warm; beside the floor.

1,000 people with 20 posts each, who follow 20 others; who reads, and whom, is drawn by Zipf's law. The floor answers as many
bytes in the same run; what all of it asks of PostgreSQL is counted together.
"""

import asyncio
import random
from collections.abc import Iterator, Sequence
from itertools import cycle
from typing import TypeVar

import msgspec

from heliograph.base import ids
from heliograph.lab.bench import crowd, load
from heliograph.lab.bench.crowd import Person
from heliograph.lab.bench.report import Beside, Figure
from heliograph.lab.bench.trial import OTHER_CORES, WEB_CORE, Trial, free_port, pinned, program

T = TypeVar("T")

PEOPLE, FOLLOWS, POSTS = 1000, 20, 20
FANS, ROOTS, ANSWERS = 2, 200, 10
TAG = "light"
DRAWN = 1000
FLOOR = "/api/v1/timelines/home"
MEASURED_S = 3.0
# A session tells the server's statistics what it has done within ten seconds.
TOLD_S = 11.0
# Transactions a request: what the process does on its own, every other second, and no more.
QUERIES_BAR = 0.01


class Route(msgspec.Struct, frozen=True):
    """A route: what it is called here, and what is asked of it, over and over: paths, each with a token or ''.

    `cached`: the site promises to ask nothing of PostgreSQL for it, once it is warm.
    """

    name: str
    asked: list[tuple[str, str]]
    cached: bool = True

    @property
    def requests(self) -> list[bytes]:
        """What is asked, as bytes."""
        return [load.get(*each) for each in self.asked]


class Read(msgspec.Struct, frozen=True):
    """What came of reading some routes: an outcome each, and how many transactions all took together."""

    outcomes: list[load.Outcome]
    transactions: int

    @property
    def each(self) -> float:
        """Transactions a request."""
        return self.transactions / sum(len(outcome.latencies_s) for outcome in self.outcomes)


class Scene(msgspec.Struct, frozen=True):
    """Who is there, the most popular first, and posts with answers, with the names of their authors."""

    people: list[Person]
    posts: list[int]
    authors: list[str]


async def measure(trial: Trial) -> list[Figure]:
    """Reads a second of each route, p99, its floor; then queries of all of them together."""
    scene = await _scene(trial)
    routes = list(_routes(scene, random.Random(7)))  # noqa: S311 -- repeatable, not secret
    port = trial.settings.port
    ready = f"http://127.0.0.1:{port}/readyz"
    with pinned(OTHER_CORES):
        async with program(trial.settings, "heliograph", "serve", cores=WEB_CORE, ready=ready):
            for route in routes:
                await load.warm(port, list(dict.fromkeys(route.requests)), rounds=1)
            cached = await _read(trial, [route for route in routes if route.cached])
            pages = await _read(trial, [route for route in routes if not route.cached])
            sizes = [await load.size(port, *route.asked[0]) for route in routes]
        floors = [await _floor(trial, size) for size in sizes]
    figures: list[Figure] = []
    for route, outcome, size, floor in zip(routes, cached.outcomes + pages.outcomes, sizes, floors, strict=True):
        figures += _figures(route, outcome, size, floor)
    return [
        *figures,
        Figure("transactions of PostgreSQL a request of the API", cached.each, "", QUERIES_BAR, at_most=True),
        Figure("transactions of PostgreSQL a page", pages.each, ""),
    ]


async def _read(trial: Trial, routes: list[Route]) -> Read:
    before = await _transactions(trial)
    outcomes = [await load.run(trial.settings.port, cycle(route.requests).__next__, MEASURED_S) for route in routes]
    return Read(outcomes, await _transactions(trial) - before)


def _figures(route: Route, outcome: load.Outcome, size: int, floor: load.Outcome) -> list[Figure]:
    beside = Beside("floor", floor.per_s)
    return [
        Figure(route.name, outcome.per_s, "/s", note=f"{size / 1000:.1f} KB", beside=beside),
        Figure("  p99", outcome.ms(0.99), "ms", beside=Beside("floor", floor.ms(0.99))),
        Figure("  answers other than 200", outcome.refused, "", 0, at_most=True),
    ]


async def _scene(trial: Trial) -> Scene:
    people = await crowd.society(trial.shards, PEOPLE, FOLLOWS, POSTS, seed=3)
    fans = [person.id for person in people]
    answered = await trial.shards.scatter(crowd.sql.answer, roots=ROOTS, fans=fans[:ANSWERS], text=crowd.TEXT)
    await crowd.make(trial.shards, crowd.sql.tell, fans=fans[-FANS:])
    slot = ids.slot_of_name(TAG)
    await trial.shards.at(slot).run(crowd.tags.make, slot=slot, name=TAG)
    await crowd.make(trial.shards, crowd.sql.tag, slot=slot, tag=TAG)
    await crowd.make(trial.shards, crowd.sql.analyze)
    posts = [row["id"] for row in answered]
    named = await trial.shards.gather(crowd.sql.authors, posts)
    for author, name in {(row["account_id"], row["username"]) for row in named}:
        await crowd.give_name(trial.shards, author, name)
    authors = {row["id"]: row["username"] for row in named}
    return Scene(people, posts, [authors[post] for post in posts])


def _routes(scene: Scene, chance: random.Random) -> Iterator[Route]:
    readers = _drawn(scene.people, chance)
    others = [person.id for person in _drawn(scene.people, chance)]
    posts = _drawn(scene.posts, chance)
    own = [("account timeline", [f"/api/v1/accounts/{ident}/statuses" for ident in others])]
    own += [(f"{name} timeline", [f"/api/v1/timelines/{path}"] * DRAWN)
            for name, path in (("hashtag", f"tag/{TAG}"), ("public", "public"))]  # fmt: skip
    own += [
        ("notifications", ["/api/v1/notifications"] * DRAWN),
        ("one post", [f"/api/v1/statuses/{post}" for post in posts]),
        (f"its thread, {ANSWERS} answers", [f"/api/v1/statuses/{post}/context" for post in posts]),
        ("profile", [f"/api/v1/accounts/{ident}" for ident in others]),
    ]
    for name, paths in own:
        yield Route(name, [(path, reader.token) for path, reader in zip(paths, readers, strict=True)])
    places = _drawn([f"/@{author}/{post}" for author, post in zip(scene.authors, scene.posts, strict=True)], chance)
    yield Route("profile page, to a stranger", [(place.rpartition("/")[0], "") for place in places], cached=False)
    yield Route("photo page, to a stranger", [(place, "") for place in places], cached=False)


def _drawn(things: Sequence[T], chance: random.Random) -> list[T]:
    """DRAWN of `things` by Zipf's law: the first one comes most, the second half as often, and so on."""
    return chance.choices(things, [1 / rank for rank in range(1, len(things) + 1)], k=DRAWN)


async def _transactions(trial: Trial) -> int:
    await asyncio.sleep(TOLD_S)
    rows = await trial.shards.scatter(crowd.sql.transactions)
    return sum(row["ended"] for row in rows)


async def _floor(trial: Trial, size: int) -> load.Outcome:
    port = free_port()
    argv = ("heliograph.lab.bench.floor", str(port), str(size))
    async with program(trial.settings, *argv, cores=WEB_CORE, ready=f"http://127.0.0.1:{port}{FLOOR}"):
        return await load.run(port, lambda: load.get(FLOOR, "x"), MEASURED_S)
