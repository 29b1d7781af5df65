"""The product on two shards, with every edge of it near."""

from collections.abc import AsyncIterator
from datetime import timedelta

import circle
import msgspec
import pytest

from heliograph.base.settings import Settings
from heliograph.base.topology import Topology
from heliograph.domain.feeds import crossing, pulled
from heliograph.domain.product import Product
from heliograph.stores.shards import Shards


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Authors begin to be pulled at once, and every process knows at once: nothing happens meanwhile."""
    monkeypatch.setattr(pulled, "REFRESH_S", -1.0)
    monkeypatch.setattr(crossing, "GRACE", timedelta(0))


@pytest.fixture
async def narrow(
    settings: Settings,
    two_shards: Topology,
    hasty: None,  # noqa: ARG001 -- it only has to be on
) -> AsyncIterator[Product]:
    """Feeds of five ids, authors pushed to two followers at most: every edge is near."""
    async with Shards.open(two_shards, 2) as shards:
        assert [shard.name for shard in shards.all] == ["lower", "upper"]
    small = msgspec.structs.replace(settings, feed_length=5, push_limit=2)
    async with circle.opened(small, two_shards) as product:
        await product.stores.valkey.one(lambda _: ("FLUSHALL",))
        yield product
