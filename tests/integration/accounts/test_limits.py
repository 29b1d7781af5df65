"""Rate limits on a real Valkey, and without one."""

import pytest

from heliograph.base import metrics
from heliograph.base.errors import RateLimitedError
from heliograph.domain.accounts.limits import LOG_IN_PAIR, SIGN_UP_ADDRESS, UPLOADS, Limits
from heliograph.stores.limits import LOCAL_NAMES, Counters, LocalCounters
from heliograph.stores.valkey import Valkey


@pytest.fixture
def limits(valkey):
    return Limits(valkey, enabled=True)


async def test_who_guesses_is_stopped_and_told_when_to_come_back(limits):
    for _ in range(LOG_IN_PAIR.limit):
        await limits.log_in("192.0.2.1", "ada")
    with pytest.raises(RateLimitedError) as refused:
        await limits.log_in("192.0.2.1", " ADA")
    assert 0 < refused.value.retry_after_s <= LOG_IN_PAIR.window_s
    await limits.log_in("192.0.2.2", "ada")
    await limits.log_in("192.0.2.1", "grace")


async def test_a_network_of_ipv6_is_one_visitor(limits):
    for host in range(SIGN_UP_ADDRESS.limit):
        await limits.sign_up(f"2001:db8:1:2::{host + 1}")
    with pytest.raises(RateLimitedError):
        await limits.sign_up("2001:db8:1:2:ffff::1")
    await limits.sign_up("2001:db8:1:3::1")


async def test_to_go_on_trying_does_not_make_it_longer(valkey):
    counters = Counters(valkey)
    assert await counters.add("x", 100) == (1, 100)
    await valkey.one(lambda _: ("EXPIRE", "limit:x", 50))
    count, left_s = await counters.add("x", 100)
    assert count == 2
    assert left_s <= 50


async def test_without_valkey_a_process_counts_alone_and_says_so():
    async with Valkey.open("unix:///tmp/there-is-no-such-socket") as nowhere:
        limits = Limits(nowhere, enabled=True)
        counter = metrics.limits_unchecked.labels(SIGN_UP_ADDRESS.name)
        before = counter._value.get()
        for _ in range(SIGN_UP_ADDRESS.limit):
            await limits.sign_up("192.0.2.1")
        with pytest.raises(RateLimitedError) as refused:
            await limits.sign_up("192.0.2.1")
        await limits.sign_up("192.0.2.2")
        assert refused.value.retry_after_s == SIGN_UP_ADDRESS.window_s
        assert counter._value.get() == before + SIGN_UP_ADDRESS.limit + 2


def test_a_window_of_a_process_alone_ends():
    moments = [0.0]
    counters = LocalCounters(lambda: moments[0])
    assert [counters.add("x", 10)[0] for _ in range(3)] == [1, 2, 3]
    moments[0] = 4.0
    assert counters.add("x", 10) == (4, 6)
    moments[0] = 10.0
    assert counters.add("x", 10) == (1, 10)


def test_a_process_alone_does_not_remember_without_end():
    counters = LocalCounters()
    for number in range(LOCAL_NAMES + 10):
        counters.add(str(number), 10)
    assert len(counters._windows) == LOCAL_NAMES


async def test_strict_rules_hold_over_all_processes(valkey):
    one, other = Limits(valkey, enabled=True), Limits(valkey, enabled=True)
    for number in range(UPLOADS.limit // 2):
        assert (await one.count(UPLOADS, 5)).left == UPLOADS.limit - 2 * number - 1
        (await other.count(UPLOADS, 5)).refuse()
    with pytest.raises(RateLimitedError):
        (await one.count(UPLOADS, 5)).refuse()
    (await one.count(UPLOADS, 6)).refuse()


async def test_limits_can_be_switched_off(valkey):
    limits = Limits(valkey, enabled=False)
    for _ in range(50):
        await limits.register_app("192.0.2.1")
