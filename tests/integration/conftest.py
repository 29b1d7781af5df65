"""Patience with stores, accounts that cost nothing to make, and two shards: the lower half of the slots on one server, the upper on another."""

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest

from heliograph.base.settings import Settings
from heliograph.base.topology import ShardSpec, Topology
from heliograph.domain.accounts.passwords import Passwords
from heliograph.domain.feeds import rebuild
from heliograph.domain.product import Product
from heliograph.stores import shards, valkey

NUMBERS = itertools.count(1)
People = Callable[[int], Awaitable[list[int]]]
# Stores that are as slow as a busy machine makes them are not away.
PATIENCE_S = 60.0
# What a store does that is away or slow is tested here, and in tests/chaos on whole sites.
OF_STORES = "stores"
MakeTopology = Callable[[], AbstractAsyncContextManager[Topology]]


@pytest.fixture(autouse=True)
def patience(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test fails since others had the machine for a second."""
    if request.path.parent.name != OF_STORES:
        for module, name in (
            (valkey, "REPLY_TIMEOUT_S"), (valkey, "CONNECT_TIMEOUT_S"), (shards, "COMMAND_TIMEOUT_S"),
            (shards, "ACQUIRE_TIMEOUT_S"), (shards, "CONNECT_TIMEOUT_S"), (rebuild, "PATIENCE_S"),
        ):  # fmt: skip
            monkeypatch.setattr(module, name, PATIENCE_S)


@pytest.fixture
def people(product: Product) -> People:
    """Makes as many accounts as one asks for."""
    product.registration._passwords = Passwords(time_cost=1, memory_kib=64)

    async def made(count: int) -> list[int]:
        names = [f"person{next(NUMBERS)}" for _ in range(count)]
        return [(await product.registration.create(name, "correct horse battery")).account_id for name in names]

    return made


@pytest.fixture
def make_two_shards(cluster, settings: Settings) -> MakeTopology:
    """Makes empty databases, as often as one asks for, and drops them behind one."""

    @asynccontextmanager
    async def made() -> AsyncIterator[Topology]:
        names = [await cluster.clone(), await cluster.clone()]
        specs = (
            ShardSpec("lower", cluster.dsn(names[0]), 0, 511),
            ShardSpec("upper", cluster.dsn(names[1]), 512, 1023),
        )
        yield Topology(specs, cluster.valkey_url, f"file://{settings.data_dir}/media")
        for name in names:
            await cluster.drop(name)

    return made


@pytest.fixture
async def two_shards(make_two_shards: MakeTopology) -> AsyncIterator[Topology]:
    async with make_two_shards() as topology:
        yield topology
