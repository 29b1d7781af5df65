"""What a day costs on paper, under each way to choose, over a power-law graph.

The choice by cost sees rates only as a site does: posts counted over a week, reads by a sample. What is charged are the true
rates. The last line is the least that any choice could cost, made for each author and each reader by themselves.
"""

import math
import random
from collections.abc import Callable, Iterable

import msgspec

from heliograph.lab.pushpull.graphs import Mix, Society, society
from heliograph.stores.costs import COSTS, Crowd, pulling_pays

ACCOUNTS = 100_000
# As the product counts them: one read in so many, over some days; posts over a week.
SAMPLED, READS_DAYS, POSTS_DAYS = 64, 3, 7
FIXED = 10_000


BY_COST = "by cost"


class Day(msgspec.Struct, frozen=True):
    """Processor seconds that a day takes under one way to choose, and how many authors are pulled.

    `is_bound`: no way to choose, but the least that one could reach.
    """

    policy: str
    seconds: float
    pulled: int = 0
    is_bound: bool = False


def crowds_of(people: Society) -> list[Crowd]:
    """The audience of each author."""
    size = len(people.posts)
    followers, lists, reads = [0] * size, [0] * size, [0.0] * size
    for reader, followed in enumerate(people.follows):
        rate = people.reads[reader]
        for author in followed:
            followers[author] += 1
            lists[author] += rate > 0
            reads[author] += rate
    return [Crowd(followers[at], lists[at], people.posts[at], reads[at]) for at in range(size)]


def simulate(mix: Mix, size: int = ACCOUNTS, seed: int = 1) -> list[Day]:
    """A day of a society of `size` accounts under each way to choose."""
    people = society(size, mix, seed)
    crowds = crowds_of(people)
    chance = random.Random(seed)  # noqa: S311 -- a play, not secrets
    limits = sorted({0, FIXED, *(2**power for power in range(4, 18))})
    best = min(limits, key=lambda limit: _day("", crowds, lambda crowd: crowd.followers > limit).seconds)
    return [
        _day("pure push", crowds, lambda _: False),
        _day("pure pull", crowds, lambda _: True),
        _day(f"pulled above {FIXED:,} followers", crowds, lambda crowd: crowd.followers > FIXED),
        _day(f"the best fixed line ({best:,} followers)", crowds, lambda crowd: crowd.followers > best),
        _day(BY_COST, crowds, lambda crowd: pulling_pays(seen(crowd, chance), pulled=False)),
        Day("(each reader of each author by themselves)", _by_pair_us(people) / 1e6, is_bound=True),
    ]


def _day(policy: str, crowds: Iterable[Crowd], pulled: Callable[[Crowd], bool]) -> Day:
    total_us, count = 0.0, 0
    for crowd in crowds:
        pull = pulled(crowd)
        total_us += crowd.pull_us_a_day() if pull else crowd.push_us_a_day()
        count += pull
    return Day(policy, total_us / 1e6, count)


def seen(crowd: Crowd, chance: random.Random) -> Crowd:
    """The audience as a site estimates it."""
    posts = _counted(crowd.posts_a_day * POSTS_DAYS, chance) / POSTS_DAYS
    reads = _counted(crowd.reads_a_day * READS_DAYS / SAMPLED, chance) * SAMPLED / READS_DAYS
    return Crowd(crowd.followers, crowd.lists, posts, reads)


def _counted(expected: float, chance: random.Random) -> float:
    """What is counted of events of which `expected` are to be expected: about as a Poisson variable scatters."""
    return max(0.0, chance.gauss(expected, math.sqrt(expected)))


def _by_pair_us(people: Society) -> float:
    """The least: of each pair, the cheaper way."""
    total = 0.0
    for reader, followed in enumerate(people.follows):
        read_us = people.reads[reader] * COSTS.merge_us
        push_us = COSTS.push_us if read_us else COSTS.skip_us
        total += sum(min(people.posts[author] * push_us, read_us) for author in followed)
    return total
