"""When it pays to pull."""

import pytest
from msgspec.structs import replace

from heliograph.stores.costs import COSTS, LEAST_US_A_DAY, MARGIN, MOST_PUSH_S, Crowd, pulling_pays

# Each follower reads four times a day; the author posts as often as makes both ways equal.
EVEN_POSTS = 4000 * COSTS.merge_us / (COSTS.begin_us + 1000 * COSTS.push_us - COSTS.fetch_us)
EVEN = Crowd(followers=1000, lists=1000, posts_a_day=EVEN_POSTS, reads_a_day=4000)


@pytest.mark.parametrize("pulled", [False, True])
def test_near_the_line_all_stays_as_it_is(pulled: bool) -> None:
    for share in (1 / MARGIN + 0.01, 1.0, MARGIN - 0.01):
        assert pulling_pays(replace(EVEN, posts_a_day=EVEN.posts_a_day * share), pulled=pulled) == pulled
    assert pulling_pays(replace(EVEN, posts_a_day=EVEN.posts_a_day * (MARGIN + 0.01)), pulled=pulled)
    assert not pulling_pays(replace(EVEN, posts_a_day=EVEN.posts_a_day / (MARGIN + 0.01)), pulled=pulled)


def test_it_is_the_ratio_of_the_rates_that_counts() -> None:
    for size in (1000, 30_000, 300_000):
        few = Crowd(size, size // 10, posts_a_day=1, reads_a_day=4 * size)
        assert not pulling_pays(few, pulled=False)
        assert pulling_pays(replace(few, posts_a_day=100), pulled=False)
        assert pulling_pays(replace(few, reads_a_day=size / 1000), pulled=False)


def test_nobody_waits_for_a_post_until_millions_have_it() -> None:
    most = int(MOST_PUSH_S * 1e6 / COSTS.push_us)
    vast = Crowd(most + 1, most + 1, posts_a_day=0.1, reads_a_day=most * 100)
    assert pulling_pays(vast, pulled=False)
    fewer = replace(vast, followers=int(0.9 * most), lists=int(0.9 * most))
    assert pulling_pays(fewer, pulled=True)
    assert not pulling_pays(fewer, pulled=False)
    assert pulling_pays(replace(vast, followers=20_000_000, lists=1000), pulled=False), (
        "passing over takes its time too"
    )


def test_a_small_audience_pays_for_each_list_that_has_changed() -> None:
    """Each reads what nobody has read before: fetched at each read, a list costs more than three pushes."""
    three, costs = Crowd(3, 3, posts_a_day=500, reads_a_day=500), replace(COSTS, begin_us=0.0)
    assert not pulling_pays(three, pulled=False, costs=costs)
    assert pulling_pays(replace(three, reads_a_day=50), pulled=False, costs=costs)
    assert pulling_pays(replace(three, followers=30, lists=30), pulled=False, costs=costs)


def test_a_push_costs_something_before_its_first_follower() -> None:
    program = Crowd(1, 1, posts_a_day=100, reads_a_day=100)
    assert pulling_pays(program, pulled=False)
    assert not pulling_pays(replace(program, posts_a_day=1), pulled=False), "not worth a look"


@pytest.mark.parametrize("pulled", [False, True])
def test_what_saves_nothing_is_pushed(pulled: bool) -> None:
    """Nobody reads: pulling is free, and pushing as good as free."""
    rare = Crowd(10, 0, posts_a_day=0.5 * LEAST_US_A_DAY / (COSTS.begin_us + 10 * COSTS.skip_us), reads_a_day=0)
    assert not pulling_pays(rare, pulled=pulled)
    assert pulling_pays(replace(rare, followers=1000), pulled=pulled)
