"""Whatever ten people do on two web processes, everybody sees what a plain model says, and nothing forbidden on the way.

A run is a seed: the same people do the same, though ids, and so shards, are others each time. When one fails, its last
doings are printed.

It is known to notice, since each was tried: a follow that passes a block; a block seen from one side, or that ends no follow;
a reply that is counted twice, or again when its message is late; a late message that revives a notification, takes one back or
changes a like; relations that are believed for too long; an edit that another process does not see; a deleted post that is read;
a reblog that outlives its end; reblogs of the muted; a new follow that brings nothing; who stops being pulled and is not pushed.

`HELIOGRAPH_TEST_SEED` names the seed of the long runs, `HELIOGRAPH_TEST_MINUTES` how long they take.
"""

import os
import random
import secrets
import time

import msgspec
import pytest
from society_acts import Acts
from society_eyes import Eyes
from society_model import Model
from society_people import People
from society_programs import LivingWorkers, programs
from society_workers import Workers

from heliograph.wiring import open_product

SIZE = 10
STEPS = 400
# How often everything is compared: on the way, and at the end.
TIMES = 2
TOLD = 80
# Feeds whose end is always near, and such that hold everything.
FEED_LENGTHS = (5, 12, 100)
MINUTES = float(os.environ.get("HELIOGRAPH_TEST_MINUTES", "10"))


def any_seed() -> int:
    return int(os.environ.get("HELIOGRAPH_TEST_SEED") or secrets.randbelow(10**6))


class Society:
    """People, the model, and all that may happen."""

    def __init__(self, webs, workers: Workers) -> None:
        self.chance, self.workers = workers.chance, workers
        self.model = Model(SIZE)
        self.people = People(webs, self.chance, story=workers.story)
        self.acts = Acts(self.model, self.people, self.drain)
        self.eyes = Eyes(self.model, self.people)
        self.happenings = [
            (10, workers.work), (7, workers.gossip), (3, self.drain), (1, workers.evict), (1, workers.flush),
        ]  # fmt: skip

    async def drain(self) -> None:
        await self.workers.drain()
        self.model.drained()

    async def live(self, steps: int) -> None:
        """Begin with some who know each other, go on at random, and compare everything now and then."""
        await self.people.gather(self.workers.product, SIZE)
        for act in [*[self.acts.follow] * 3 * SIZE, *[self.acts.post] * SIZE]:
            await self._happen(act)
        for _ in range(TIMES):
            for _ in range(steps // TIMES):
                kinds = [(55, self.acts.often()), (33, self.eyes.often()), (12, self.happenings)]
                await self._happen(self._one(self._one(kinds)))
                await self.eyes.look_at_once()
            await self.drain()
            await self.eyes.agree()

    async def _happen(self, what) -> None:
        await what()
        self.model.notices.doubt(self.model.tellable)

    def _one(self, weighted):
        return self.chance.choices([each for _, each in weighted], [weight for weight, _ in weighted])[0]


async def live_once(make_processes, seed: int) -> None:
    async with make_processes(FEED_LENGTHS[seed % len(FEED_LENGTHS)]) as (webs, product):
        await live(Society(webs, Workers(product, random.Random(seed), [])), seed)


async def live(society: Society, seed: int) -> None:
    try:
        await society.live(STEPS)
    except BaseException:
        print(f"seed {seed}, after {len(society.people.story)} doings", *society.people.story[-TOLD:], sep="\n")
        raise


@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", range(1, 1 + len(FEED_LENGTHS)))
async def test_everybody_sees_what_they_must(make_processes, seed: int) -> None:
    await live_once(make_processes, seed)


@pytest.mark.long
@pytest.mark.timeout(60 * MINUTES + 600)
async def test_everybody_sees_what_they_must_for_a_long_time(make_processes) -> None:
    end, seed = time.monotonic() + 60 * MINUTES, any_seed()
    while time.monotonic() < end:
        print(f"seed {seed}")
        await live_once(make_processes, seed)
        seed += 1


@pytest.mark.long
@pytest.mark.timeout(60 * MINUTES + 600)
async def test_everybody_sees_what_they_must_while_the_worker_is_killed(settings, topology, tmp_path) -> None:
    """Real programs, real connections, and SIGKILL."""
    seed = any_seed()
    print(f"seed {seed}")
    own = msgspec.structs.replace(settings, feed_length=FEED_LENGTHS[0], push_limit=2)
    told = {
        "DATA_DIR": str(own.data_dir), "PUBLIC_URL": own.url, "RATE_LIMITS": "off", "LOG_FORMAT": "json",
        "FEED_LENGTH": str(own.feed_length), "PUSH_LIMIT": str(own.push_limit),
        "DATABASE_URL": topology.shards[0].dsn, "VALKEY_URL": topology.valkey_url,
    }  # fmt: skip
    async with open_product(own, topology) as product, programs(told, tmp_path) as (webs, worker):
        await product.stores.valkey.one(lambda _: ("FLUSHALL",))
        workers = LivingWorkers(product, random.Random(seed), [])
        workers.program = worker
        await live(Society(webs, workers), seed)
        assert workers.deaths
        assert '"worker.failed"' not in worker.text()
