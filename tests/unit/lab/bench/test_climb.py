"""The search for the highest rate that is borne, and what is said to give way."""

import math

import pytest

from heliograph.lab.bench import climb
from heliograph.lab.bench.climb import Step
from heliograph.lab.bench.openloop import Answer, Outcome
from heliograph.lab.bench.usage import Usage


def a_step(per_s, ms=5.0, status=200, cores=None, waited=0):
    answers = [Answer("post", 0.0, ms / 1000, status) for _ in range(100)]
    return Step(per_s, Outcome(answers), Usage(cores or {"web process": 0.5}), 0, waited)


class Server:
    """Bears up to `limit` requests a second; the first try above `moody` fails whatever it bears."""

    def __init__(self, limit, moody=math.inf):
        self.limit = limit
        self.moody = moody
        self.tried = []

    async def step(self, per_s):
        self.tried.append(per_s)
        stalled = per_s > self.moody
        if stalled:
            self.moody = math.inf
        return a_step(per_s, ms=500.0 if stalled or per_s > self.limit else 5.0)


async def test_it_finds_the_limit_between_two_steps():
    server = Server(limit=1000)
    best, failed = await climb.climb(server.step, 100, 1.3)
    assert 1000 / 1.3**0.25 <= best.per_s <= 1000
    assert 1000 < failed.per_s <= best.per_s * 1.3**0.25 + 1


async def test_one_stall_is_no_verdict():
    server = Server(limit=1000, moody=300)
    best, _ = await climb.climb(server.step, 100, 1.3)
    assert best.per_s > 800


async def test_a_server_that_bears_nothing_has_no_rate():
    best, failed = await climb.climb(Server(limit=10).step, 100, 1.3)
    assert best is None
    assert failed.per_s == 100


@pytest.mark.parametrize(("status", "ms"), [(503, 5.0), (0, 5.0), (200, 100.0), (200, math.inf)])
def test_errors_and_lateness_are_not_borne(status, ms):
    assert not a_step(100, ms, status).borne


def test_what_gave_way():
    assert a_step(100, waited=60).gave_way == "the worker, 60 more messages wait"
    assert a_step(100, cores={"web process": 0.97, "PostgreSQL": 0.5}).gave_way == "web process, which fills a core"
    assert a_step(100, cores={"web process": 0.3, "others": 1.6}).gave_way == "nothing of the site: others fill a core"
    shared = {"web process": 0.7, **{f"other {at}": 0.6 for at in range(2 * (climb.os.cpu_count() or 1))}}
    assert a_step(100, cores=shared).gave_way == "the cores, of which web process takes most"
    assert a_step(100, cores={"web process": 0.2}).gave_way == "nothing that takes processor time: a wait"
