"""Two shards, so that what an account has with others lies on another server than the account."""

from collections.abc import AsyncIterator

import pytest

from heliograph.base.settings import Settings
from heliograph.base.topology import ShardSpec, Topology
from heliograph.domain.accounts.passwords import Passwords
from heliograph.domain.product import Product
from heliograph.wiring import open_product


@pytest.fixture
async def topology(cluster, settings: Settings) -> AsyncIterator[Topology]:
    names = [await cluster.clone(), await cluster.clone()]
    specs = (
        ShardSpec("lower", cluster.dsn(names[0]), 0, 511),
        ShardSpec("upper", cluster.dsn(names[1]), 512, 1023),
    )
    yield Topology(specs, cluster.valkey_url, f"file://{settings.data_dir}/media")
    for name in names:
        await cluster.drop(name)


@pytest.fixture
async def product(
    settings: Settings,
    topology: Topology,
    valkey,  # noqa: ARG001 -- an empty one
) -> AsyncIterator[Product]:
    async with open_product(settings, topology) as opened:
        opened.registration._passwords = Passwords(time_cost=1, memory_kib=64)
        yield opened
