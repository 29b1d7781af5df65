"""Measure the three costs of stores/costs.py on a real site: a post pushed into a list, a follower passed over, a list more in a read."""

import asyncio
import itertools
import statistics
import time

from heliograph.lab.bench import crowd, load
from heliograph.lab.bench.trial import ALL_CORES, Trial, program
from heliograph.lab.pushpull.processor import spent
from heliograph.stores.costs import Costs
from heliograph.stores.idlists import HOME, IdLists
from heliograph.stores.outbox import Outbox
from heliograph.stores.queries import load as queries

sql = queries("pushpull")

FOLLOWERS, POSTS = 4000, 40
VIEWERS, FOLLOWED = 200, 40
WARM_S, SECONDS, PAIRS = 8.0, 5.0, 3
# While they read, an author posts now and then, as in life: a list that has changed is read anew.
POST_EVERY_S = 0.1
FEED_IDS, TTL_S, LISTS_AT_ONCE = 800, 3600, 8
DEADLINE_S = 120.0
# Until every process has looked who is pulled.
KNOWN_S = 5.0


async def calibrate(trial: Trial) -> Costs:
    """The costs on this machine."""
    push_us = await _push_us(trial, "there", lists=True)
    skip_us = await _push_us(trial, "away", lists=False)
    return Costs(push_us, skip_us, await _pull_us(trial))


async def _push_us(trial: Trial, prefix: str, *, lists: bool) -> float:
    (author,) = await crowd.people(trial.shards, 1, f"{prefix}author")
    followers = [person.id for person in await crowd.people(trial.shards, FOLLOWERS, prefix)]
    await crowd.follow(trial.shards, [(follower, author.id) for follower in followers])
    await crowd.make(trial.shards, crowd.sql.analyze)
    if lists:
        await _fill(IdLists(trial.valkey, FEED_IDS), followers)
    async with program(trial.settings, "heliograph", "work", cores=ALL_CORES) as worker:
        await _delivered(trial, author.id, 2)
        with spent({"worker": worker}) as used:
            await _delivered(trial, author.id, POSTS)
    return used.total_s * 1e6 / (POSTS * FOLLOWERS)


async def _fill(lists: IdLists, followers: list[int]) -> None:
    old = list(range(FEED_IDS, 0, -1))
    for at in range(0, len(followers), LISTS_AT_ONCE):
        some = followers[at : at + LISTS_AT_ONCE]
        await asyncio.gather(*(lists.begin(HOME, follower, TTL_S) for follower in some))
        await asyncio.gather(*(lists.finish(HOME, follower, old, 0, TTL_S) for follower in some))


async def _delivered(trial: Trial, author: int, posts: int) -> None:
    outbox = Outbox(trial.shards, trial.valkey)
    for _ in range(posts):
        await trial.shards.scatter(crowd.sql.publish, author=author, text=crowd.TEXT)
    await outbox.hint()
    async with asyncio.timeout(DEADLINE_S):
        while any(state.pending for state in await outbox.state()):  # noqa: ASYNC110 -- another process is waited for
            await asyncio.sleep(0.05)


async def _pull_us(trial: Trial) -> float:
    """What a read takes more for each list that it merges."""
    authors = await crowd.people(trial.shards, FOLLOWED, "star")
    viewers = await crowd.people(trial.shards, VIEWERS, "viewer")
    await crowd.follow(trial.shards, [(viewer.id, author.id) for viewer in viewers for author in authors])
    await crowd.make(trial.shards, crowd.sql.posts, authors=[author.id for author in authors], each=3, text=crowd.TEXT)
    await crowd.make(trial.shards, crowd.sql.analyze)
    port = trial.settings.port
    requests = itertools.cycle([load.get("/api/v1/timelines/home", viewer.token) for viewer in viewers])
    ready = f"http://127.0.0.1:{port}/readyz"

    async def read_us(pid: int) -> float:
        await load.run(port, lambda: next(requests), SECONDS / 3)
        started = time.perf_counter()
        with spent({"web": pid}) as used:
            posting = asyncio.create_task(_post(trial, [author.id for author in authors]))
            outcome = await load.run(port, lambda: next(requests), SECONDS)
            posting.cancel()
        return used.total_s * 1e6 / (outcome.per_s * (time.perf_counter() - started))

    async def turned(pull_from: int | None) -> None:
        await trial.shards.scatter(sql.pull, authors=[author.id for author in authors], pull_from=pull_from)
        await asyncio.sleep(KNOWN_S)

    async with program(trial.settings, "heliograph", "serve", cores=ALL_CORES, ready=ready) as web:
        await load.run(port, lambda: next(requests), WARM_S)
        more_us = []
        for _ in range(PAIRS):
            await turned(None)
            pushed_us = await read_us(web)
            await turned(1)
            more_us.append((await read_us(web) - pushed_us) / FOLLOWED)
    return statistics.median(more_us)


async def _post(trial: Trial, authors: list[int]) -> None:
    """Authors post by turns; what is pulled changes, and nobody delivers."""
    lists = IdLists(trial.valkey, FEED_IDS)
    for author in itertools.cycle(authors):
        (row,) = await trial.shards.scatter(sql.post, author=author, text=crowd.TEXT)
        await lists.push_own(row["id"], author)
        await asyncio.sleep(POST_EVERY_S)
