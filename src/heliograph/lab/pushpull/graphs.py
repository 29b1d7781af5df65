"""A made-up society: who follows whom by a power law, who posts how often, who reads how often. Repeatable by its seed."""

import math
import random
from array import array
from collections.abc import Sequence
from itertools import accumulate

import msgspec

# A few are followed by very many: the n-th account in the order of fame is followed in proportion to n ** -FAME.
FAME = 0.8
FOLLOWS_MEDIAN, FOLLOWS_SPREAD, FOLLOWS_MOST = 30, 0.9, 2000


class Mix(msgspec.Struct, frozen=True):
    """How a society lives. Rates are a day's, log-normal: a median, and a spread (sigma of the logarithm).

    `away`: share of accounts that have not read for weeks. `loud`: share of authors who post `loud_posts` times a day, the
    programs and newsrooms among them, whoever they are followed by.
    """

    name: str
    posts: float
    posts_spread: float
    reads: float
    reads_spread: float
    away: float
    loud: float
    loud_posts: float


MIXES = (
    Mix("friends: few posts, many reads", 0.3, 1.2, 8.0, 1.0, 0.3, 0.01, 20),
    Mix("newsrooms: some post all day", 0.3, 1.4, 6.0, 1.0, 0.4, 0.05, 120),
    Mix("visitors: many programs, rare reads", 0.3, 1.2, 2.0, 1.2, 0.5, 0.1, 48),
)


class Society(msgspec.Struct, frozen=True):
    """By account, the most famous first: whom they follow, and how often a day they post and read."""

    follows: Sequence[Sequence[int]]
    posts: list[float]
    reads: list[float]


def society(size: int, mix: Mix, seed: int, follows_median: int = FOLLOWS_MEDIAN) -> Society:
    """A society of `size` accounts that lives by `mix`."""
    chance = random.Random(seed)  # noqa: S311 -- a play, not secrets
    weights = list(accumulate((n + 1) ** -FAME for n in range(size)))
    follows = [
        array(
            "l", set(chance.choices(range(size), cum_weights=weights, k=_follows(chance, size, follows_median))) - {me}
        )
        for me in range(size)
    ]
    posts = [
        mix.loud_posts if chance.random() < mix.loud else _rate(chance, mix.posts, mix.posts_spread)
        for _ in range(size)
    ]
    reads = [0.0 if chance.random() < mix.away else _rate(chance, mix.reads, mix.reads_spread) for _ in range(size)]
    return Society(follows, posts, reads)


def _follows(chance: random.Random, size: int, median: int) -> int:
    return max(1, min(FOLLOWS_MOST, size // 4, round(_rate(chance, median, FOLLOWS_SPREAD))))


def _rate(chance: random.Random, median: float, spread: float) -> float:
    return chance.lognormvariate(math.log(median), spread)
