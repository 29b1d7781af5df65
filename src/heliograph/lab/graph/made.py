"""A made graph of who follows whom: most follow some dozens, few are followed by very many.

How many one follows is drawn by a Pareto law (mean 50, at most 7,500, as the product allows); whom, by rank, such that the number of
followers falls with the square root of the rank. That is a power law of exponent 3, as in Barabasi and Albert, Science 1999.
"""

import random
from array import array
from collections.abc import Iterator
from itertools import accumulate
from typing import TypeAlias

from heliograph.base import ids

Numbers: TypeAlias = "array[int]"

MEAN = 50
FOLLOWS_MOST = 7500
_ALPHA, _LEAST = 1.5, 17


class Graph:
    """People 0 to `people` - 1, and two orders of the same follows; a follow is numbered in the order of the followed."""

    def __init__(self, edges: int, seed: int) -> None:
        """About `edges` follows."""
        self.people = max(2 * MEAN, edges // MEAN)
        self._idents = [_ident(person) for person in range(self.people)]
        self._targets, self._ends = _drawn(self.people, edges, random.Random(seed))  # noqa: S311 -- repeatable, not secret
        self._followers, self._starts, self._numbers = _turned(self.people, self._targets, self._ends)

    def __len__(self) -> int:
        return len(self._targets)

    def ident(self, person: int) -> int:
        """The id of a person, as the product mints them; ids grow with the number."""
        return self._idents[person]

    def rev(self, target: int, number: int) -> int:
        """What the followed would have minted for the follow `number`."""
        return (1 + number // 4096 << 22) | (target % ids.SHARED_SLOTS << 12) | number % 4096

    def following(self, person: int) -> Iterator[tuple[int, int]]:
        """Whom `person` follows, ascending, each with the number of the follow."""
        for at in range(self._ends[person - 1] if person else 0, self._ends[person]):
            yield self._targets[at], self._numbers[at]

    def followers(self, person: int) -> Iterator[tuple[int, int]]:
        """Who follows `person`, ascending, each with the number of the follow."""
        for number in range(self._starts[person], self._starts[person + 1]):
            yield self._followers[number], number

    def most_followed(self) -> int:
        """The person whom most follow."""
        return max(range(self.people), key=lambda person: self._starts[person + 1] - self._starts[person])


def _ident(person: int) -> int:
    return (1 + person // ids.SHARED_SLOTS << 22) | (person % ids.SHARED_SLOTS << 12)


def _drawn(people: int, edges: int, chance: random.Random) -> tuple[Numbers, Numbers]:
    """The followed of everybody, one after another, and where those of each end."""
    # Who is popular has nothing to do with when they came.
    ranked = list(range(people))
    chance.shuffle(ranked)
    targets, ends = array("I"), array("I")
    draw, most = chance.random, min(FOLLOWS_MOST, people // 4)
    for person in range(people):
        left = (edges - len(targets)) / (people - person) / MEAN
        wanted = min(most, max(1, round(left * _LEAST * chance.paretovariate(_ALPHA))))
        found: set[int] = set()
        while len(found) < wanted:
            found.add(ranked[int(people * draw() ** 2)])
        found.discard(person)
        targets.extend(sorted(found))
        ends.append(len(targets))
    return targets, ends


def _turned(people: int, targets: Numbers, ends: Numbers) -> tuple[Numbers, Numbers, Numbers]:
    """The followers of everybody, one after another; where those of each begin; the number of each follow."""
    counts = array("I", bytes(4 * (people + 1)))
    for target in targets:
        counts[target + 1] += 1
    starts = array("I", accumulate(counts))
    free = array("I", starts)
    followers, numbers = array("I", bytes(4 * len(targets))), array("I", bytes(4 * len(targets)))
    start = 0
    for person, end in enumerate(ends):
        for at in range(start, end):
            number = free[targets[at]]
            free[targets[at]] = number + 1
            followers[number], numbers[at] = person, number
        start = end
    return followers, starts, numbers
