"""Reads of the home feed while others write: 20 posts, 1,000 viewers drawn by Zipf who follow 50 each, one warm web process.

10 posts and 40 likes a second come in through another web process meanwhile, and a sample of the answers is compared with a
model. The floor is a plain app that answers as many bytes while as much is written. Then the same without anybody writing, and for viewers who follow
5,000 others, of whom 50 are pulled.
"""

import asyncio
import itertools
import random
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import msgspec

from heliograph.lab.bench import crowd, load
from heliograph.lab.bench.crowd import Person
from heliograph.lab.bench.report import Beside, Figure
from heliograph.lab.bench.trial import OTHER_CORES, WEB_CORE, Trial, free_port, pinned, program, resident_mb
from heliograph.lab.bench.usage import watched
from heliograph.lab.bench.witness import Witness

VIEWERS, FOLLOWS, POSTS = 1000, 50, 3
OUTLIERS, MANY, CELEBRITIES = 20, 5000, 50
POSTS_A_SECOND, LIKES_A_SECOND, WRITERS = 10, 40, 4
SECONDS = 8.0
WARM_ROUNDS = 2
# One answer of so many is compared with the model.
JUDGED = 100
PATH = "/api/v1/timelines/home"
# GoToSocial 0.20 read 237 home feeds a second on such a machine.
HOME_BAR, SHARE_BAR, SPREAD_BAR, OUTLIER_BAR, WEB_MB_BAR = 25 * 237, 50, 4, 50, 150


async def measure(trial: Trial) -> list[Figure]:
    """Home reads a second, latencies, the floor of the same run, memory of the web process."""
    viewers = await crowd.society(trial.shards, VIEWERS, FOLLOWS, POSTS, seed=1)
    outliers = await _outliers(trial)
    witness = await _witness(trial, viewers)
    port = trial.settings.port
    ready = f"http://127.0.0.1:{port}/readyz"
    with pinned(OTHER_CORES):
        async with program(trial.settings, "heliograph", "serve", cores=WEB_CORE, ready=ready) as pid:
            size = await load.size(port, PATH, viewers[0].token)
            await _warm(port, [*viewers, *outliers])
            still = await _read(port, viewers, None)
            many = await _read(port, outliers, None)
            async with _writing(trial, viewers, witness):
                with watched({"web": pid}) as usage:
                    busy = await _read(port, viewers, witness)
            memory_mb = resident_mb(pid)
        async with _writing(trial, viewers, witness):
            floor = await _floor(trial, size)
    return [
        Figure("home feed, 20 posts, one web process", busy.per_s, "/s", HOME_BAR, note=f"{size / 1000:.0f} KB; {usage.told()}",
               beside=Beside("floor", floor.per_s)),
        Figure("  of the floor", 100 * busy.per_s / floor.per_s, "%", SHARE_BAR),
        Figure("  p50", busy.ms(0.5), "ms", beside=Beside("floor", floor.ms(0.5))),
        Figure("  p99", busy.ms(0.99), "ms", beside=Beside("floor", floor.ms(0.99))),
        Figure("  p99 to p50", busy.ms(0.99) / busy.ms(0.5), "", SPREAD_BAR, at_most=True),
        Figure("  nobody writes", still.per_s, "/s", beside=Beside("floor", floor.per_s)),
        Figure("  5,000 follows, 50 of them pulled", many.per_s, "/s", beside=Beside("50 follows", still.per_s)),
        Figure("  of the ordinary rate", 100 * many.per_s / still.per_s, "%", OUTLIER_BAR),
        Figure("  answers other than 200", busy.refused + still.refused + many.refused, "", 0, at_most=True),
        Figure("  answers unlike the model", len(witness.complaints), "", 0, at_most=True,
               note="; ".join([f"{witness.judged} compared", *witness.complaints[:3]])),
        Figure("  memory of the web process", memory_mb, "MB", WEB_MB_BAR, at_most=True),
    ]  # fmt: skip


async def _outliers(trial: Trial) -> list[Person]:
    """Viewers who follow very many, some of whom are pulled."""
    outliers = await crowd.people(trial.shards, OUTLIERS, "outlier")
    others = [person.id for person in await crowd.people(trial.shards, MANY, "other")]
    await crowd.follow(trial.shards, [(outlier.id, other) for outlier in outliers for other in others])
    await crowd.make(trial.shards, crowd.sql.posts, authors=others, each=1, text=crowd.TEXT)
    await crowd.make(trial.shards, crowd.sql.pull, authors=others[:CELEBRITIES])
    await crowd.make(trial.shards, crowd.sql.analyze)
    return outliers


async def _witness(trial: Trial, viewers: Sequence[Person]) -> Witness:
    followed: dict[int, set[int]] = {viewer.id: set() for viewer in viewers}
    for follower, target in crowd.edges([viewer.id for viewer in viewers], FOLLOWS, seed=1):
        followed[follower].add(target)
    witness = Witness(followed)
    for row in await trial.shards.scatter(crowd.sql.posts_of, authors=list(followed)):
        witness.posted(row["account_id"], row["id"])
    return witness


async def _warm(port: int, people: Sequence[Person]) -> None:
    """Have everybody read a few times: their feeds are built, and the process knows what they show."""
    turns = iter([load.get(PATH, person.token) for _ in range(WARM_ROUNDS) for person in people])
    last = load.get(PATH, people[0].token)
    left = len(people) * WARM_ROUNDS

    def next_request() -> bytes:
        nonlocal left
        left -= 1
        return next(turns, last)

    while left > 0:
        await load.run(port, next_request, 1.0)


async def _read(port: int, people: Sequence[Person], witness: Witness | None) -> load.Outcome:
    """Read homes for SECONDS: the person of rank n n times as rarely as the first."""
    chance = random.Random(2)  # noqa: S311 -- repeatable, not secret
    weights = [1 / rank for rank in range(1, len(people) + 1)]
    requests = {load.get(PATH, person.token): person.id for person in people}
    drawn = itertools.cycle(chance.choices(list(requests), weights, k=20_000))

    def judge(request: bytes, body: bytes, sent_at: float, answered_at: float) -> None:
        if witness is not None:
            witness.judge(requests[request], body, sent_at, answered_at)

    return await load.run(port, lambda: next(drawn), SECONDS, judge=judge if witness else None, judged=JUDGED)


@asynccontextmanager
async def _writing(trial: Trial, people: Sequence[Person], witness: Witness) -> AsyncIterator[None]:
    """Posts and likes through a web process of its own while the block runs, and a worker that delivers."""
    settings = msgspec.structs.replace(trial.settings, port=free_port())
    ready = f"http://127.0.0.1:{settings.port}/readyz"
    async with (
        program(trial.settings, "heliograph", "work", cores=OTHER_CORES),
        program(settings, "heliograph", "serve", cores=OTHER_CORES, ready=ready),
    ):
        writers = [asyncio.create_task(_write(settings.port, people, witness, number)) for number in range(WRITERS)]
        try:
            yield
        finally:
            for writer in writers:
                writer.cancel()
            outcomes = await asyncio.gather(*writers, return_exceptions=True)
            for outcome in outcomes:
                if isinstance(outcome, Exception):
                    raise outcome


async def _write(port: int, people: Sequence[Person], witness: Witness, number: int) -> None:
    """A share of the posts and likes, by anybody, for ever."""
    chance = random.Random(number)  # noqa: S311 -- repeatable, not secret
    pause_s = WRITERS / (POSTS_A_SECOND + LIKES_A_SECOND)
    client = await load.Client.open(port)
    for turn in itertools.count():
        started = time.perf_counter()
        person = chance.choice(people)
        if turn % (1 + LIKES_A_SECOND // POSTS_A_SECOND) == 0:
            body = msgspec.json.encode({"status": crowd.TEXT, "visibility": "public"})
            answer = msgspec.json.decode(await client.ask(load.post("/api/v1/statuses", person.token, body)))
            witness.posted(person.id, int(answer["id"]), time.perf_counter())
        else:
            ident = witness.some_post(chance)
            like = witness.liking(ident)
            await client.ask(load.post(f"/api/v1/statuses/{ident}/favourite", person.token, b""))
            like[1] = time.perf_counter()
        await asyncio.sleep(max(0.0, started + pause_s - time.perf_counter()))


async def _floor(trial: Trial, size: int) -> load.Outcome:
    port = free_port()
    argv = ("heliograph.lab.bench.floor", str(port), str(size))
    async with program(trial.settings, *argv, cores=WEB_CORE, ready=f"http://127.0.0.1:{port}{PATH}"):
        return await load.run(port, lambda: load.get(PATH, "x"), SECONDS)
