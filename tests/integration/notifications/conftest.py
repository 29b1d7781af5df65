"""The product on two shards, and people on both."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from heliograph.base import ids
from heliograph.base.settings import Settings
from heliograph.base.topology import Topology
from heliograph.domain.product import Product
from heliograph.stores.valkey import Valkey
from heliograph.wiring import open_product

Across = Callable[[int], Awaitable[list[int]]]


@pytest.fixture
async def product(
    settings: Settings,
    two_shards: Topology,
    valkey: Valkey,  # noqa: ARG001 -- an empty one
) -> AsyncIterator[Product]:
    async with open_product(settings, two_shards) as opened:
        yield opened


@pytest.fixture
def across(people) -> Across:
    """Makes people, the first on the lower shard, the second on the upper, and so on in turn."""

    async def made(count: int) -> list[int]:
        sides: dict[bool, list[int]] = {True: [], False: []}
        while len(sides[True]) < (count + 1) // 2 or len(sides[False]) < count // 2:
            (account,) = await people(1)
            sides[ids.slot_of(account) < 512].append(account)
        return [sides[number % 2 == 0][number // 2] for number in range(count)]

    return made
