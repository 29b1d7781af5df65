"""The product on two shards, and people who live on either."""

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from heliograph.base import ids
from heliograph.base.settings import Settings
from heliograph.base.topology import Topology
from heliograph.domain.accounts.passwords import Passwords
from heliograph.domain.product import Product
from heliograph.wiring import open_product

NUMBERS = itertools.count(1)
Apart = Callable[[int], Awaitable[list[int]]]


@pytest.fixture
async def wide(settings: Settings, two_shards: Topology) -> AsyncIterator[Product]:
    """The product over two shards."""
    async with open_product(settings, two_shards) as product:
        await product.stores.valkey.one(lambda _: ("FLUSHALL",))
        product.registration._passwords = Passwords(time_cost=1, memory_kib=64)
        yield product


@pytest.fixture
def apart(wide: Product) -> Apart:
    """Makes accounts, the first on the one shard, the next on the other, and so on."""

    async def made(count: int) -> list[int]:
        found: list[int] = []
        while len(found) < count:
            account = (await wide.registration.create(f"apart{next(NUMBERS)}", "correct horse battery")).account_id
            if (ids.slot_of(account) < 512) == (len(found) % 2 == 0):
                found.append(account)
        return found

    return made
