"""Some hours of a society's day, drawn from its rates: who posts and who reads, five minutes by five minutes. Repeatable."""

import random
from collections.abc import Sequence

import msgspec

from heliograph.lab.pushpull.graphs import Society

PARTS_A_DAY = 24 * 60 // 5


class Part(msgspec.Struct, frozen=True):
    """Five minutes: accounts in the order in which they post, and in which they read; one may be there twice."""

    posts: list[int]
    reads: list[int]


def hours(people: Society, parts: int, seed: int) -> list[Part]:
    """`parts` times five minutes, in which each account does by chance what its rates let expect."""
    chance = random.Random(seed)  # noqa: S311 -- a play, not secrets
    posts, reads = (_shared_out(rates, parts, chance) for rates in (people.posts, people.reads))
    return [Part(*part) for part in zip(posts, reads, strict=True)]


def _shared_out(rates: Sequence[float], parts: int, chance: random.Random) -> list[list[int]]:
    """Accounts by their rates, which are a day's; as many in each part as in the others, or one more."""
    count = round(sum(rates) * parts / PARTS_A_DAY)
    drawn = chance.choices(range(len(rates)), weights=rates, k=count)
    return [drawn[at * count // parts : (at + 1) * count // parts] for at in range(parts)]
