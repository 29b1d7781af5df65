"""Some hours of a society on a real site, under each way to choose between push and pull: what the site takes for them.

Posts are committed with their messages as the product does it, a worker delivers them, and home is read through the API. Before
it counts, everybody who will read has read, and some have posted. All ways begin in the same state and live the same hours, by
turns, so that the moods of a machine fall on all of them alike.

The choice by cost knows of its audiences what a site would: a week of posts, reads by a sample. Who is pulled has been chosen by
the product before. What it costs to know is charged: the reads of half an hour are written at its end, and no audience has just been
looked at.
"""

import asyncio
import random
import statistics
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager

import msgspec

from heliograph.base import ids
from heliograph.base.settings import Settings
from heliograph.lab.bench import crowd, load
from heliograph.lab.bench.deliveries import Deliveries
from heliograph.lab.bench.trial import ALL_CORES, PUSH_LIMIT, Trial, program
from heliograph.lab.pushpull.graphs import Mix, society
from heliograph.lab.pushpull.hours import PARTS_A_DAY, Part, hours
from heliograph.lab.pushpull.processor import spent
from heliograph.lab.pushpull.simulate import BY_COST, READS_DAYS, SAMPLED
from heliograph.lab.pushpull.town import Town, sql
from heliograph.stores.queries import load as queries

audiences = queries("audiences")

ACCOUNTS, FOLLOWS, ROUNDS = 2000, 100, 3
# Of posts and reads together, in one round of one way.
EVENTS = 1500
# The line of the fixed way: a tenth of everybody, as 10,000 are of the society on paper.
FIXED_SHARE = 0.1
# Longer ago than after what the product looks again at whoever posts, and not so long that a chore would.
LOOKED_S = 3600
# So many parts of the day pass until a web process writes down who has read.
PARTS_A_COUNT = 6
# Figures of a real site that are less apart count as equal.
EVEN = 0.03
READERS_AT_ONCE = 4
LOOK_EVERY_S = 0.05
DEADLINE_S = 120.0
HOME = "/api/v1/timelines/home"


class Way(msgspec.Struct, frozen=True):
    """A way to choose: the setting `push_limit`, and the accounts that are pulled at the start."""

    name: str
    push_limit: int
    pulled: list[int]


class Web(msgspec.Struct, frozen=True):
    """A web process, and connections to it."""

    pid: int
    clients: list[load.Client]


class Lived(msgspec.Struct, frozen=True):
    """Processor seconds of the site under one way to choose, in each round, and how many authors were pulled."""

    way: str
    seconds: list[float]
    pulled: int

    def ratio(self, other: "Lived") -> float:
        """To what another way took in the same rounds: the median."""
        return statistics.median(mine / its for mine, its in zip(self.seconds, other.seconds, strict=True))


def ratios(ways: Iterable[Lived]) -> dict[str, float]:
    """What each way took, the choice by cost being 1."""
    found = {each.way: each for each in ways}
    return {name: each.ratio(found[BY_COST]) for name, each in found.items()}


def is_cheapest(ways: Iterable[Lived]) -> bool:
    """Whether no way took less than the choice by cost, by more than EVEN."""
    return min(ratios(ways).values()) >= 1 - EVEN


async def live(trial: Trial, mix: Mix, size: int = ACCOUNTS, events: int = EVENTS, rounds: int = ROUNDS) -> list[Lived]:
    """A society of `size` accounts lives by `mix` until so many have posted or read, `rounds` times in each way."""
    people = society(size, mix, seed=1, follows_median=FOLLOWS)
    parts = round(events * PARTS_A_DAY / (sum(people.posts) + sum(people.reads)))
    town = await Town.built(trial, people)
    ways = await _ways(town)
    dawn, day = hours(people, 1, seed=2), hours(people, parts, seed=3)
    seconds: dict[str, list[float]] = {way.name: [] for way in ways}
    async with _web(town) as web:
        for turn in range(rounds):
            for way in ways[turn:] + ways[:turn]:
                seconds[way.name].append(await _lived(town, web, way, [*dawn, *day]))
    return [Lived(way.name, seconds[way.name], len(way.pulled)) for way in ways]


async def _ways(town: Town) -> list[Way]:
    followers = town.followers()
    line = round(len(followers) * FIXED_SHARE)
    everybody = town.idents(at for at, count in enumerate(followers) if count)
    famous = town.idents(at for at, count in enumerate(followers) if count > line)
    return [
        Way("pure push", PUSH_LIMIT, []),
        Way("pure pull", 1, everybody),
        Way(f"pulled above {line:,} followers", line, famous),
        Way(BY_COST, 0, await _chosen(town)),
    ]


async def _chosen(town: Town) -> list[int]:
    """Whom the product pulls once everybody has posted of whom it knows something."""
    await town.begin_anew([])
    known = await town.know(grown=True)
    async with program(_settings(town, 0), "heliograph", "work", cores=ALL_CORES):
        await _post(Deliveries(town.trial), list(known))
    return [row["id"] for row in await town.trial.shards.scatter(sql.pulled)]


def _settings(town: Town, push_limit: int) -> Settings:
    return msgspec.structs.replace(town.trial.settings, push_limit=push_limit)


@asynccontextmanager
async def _web(town: Town) -> AsyncIterator[Web]:
    """The web process, which has the same to do whoever chooses."""
    settings = town.trial.settings
    ready = f"http://127.0.0.1:{settings.port}/readyz"
    async with program(settings, "heliograph", "serve", cores=ALL_CORES, ready=ready) as pid:
        clients = [await load.Client.open(settings.port) for _ in range(READERS_AT_ONCE)]
        yield Web(pid, clients)
        for client in clients:
            client.close()


async def _lived(town: Town, web: Web, way: Way, day: list[Part]) -> float:
    """Processor seconds of one round. The first part of the day is not counted."""
    await town.begin_anew(way.pulled)
    known = await town.know() if way.name == BY_COST else set()
    deliveries, chance = Deliveries(town.trial), random.Random(4)  # noqa: S311 -- a sample, not a secret
    async with program(_settings(town, way.push_limit), "heliograph", "work", cores=ALL_CORES) as worker:
        await _post(deliveries, town.idents(day[0].posts))
        await _read(town, web, {reader for part in day for reader in part.reads})
        await town.trial.shards.scatter(sql.look_again, seconds=LOOKED_S)
        with spent({"web": web.pid, "worker": worker}) as used:
            for begin in range(1, len(day), PARTS_A_COUNT):
                parts = day[begin : begin + PARTS_A_COUNT]
                for part in parts:
                    await asyncio.gather(_post(deliveries, town.idents(part.posts)), _read(town, web, part.reads))
                await _count(
                    town, known, [each for part in parts for each in part.reads if chance.random() < 1 / SAMPLED]
                )
        await _check(town, web, {part.reads[-1] for part in day if part.reads})
    return used.total_s


async def _post(deliveries: Deliveries, authors: list[int]) -> None:
    """Each of `authors` posts, and all is delivered."""
    posts = await deliveries.publish(authors, 1)
    async with asyncio.timeout(DEADLINE_S):
        while await deliveries.left(posts):  # noqa: ASYNC110 -- another process is waited for
            await asyncio.sleep(LOOK_EVERY_S)


async def _read(town: Town, web: Web, readers: Iterable[int]) -> None:
    """Each of `readers` reads the first page of home."""
    left = iter(readers)
    await asyncio.gather(*(_work_off(town, client, left) for client in web.clients))


async def _work_off(town: Town, client: load.Client, left: Iterator[int]) -> None:
    for reader in left:
        await client.ask(load.get(HOME, town.people[reader].token))


async def _check(town: Town, web: Web, readers: Iterable[int]) -> None:
    """The home of `readers` begins with the newest post. Raises ValueError: what shows less has cost less for no merit."""
    for reader in readers:
        authors = town.idents([reader, *town.society.follows[reader]])
        posts = [row["id"] for row in await town.trial.shards.scatter(crowd.sql.posts_of, authors=authors)]
        page = msgspec.json.decode(await web.clients[0].ask(load.get(HOME, town.people[reader].token)))
        newest = sorted(posts, reverse=True)[: len(page)]
        if not page or [int(post["id"]) for post in page] != newest:
            raise ValueError(f"the home of account {reader} lacks posts")


async def _count(town: Town, known: set[int], readers: list[int]) -> None:
    """Write whose followers have read, as a web process does for all that it has sampled."""
    followed = (author for reader in readers for author in town.idents(town.society.follows[reader]))
    counted = Counter(author for author in followed if author in known)
    for shard, some in town.trial.shards.group(list(counted)).items():
        await shard.run(
            audiences.count_reads,
            slots=list(map(ids.slot_of, some)),
            accounts=some,
            reads=[float(SAMPLED * counted[author]) for author in some],
            kept_s=READS_DAYS * 86400.0,
        )
