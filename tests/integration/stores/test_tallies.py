"""Counts of a fleet: several processes' tallies over one Valkey."""

import asyncio
import time

import pytest

from heliograph.base.errors import StoreUnavailableError
from heliograph.stores import tallies
from heliograph.stores.tallies import Tally, exchanged
from heliograph.stores.valkey import Valkey

WINDOW_S = 300


@pytest.fixture
def moment():
    """The clock of all processes: a list of one number, seconds since 1970."""
    return [1_800_000_010.0]


@pytest.fixture
def fleet(moment):
    return [Tally("asked", WINDOW_S, lambda: moment[0]) for _ in range(3)]


async def test_a_process_alone_counts_exactly(fleet):
    assert [fleet[0].add("ada") for _ in range(3)] == [1, 2, 3]
    assert fleet[0].add("grace") == 1
    assert fleet[0].ends == 1_800_000_300


async def test_after_an_exchange_the_sum_is_known(fleet, valkey):
    for tally, times in zip(fleet, (5, 7, 1), strict=True):
        for _ in range(times):
            tally.add(42)
        await tally.exchange(valkey)
    assert fleet[2].add(42) == 14
    # The others hear of it when they have something to tell themselves.
    assert fleet[0].add(42) == 6
    await fleet[0].exchange(valkey)
    assert fleet[0].add(42) == 15


async def test_nothing_is_told_twice(fleet, valkey):
    one = fleet[0]
    for _ in range(3):
        one.add(42)
        await one.exchange(valkey)
    await one.exchange(valkey)
    assert one.add(42) == 4


async def test_what_is_counted_during_an_exchange_is_not_lost(fleet, valkey):
    one = fleet[0]
    counted = [one.add(42)]

    async def go_on():
        for _ in range(50):
            counted.append(one.add(42))
            await asyncio.sleep(0)

    await asyncio.gather(go_on(), *(one.exchange(valkey) for _ in range(5)))
    assert counted == list(range(1, 52))
    await one.exchange(valkey)
    assert int(await valkey.one(lambda _: ("GET", "limit:asked:1800000300:42"))) == 51


async def test_windows_turn_for_all_at_once(fleet, valkey, moment):
    for tally in fleet:
        tally.add(42)
        await tally.exchange(valkey)
    moment[0] = 1_800_000_300.0
    assert [tally.add(42) for tally in fleet] == [1, 1, 1]
    assert fleet[0].ends == 1_800_000_600
    assert 0 < await valkey.one(lambda _: ("TTL", "limit:asked:1800000300:42")) <= 2 * WINDOW_S


async def test_what_was_not_told_in_time_is_dropped(fleet, valkey, moment):
    fleet[0].add(42)
    moment[0] += WINDOW_S
    await fleet[0].exchange(valkey)
    assert fleet[0].add(42) == 1
    assert await valkey.one(lambda _: ("KEYS", "limit:asked:*")) == []


async def test_while_valkey_is_away_each_counts_alone_and_tells_later(fleet, valkey):
    one, other = fleet[:2]
    async with Valkey.open("unix:///tmp/there-is-no-such-socket") as nowhere:
        for _ in range(4):
            one.add(42)
        with pytest.raises(StoreUnavailableError):
            await one.exchange(nowhere)
    assert one.add(42) == 5
    await one.exchange(valkey)
    other.add(42)
    await other.exchange(valkey)
    assert other.add(42) == 7


async def test_many_visitors_travel_in_several_waves(fleet, valkey):
    one, other = fleet[:2]
    for who in range(3 * tallies.WAVE_NAMES + 1):
        one.add(who)
        other.add(who)
    await one.exchange(valkey)
    await other.exchange(valkey)
    assert {other.add(who) for who in range(3 * tallies.WAVE_NAMES + 1)} == {3}


async def test_memory_has_an_end(fleet, valkey, monkeypatch):
    monkeypatch.setattr(tallies, "KEPT_NAMES", 10)
    for who in range(20):
        fleet[0].add(who)
    await fleet[0].exchange(valkey)
    assert len(fleet[0]._summed) <= 10
    fleet[0].add(3)
    await fleet[0].exchange(valkey)
    assert fleet[0].add(3) == 3


async def test_the_exchange_goes_on_by_itself(valkey):
    one, other = Tally("asked", WINDOW_S), Tally("asked", WINDOW_S)
    async with exchanged(valkey, [one]), exchanged(valkey, [other]):
        deadline = time.monotonic() + 10
        while one.add(42) < 10 or other.add(42) - one.add(42) > 5:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.05)
        before = one.add(42)
        for _ in range(100):
            other.add(42)
        while one.add(42) < before + 100:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.05)
