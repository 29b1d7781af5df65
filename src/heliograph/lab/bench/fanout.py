"""Deliveries: from the committed outbox rows to the last follower's feed, one worker, feeds of 800 ids."""

import asyncio
import time

from heliograph.lab.bench import crowd
from heliograph.lab.bench.report import Figure
from heliograph.lab.bench.trial import WEB_CORE, Trial, program
from heliograph.stores.idlists import HOME, IdLists
from heliograph.stores.outbox import Outbox

FOLLOWERS, POSTS, FEED_IDS = 20_000, 20, 800
BAR = 40_000
DEADLINE_S = 120.0
TTL_S = 3600


async def measure(trial: Trial) -> list[Figure]:
    """Deliveries a second to an author with many followers, all of them active."""
    (author,) = await crowd.people(trial.shards, 1, "author")
    followers = [person.id for person in await crowd.people(trial.shards, FOLLOWERS, "follower")]
    await crowd.follow(trial.shards, [(follower, author.id) for follower in followers])
    await trial.shards.scatter(crowd.sql.analyze)
    lists = IdLists(trial.valkey, FEED_IDS)
    await _fill(lists, followers)
    async with program(trial.settings, "heliograph", "work", cores=WEB_CORE):
        await _delivered(trial, author.id, 1)
        took_s = await _delivered(trial, author.id, POSTS)
    found = await lists.read([(HOME, followers[-1])], FEED_IDS, TTL_S)
    reached = sum(1 for ident in found[0].ids if ident > FEED_IDS)
    return [
        Figure("deliveries, 20,000 followers", FOLLOWERS * POSTS / took_s, "/s", BAR, note=f"{POSTS} posts"),
        Figure("  posts that the last follower has", reached, "", POSTS + 1),
    ]


async def _fill(lists: IdLists, followers: list[int]) -> None:
    """A full feed for everybody: old ids, smaller than any that is minted."""
    old = list(range(FEED_IDS, 0, -1))
    for at in range(0, len(followers), 64):
        some = followers[at : at + 64]
        await asyncio.gather(*(lists.begin(HOME, follower, TTL_S) for follower in some))
        await asyncio.gather(*(lists.finish(HOME, follower, old, 0, TTL_S) for follower in some))


async def _delivered(trial: Trial, author: int, posts: int) -> float:
    """Commit `posts` posts and wait until their messages are done; seconds."""
    outbox = Outbox(trial.shards, trial.valkey)
    started = time.perf_counter()
    for _ in range(posts):
        await trial.shards.scatter(crowd.sql.publish, author=author, text=crowd.TEXT)
    await outbox.hint()
    async with asyncio.timeout(DEADLINE_S):
        while any(state.pending for state in await outbox.state()):  # noqa: ASYNC110 -- another process is waited for
            await asyncio.sleep(0.02)
    return time.perf_counter() - started
