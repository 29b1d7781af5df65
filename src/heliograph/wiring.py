"""The single place where implementations are chosen, opened and closed.

Shutdown goes in the reverse order of opening, which is the point of writing it once:
1. open streams are ended, which would go on for ever; no process hears of what happens any more;
2. the web server stops taking requests and answers those that it has (uvicorn), the worker finishes its messages;
3. the object store has no connections to lose, it goes with the process;
4. Valkey closes before PostgreSQL: nothing is true only in Valkey, while a last transaction may still want to commit;
5. PostgreSQL closes last, when nobody is left who could write.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from heliograph.base.settings import Settings
from heliograph.base.topology import Topology, topology_of
from heliograph.domain.media import scratch
from heliograph.domain.product import Product, Stores
from heliograph.stores.objects import Objects
from heliograph.stores.shards import Shards
from heliograph.stores.valkey import Valkey
from heliograph.web.entities.renderers import renderers
from heliograph.workers import chores
from heliograph.workers.handlers import handlers, lanes, together
from heliograph.workers.hints import Hints
from heliograph.workers.loop import Worker


@asynccontextmanager
async def open_stores(topology: Topology, pool_size: int) -> AsyncIterator[Stores]:
    """The stores of `topology`, closed in reverse order at the end."""
    async with Shards.open(topology, pool_size) as shards, Valkey.open(topology.valkey_url) as valkey:
        yield Stores(shards, valkey, await Objects.open(topology.media_store_url))


@asynccontextmanager
async def open_product(settings: Settings, topology: Topology | None = None) -> AsyncIterator[Product]:
    """The whole product over its stores."""
    async with open_stores(topology or topology_of(settings), settings.database_pool) as stores:
        product = Product(stores, settings, renderers(settings), _scratch_root(settings))
        async with product.identities.hearing(), product.rate_limits.summing():
            yield product


def _scratch_root(settings: Settings) -> Path:
    """The folder for files that live no longer than a call; what dead processes left there goes."""
    root = settings.data_dir / "scratch"
    scratch.sweep(root)
    return root


def workers(product: Product) -> list[Worker]:
    """One worker a lane."""
    stores, settings = product.stores, product.settings
    return [
        Worker(stores.shards, product.outbox, handlers(product), lane, together(product, lane))
        for lane in lanes(settings.worker_concurrency, settings.decode_at_once)
    ]


async def work(product: Product, stop: asyncio.Event) -> None:
    """Be a worker process until `stop` is set."""
    crew = workers(product)
    async with Hints(product.stores.valkey, crew).hearing():
        await asyncio.gather(*(worker.run(stop) for worker in crew), chores.run(product, stop))


async def drain(product: Product) -> int:
    """Work off everything that is due, in all lanes, until nothing is left; how many messages."""
    handled = 0
    while done := sum([await worker.drain() for worker in workers(product)]):
        handled += done
    return handled
