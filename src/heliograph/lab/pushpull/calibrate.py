"""Measure the costs of stores/costs.py on a real site: of a push, of a follower passed over, of a list more in a read."""

import asyncio
import itertools
import statistics

import msgspec

from heliograph.lab.bench import crowd, load
from heliograph.lab.bench.trial import ALL_CORES, PUSH_LIMIT, Trial, program
from heliograph.lab.pushpull.processor import spent
from heliograph.stores.costs import Costs
from heliograph.stores.idlists import HOME, RECENT, IdLists
from heliograph.stores.outbox import Outbox
from heliograph.stores.queries import load as queries

sql = queries("pushpull")

# Few posts at once, as they come in life: of many that are pushed side by side some come after newer ones, and must find their place.
FOLLOWERS, POSTS, TURNS = 4000, 5, 8
BEGINS, HEARERS, BEGIN_TURNS = 5, 2, 100
VIEWERS, FOLLOWED = 50, 40
READS, PAIRS = 600, 3
FEED_IDS, TTL_S, LISTS_AT_ONCE = 800, 3600, 8
DEADLINE_S = 120.0
# Until every process has looked who is pulled.
KNOWN_S = 5.0


async def calibrate(trial: Trial) -> Costs:
    """The costs on this machine."""
    push_us = await _push_us(trial, "there", lists=True)
    skip_us = await _push_us(trial, "away", lists=False)
    begin_us = await _begin_us(trial) - HEARERS * push_us
    merge_us, fetch_us = await _pull_us(trial)
    return Costs(begin_us, push_us, skip_us, merge_us, fetch_us)


async def _push_us(trial: Trial, prefix: str, *, lists: bool) -> float:
    (author,) = await crowd.people(trial.shards, 1, f"{prefix}author")
    followers = [person.id for person in await crowd.people(trial.shards, FOLLOWERS, prefix)]
    await crowd.follow(trial.shards, [(follower, author.id) for follower in followers])
    await crowd.make(trial.shards, crowd.sql.analyze)
    if lists:
        await _fill(IdLists(trial.valkey, FEED_IDS), followers)
    async with program(trial.settings, "heliograph", "work", cores=ALL_CORES) as worker:
        await _delivered(trial, [author.id], 2)
        with spent({"worker": worker}) as used:
            for _ in range(TURNS):
                await _delivered(trial, [author.id], POSTS)
    return used.total_s * 1e6 / (TURNS * POSTS * FOLLOWERS)


async def _begin_us(trial: Trial) -> float:
    """What a post takes more that is pushed than one that is left to be pulled, before its first follower. BEGINS come together."""
    authors = [author.id for author in await crowd.people(trial.shards, BEGINS, "teller")]
    listeners = [person.id for person in await crowd.people(trial.shards, HEARERS, "listener")]
    await crowd.follow(trial.shards, [(listener, author) for listener in listeners for author in authors])
    await crowd.make(trial.shards, crowd.sql.analyze)
    await _fill(IdLists(trial.valkey, FEED_IDS), listeners)

    async def delivered_us(push_limit: int, pull_from: int | None) -> float:
        await trial.shards.scatter(sql.pull, authors=authors, pull_from=pull_from)
        settings = msgspec.structs.replace(trial.settings, push_limit=push_limit)
        async with program(settings, "heliograph", "work", cores=ALL_CORES) as worker:
            await _delivered(trial, authors, 2)
            with spent({"worker": worker}) as used:
                for _ in range(BEGIN_TURNS):
                    await _delivered(trial, authors, 1)
        return used.total_s * 1e6 / (BEGIN_TURNS * BEGINS)

    more = [await delivered_us(PUSH_LIMIT, None) - await delivered_us(1, 1) for _ in range(PAIRS)]
    return statistics.median(more)


async def _fill(lists: IdLists, followers: list[int]) -> None:
    old = list(range(FEED_IDS, 0, -1))
    for at in range(0, len(followers), LISTS_AT_ONCE):
        some = followers[at : at + LISTS_AT_ONCE]
        await asyncio.gather(*(lists.begin(HOME, follower, TTL_S) for follower in some))
        await asyncio.gather(*(lists.finish(HOME, follower, old, 0, TTL_S) for follower in some))


async def _delivered(trial: Trial, authors: list[int], posts: int) -> None:
    outbox = Outbox(trial.shards, trial.valkey)
    await trial.shards.scatter(crowd.sql.publish, authors=authors, each=posts, text=crowd.TEXT)
    await outbox.hint()
    async with asyncio.timeout(DEADLINE_S):
        while any(state.pending for state in await outbox.state()):  # noqa: ASYNC110 -- another process is waited for
            await asyncio.sleep(0.05)


async def _pull_us(trial: Trial) -> tuple[float, float]:
    """What a read takes more for each list that it merges, and what more for each that has changed since the last read."""
    authors = [author.id for author in await crowd.people(trial.shards, FOLLOWED, "star")]
    viewers = await crowd.people(trial.shards, VIEWERS, "viewer")
    await crowd.follow(trial.shards, [(viewer.id, author) for viewer in viewers for author in authors])
    await crowd.make(trial.shards, crowd.sql.posts, authors=authors, each=3, text=crowd.TEXT)
    await crowd.make(trial.shards, crowd.sql.analyze)
    requests = itertools.cycle([load.get("/api/v1/timelines/home", viewer.token) for viewer in viewers])
    lists, old = IdLists(trial.valkey, FEED_IDS), itertools.count(1)
    port = trial.settings.port

    async def read_us(web: int, client: load.Client, *, changed: bool) -> float:
        with spent({"web": web}) as used:
            for _ in range(READS):
                if changed:
                    # So old that no page shows it: what is read is the same but for the lists.
                    await lists.push([(RECENT, next(old), authors)])
                await client.ask(next(requests))
        return used.total_s * 1e6 / READS

    async def both_us(web: int, client: load.Client, pull_from: int | None) -> list[float]:
        await trial.shards.scatter(sql.pull, authors=authors, pull_from=pull_from)
        await asyncio.sleep(KNOWN_S)
        for _ in range(2 * VIEWERS):
            await client.ask(next(requests))
        return [await read_us(web, client, changed=changed) for changed in (False, True)]

    ready = f"http://127.0.0.1:{port}/readyz"
    merges, fetches = [], []
    async with program(trial.settings, "heliograph", "serve", cores=ALL_CORES, ready=ready) as web:
        client = await load.Client.open(port)
        for _ in range(PAIRS):
            # Pulled first, so that the lists are there when they change and nobody pulls them.
            pulled, pushed = await both_us(web, client, 1), await both_us(web, client, None)
            still_us, changed_us = ((more - less) / FOLLOWED for more, less in zip(pulled, pushed, strict=True))
            merges.append(still_us)
            fetches.append(changed_us - still_us)
        client.close()
    return statistics.median(merges), statistics.median(fetches)
