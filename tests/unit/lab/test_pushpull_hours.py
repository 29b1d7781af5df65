"""Hours of a society, and the verdict over what they took."""

from collections import Counter

import pytest

from heliograph.lab.pushpull.graphs import MIXES, society
from heliograph.lab.pushpull.hours import PARTS_A_DAY, hours
from heliograph.lab.pushpull.simulate import BY_COST
from heliograph.lab.pushpull.site import EVEN, Lived, is_cheapest, ratios


def test_a_day_has_as_many_posts_and_reads_as_the_rates_say() -> None:
    people = society(300, MIXES[1], 1)
    day = hours(people, PARTS_A_DAY, seed=2)
    assert len(day) == PARTS_A_DAY
    assert day == hours(people, PARTS_A_DAY, seed=2)
    posts = Counter(author for part in day for author in part.posts)
    assert posts.total() == round(sum(people.posts))
    assert sum(len(part.reads) for part in day) == round(sum(people.reads))
    loudest = max(range(300), key=people.posts.__getitem__)
    assert posts[loudest] == pytest.approx(people.posts[loudest], rel=0.4)
    sizes = {len(part.posts) for part in day}
    assert max(sizes) - min(sizes) <= 1


def test_rounds_are_compared_in_pairs_and_what_is_close_counts_as_equal() -> None:
    by_cost = Lived(BY_COST, [1.0, 2.0, 4.0], 5)
    other = Lived("other", [2.0, 3.0, 4.4], 0)
    assert ratios([other, by_cost]) == {"other": 1.5, BY_COST: 1.0}
    assert is_cheapest([other, by_cost])
    assert is_cheapest([Lived("close", [1 - EVEN + 0.01] * 3, 0), Lived(BY_COST, [1.0] * 3, 5)])
    assert not is_cheapest([Lived("less", [1 - EVEN - 0.01] * 3, 0), Lived(BY_COST, [1.0] * 3, 5)])
