"""The choice by cost on paper: cheaper than every fixed rule, close to the least that is possible."""

import pytest

from heliograph.lab.pushpull.graphs import MIXES, Mix, society
from heliograph.lab.pushpull.simulate import BY_COST, crowds_of, simulate

SIZE = 4000


@pytest.mark.parametrize("mix", MIXES, ids=lambda mix: mix.name)
def test_the_choice_by_cost_is_the_cheapest(mix: Mix) -> None:
    days = simulate(mix, SIZE)
    by_cost = next(day.seconds for day in days if day.policy == BY_COST)
    rules = [day for day in days if day.policy != BY_COST and not day.is_bound]
    assert len(rules) == 4
    assert all(by_cost <= day.seconds for day in rules)
    (least,) = (day.seconds for day in days if day.is_bound)
    assert least <= by_cost


def test_a_society_is_the_same_each_time_and_has_celebrities() -> None:
    one, other = (society(SIZE, MIXES[0], 5) for _ in range(2))
    assert one == other
    followers = sorted((crowd.followers for crowd in crowds_of(one)), reverse=True)
    assert followers[0] > 40 * followers[SIZE // 2]
