"""What runs where: the shards, the cache, the object store. A laptop is a topology of one of each."""

import msgspec

from heliograph.base.errors import ConfigError
from heliograph.base.ids import SLOTS
from heliograph.base.settings import Settings


class ShardSpec(msgspec.Struct, frozen=True):
    """One PostgreSQL database and the slots (first and last, inclusive) that it owns."""

    name: str
    dsn: str
    first_slot: int = 0
    last_slot: int = SLOTS - 1


class Topology(msgspec.Struct, frozen=True):
    """The stores of a site. `media_store_url` is `file:///path` or `s3://bucket/prefix`."""

    shards: tuple[ShardSpec, ...]
    valkey_url: str
    media_store_url: str


def topology_of(settings: Settings) -> Topology:
    """The topology that the settings describe: one shard that has all slots. Raises ConfigError without URLs."""
    if not settings.database_url or not settings.valkey_url:
        raise ConfigError("database_url and valkey_url: expected URLs (`heliograph up` runs stores of its own)")
    media = settings.media_store_url or f"file://{(settings.data_dir / 'media').resolve()}"
    return Topology((ShardSpec("main", settings.database_url),), settings.valkey_url, media)
