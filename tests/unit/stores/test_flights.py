"""Who may take what somebody else's load has brought."""

import asyncio

import pytest

from heliograph.base.errors import StoreUnavailableError
from heliograph.stores.flights import UNSEALED, Flights

KIND = "post"


class Tower:
    """Flights that land when they are told to; `begun` counts them."""

    def __init__(self):
        self.flights = Flights()
        self.begun = 0
        self.land = asyncio.Event()
        self.sealed = False
        self.error = None

    async def fly(self, flights):
        self.begun += 1
        body = b"%d" % self.begun
        sealed = self.flights.tick() if self.sealed else UNSEALED
        await self.land.wait()
        if self.error:
            raise self.error
        for flight in flights.values():
            flight.land(body, sealed)

    def reader(self, *idents):
        return asyncio.create_task(self.flights.bring(KIND, idents or [1], self.fly))


async def settle():
    for _ in range(5):
        await asyncio.sleep(0)


@pytest.fixture
async def tower():
    return Tower()


async def test_those_who_come_at_once_wait_for_one_load_or_two(tower):
    readers = [tower.reader() for _ in range(1000)]
    await settle()
    assert tower.begun == 1
    tower.land.set()
    # Nobody knows whether something was written before the 999 came: they take what is read after that.
    assert [await reader for reader in readers] == [{1: b"1"}, *[{1: b"2"}] * 999]
    assert tower.begun == 2


async def test_what_the_cache_took_is_for_all_who_came_before_it_was_asked(tower):
    tower.sealed = True

    async def fly(flights):
        tower.begun += 1
        await tower.land.wait()
        sealed = tower.flights.tick()
        for flight in flights.values():
            flight.land(b"body", sealed)

    readers = [asyncio.create_task(tower.flights.bring(KIND, [1], fly)) for _ in range(1000)]
    await settle()
    tower.land.set()
    assert [await reader for reader in readers] == [{1: b"body"}] * 1000
    assert tower.begun == 1


async def test_who_comes_after_the_cache_was_asked_looks_again(tower):
    tower.sealed = True
    early = tower.reader()
    await settle()
    late = tower.reader()
    await settle()
    tower.land.set()
    assert await early == {1: b"1"}
    assert await late == {1: b"2"}


async def test_nobody_waits_for_a_third(tower):
    """Readers without end, and a cache that takes nothing: each still gets an answer from the second load at the latest."""
    first, second = tower.reader(), tower.reader()
    await settle()
    tower.land.set()
    await first
    tower.land.clear()
    third = tower.reader()
    await settle()
    tower.land.set()
    assert await second == {1: b"2"}
    assert await third == {1: b"3"}


async def test_a_reader_who_gives_up_strands_nobody(tower):
    first, second = tower.reader(), tower.reader()
    await settle()
    first.cancel()
    await settle()
    tower.land.set()
    assert await second == {1: b"2"}
    assert tower.begun == 2


async def test_an_error_is_for_all_and_ends_with_the_second_flight(tower):
    readers = [tower.reader() for _ in range(50)]
    await settle()
    tower.error = StoreUnavailableError("postgres")
    tower.land.set()
    depths = []
    for reader in readers:
        with pytest.raises(StoreUnavailableError) as caught:
            await reader
        depths.append(len(caught.traceback))
    assert max(depths) < 15, "each raises it from where it was raised first"
    tower.error = None
    assert await tower.reader() == {1: b"3"}


async def test_flights_of_several_keys(tower):
    one = tower.reader(1, 2)
    await settle()
    other = tower.reader(2, 3)
    await settle()
    assert tower.begun == 2
    tower.land.set()
    assert await one == {1: b"1", 2: b"1"}
    assert await other == {2: b"3", 3: b"2"}


async def test_what_does_not_exist_is_absent(tower):
    async def fly(flights):
        for flight in flights.values():
            flight.land(None)

    assert await tower.flights.bring(KIND, [1, 2], fly) == {}


async def test_flights_that_forget_to_land_do_not_strand_their_readers(tower):
    async def fly(_):
        await asyncio.sleep(0)

    with pytest.raises(RuntimeError):
        await tower.flights.bring(KIND, [1], fly)


async def test_a_flight_that_lands_late_does_not_mind_one_that_came_and_went(tower):
    async def one_by_one(flights):
        flights[1].land(b"early")
        await tower.land.wait()
        flights[2].land(b"late")

    async def at_once(flights):
        for flight in flights.values():
            flight.land(b"next")

    alarms = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: alarms.append(context))
    both = asyncio.create_task(tower.flights.bring(KIND, [1, 2], one_by_one))
    await settle()
    assert await tower.flights.bring(KIND, [1], at_once) == {1: b"next"}
    await settle()
    tower.land.set()
    assert await both == {1: b"early", 2: b"late"}
    await settle()
    assert alarms == []
    assert await tower.flights.bring(KIND, [1, 2], at_once) == {1: b"next", 2: b"next"}


async def test_who_joins_a_flight_of_others_does_not_fail_for_what_only_they_asked(tower):
    """One shard is away: whoever asks for what is elsewhere has it."""

    async def fly(flights):
        tower.begun += 1
        await tower.land.wait()
        if 2 in flights:
            raise StoreUnavailableError("postgres")
        for flight in flights.values():
            flight.land(b"body")

    both = asyncio.create_task(tower.flights.bring(KIND, [1, 2], fly))
    await settle()
    others = [asyncio.create_task(tower.flights.bring(KIND, [1], fly)) for _ in range(100)]
    await settle()
    tower.land.set()
    with pytest.raises(StoreUnavailableError):
        await both
    assert [await other for other in others] == [{1: b"body"}] * 100
    assert tower.begun <= 3


async def test_what_is_away_is_asked_for_twice_at_most(tower):
    tower.error = StoreUnavailableError("postgres")
    tower.land.set()
    readers = [tower.reader() for _ in range(100)]
    for reader in readers:
        with pytest.raises(StoreUnavailableError):
            await reader
    assert tower.begun <= 2
