"""Web processes and a worker on two shards, with every edge of feeds near, and people who use them."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta

import httpx
import msgspec
import pytest
from society_workers import make_mortal

from heliograph.base.settings import Settings
from heliograph.base.topology import Topology
from heliograph.domain.feeds import pulled
from heliograph.domain.product import Product
from heliograph.web.app import create_app
from heliograph.wiring import open_product

Processes = tuple[list[httpx.AsyncClient], Product]


@pytest.fixture
async def processes(
    settings: Settings, two_shards: Topology, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Processes]:
    """Two web processes, and the product of a worker: each with caches of its own."""
    # Authors begin to be pulled at once, and every process knows at once: nothing happens meanwhile.
    monkeypatch.setattr(pulled, "REFRESH_S", -1.0)
    monkeypatch.setattr(pulled, "GRACE", timedelta(0))
    make_mortal(monkeypatch)
    small = msgspec.structs.replace(settings, feed_length=5, push_limit=2)
    async with AsyncExitStack() as stack:
        products = [await stack.enter_async_context(open_product(small, two_shards)) for _ in range(3)]
        await products[2].stores.valkey.one(lambda _: ("FLUSHALL",))
        webs = [
            await stack.enter_async_context(
                httpx.AsyncClient(transport=httpx.ASGITransport(create_app(product)), base_url=settings.url)
            )
            for product in products[:2]
        ]
        yield webs, products[2]
