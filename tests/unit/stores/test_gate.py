"""So many at a time; the rest wait, or are turned away at once when that would take too long."""

import asyncio
import time

import pytest

from heliograph.base.errors import StoreUnavailableError
from heliograph.stores.gate import LATEST_RETURN_S, Gate, begin_request

STAY_S = 0.05


class Hall:
    """Counts who is inside. Everybody stays for STAY_S."""

    def __init__(self, places):
        self.gate = Gate("postgres", "read", places)
        self.inside = self.most = self.served = 0
        self.turned_away = []

    async def visit(self, patience_s):
        begin = time.monotonic()
        try:
            async with self.gate.passed(patience_s):
                self.inside += 1
                self.most = max(self.most, self.inside)
                await asyncio.sleep(STAY_S)
                self.inside -= 1
                self.served += 1
        except StoreUnavailableError as error:
            self.turned_away.append((time.monotonic() - begin, error.retry_after_s))


async def test_so_many_at_a_time():
    hall = Hall(3)
    await asyncio.gather(*(hall.visit(60.0) for _ in range(20)))
    assert (hall.most, hall.served) == (3, 20)


async def test_who_would_wait_too_long_is_turned_away_at_once():
    hall = Hall(2)
    await asyncio.gather(*(hall.visit(60.0) for _ in range(40)))
    # Known by now: about STAY_S each. Of a hundred who come at once some will fit into half a second.
    await asyncio.gather(*(hall.visit(0.5) for _ in range(100)))
    assert hall.most == 2
    assert len(hall.turned_away) >= 60
    waited = sorted(each for each, _ in hall.turned_away)
    assert waited[len(waited) // 2] < 0.1
    assert {retry for _, retry in hall.turned_away} <= set(range(1, LATEST_RETURN_S + 1))
    assert len({retry for _, retry in hall.turned_away}) > 1, "they come back one after another"


async def test_while_nothing_is_known_of_how_long_it_takes_patience_ends():
    hall = Hall(1)
    hold = asyncio.create_task(_hold(hall.gate, 0.5))
    await asyncio.sleep(0)
    await hall.visit(0.05)
    assert len(hall.turned_away) == 1
    await hold
    await hall.visit(0.05)
    assert hall.served == 1


async def test_a_place_is_free_after_an_error_and_after_who_gave_up():
    gate = Gate("postgres", "read", 1)
    with pytest.raises(RuntimeError):
        async with gate.passed(1.0):
            raise RuntimeError
    hold = asyncio.create_task(_hold(gate, 0.05))
    await asyncio.sleep(0)
    waits = asyncio.create_task(_hold(gate, 60.0))
    await asyncio.sleep(0)
    waits.cancel()
    await hold
    async with gate.passed(0.5):
        assert gate.expected_wait_s > 0
    assert gate.expected_wait_s == 0


async def test_a_request_has_one_patience_for_all_its_statements():
    hall = Hall(1)

    async def request():
        begin_request(4 * STAY_S)
        for _ in range(10):
            await hall.visit(60.0)

    await asyncio.gather(*(asyncio.create_task(request()) for _ in range(4)))
    # Each waits for three others before every statement of its own.
    assert hall.turned_away
    assert all(waited < 5 * STAY_S for waited, _ in hall.turned_away)
    hall.turned_away.clear()
    await hall.visit(60.0)
    assert not hall.turned_away, "who is no request, or the next one, begins anew"


async def _hold(gate, time_s):
    async with gate.passed(60.0):
        await asyncio.sleep(time_s)
