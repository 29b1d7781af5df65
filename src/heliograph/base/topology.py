"""What runs where: the shards, the cache, the object store. A laptop is a topology of one of each."""

import msgspec

from heliograph.base.ids import SLOTS


class ShardSpec(msgspec.Struct, frozen=True):
    """One PostgreSQL database and the slots (first and last, inclusive) that it owns."""

    name: str
    dsn: str
    first_slot: int = 0
    last_slot: int = SLOTS - 1


class Topology(msgspec.Struct, frozen=True):
    """The stores of a site. `media_url` is `file:///path` or `s3://bucket/prefix`."""

    shards: tuple[ShardSpec, ...]
    valkey_url: str
    media_store_url: str
