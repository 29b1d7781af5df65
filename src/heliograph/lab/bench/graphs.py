"""Graphs of who follows whom, for measurements: a real one from a file, and made ones with few whom many follow."""

import os
import random
from pathlib import Path

DATA = "HELIOGRAPH_TEST_DATA"
REED98 = "socfb-Reed98.edges"
# Of Reed98 (Rossi and Ahmed, "The Network Data Repository", AAAI 2015): 962 students, 18,812 friendships.
REED98_PEOPLE, REED98_EDGES_EACH = 962, 20

Edges = list[tuple[int, int]]


def reed98() -> tuple[str, Edges]:
    """The friendships of Reed98 where the folder of test data has them, else of a made graph of its size; and which it is.

    People are numbers from 0; each friendship comes once.
    """
    folder = os.environ.get(DATA)
    file = Path(folder) / REED98 if folder else None
    if file is None or not file.is_file():
        return "a made graph of the size of Reed98", attached(REED98_PEOPLE, REED98_EDGES_EACH, seed=98)
    pairs = [line.split() for line in file.read_text().splitlines()]
    return "Reed98", [(int(one), int(other)) for one, other in pairs]


def attached(people: int, each: int, seed: int) -> Edges:
    """Everybody who comes is joined to `each` of those who are there, the likelier the more friends these have.

    Barabasi and Albert, "Emergence of Scaling in Random Networks", Science 1999: degrees follow a power law.
    """
    chance = random.Random(seed)  # noqa: S311 -- repeatable, not secret
    ends = list(range(each))
    edges: Edges = []
    for newcomer in range(each, people):
        friends: set[int] = set()
        while len(friends) < each:
            friends.add(chance.choice(ends))
        edges += [(newcomer, friend) for friend in sorted(friends)]
        ends += [*friends, *(newcomer for _ in friends)]
    return edges
