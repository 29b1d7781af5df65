"""Web processes and a worker on two shards, with every edge of feeds near, and people who use them."""

import logging
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from datetime import timedelta

import httpx
import msgspec
import pytest
import structlog
from society_workers import make_mortal

from heliograph.base import metrics
from heliograph.base.settings import Settings
from heliograph.domain.feeds import crossing, pulled
from heliograph.domain.product import Product
from heliograph.web.app import create_app
from heliograph.wiring import open_product

Processes = tuple[list[httpx.AsyncClient], Product]
# For feeds of so many ids.
Make = Callable[[int], AbstractAsyncContextManager[Processes]]


def failures() -> float:
    """How often a store was found to be away."""
    found = [sample for family in metrics.store_errors.collect() for sample in family.samples]
    return sum(sample.value for sample in found if sample.name.endswith("_total"))


@pytest.fixture
def make_processes(make_two_shards, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Make]:
    """Makes two web processes and the product of a worker, each with caches of its own, over empty stores."""
    # Authors begin to be pulled at once, and every process knows at once: nothing happens meanwhile.
    monkeypatch.setattr(pulled, "REFRESH_S", -1.0)
    monkeypatch.setattr(crossing, "GRACE", timedelta(0))
    make_mortal(monkeypatch)
    # A line for each request is too much.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))

    @asynccontextmanager
    async def make(feed_length: int) -> AsyncIterator[Processes]:
        small = msgspec.structs.replace(settings, feed_length=feed_length, push_limit=2)
        before = failures()
        async with make_two_shards() as topology, AsyncExitStack() as stack:
            products = [await stack.enter_async_context(open_product(small, topology)) for _ in range(3)]
            await products[2].stores.valkey.one(lambda _: ("FLUSHALL",))
            webs = [
                await stack.enter_async_context(
                    httpx.AsyncClient(transport=httpx.ASGITransport(create_app(product)), base_url=settings.url)
                )
                for product in products[:2]
            ]
            yield webs, products[2]
            assert failures() == before, "a store was away"

    yield make
    structlog.reset_defaults()
