"""How often a product goes to its stores: waves to Valkey, one after the other, and connections taken to PostgreSQL."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from heliograph.domain.product import Product


class Trips:
    """Counts. What is sent before anything that was sent with it has come back is the same wave."""

    def __init__(self) -> None:
        self.waves = 0
        self.queries = 0
        self._answered = True

    async def count(self, exchange: Any) -> Any:
        """Wait for something sent to Valkey, and count it."""
        if self._answered:
            self.waves += 1
            self._answered = False
        number = self.waves
        try:
            return await exchange
        finally:
            self._answered = self._answered or number == self.waves


class _Pool:
    """A pool of connections that counts."""

    def __init__(self, pool: Any, trips: Trips) -> None:
        self._pool, self._trips = pool, trips

    def acquire(self, **options: Any) -> Any:
        self._trips.queries += 1
        return self._pool.acquire(**options)


@contextmanager
def watched(product: Product) -> Iterator[Trips]:
    """Count what `product` does, until the end of the block."""
    trips, valkey, shards = Trips(), product.stores.valkey, product.stores.shards.all
    pools, wave, heard = [shard._pool for shard in shards], valkey.wave, valkey.heard
    valkey.wave = lambda *given: trips.count(wave(*given))  # type: ignore[method-assign]
    valkey.heard = lambda: trips.count(heard())  # type: ignore[method-assign]
    for shard, pool in zip(shards, pools, strict=True):
        shard._pool = _Pool(pool, trips)
    try:
        yield trips
    finally:
        del valkey.wave, valkey.heard
        for shard, pool in zip(shards, pools, strict=True):
            shard._pool = pool
