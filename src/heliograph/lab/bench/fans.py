"""Followers by the hundred thousand that are nothing but ids: who is followed, and feeds, know them; nobody else does."""

from collections.abc import Iterable

import msgspec

from heliograph.lab.bench import crowd
from heliograph.stores.idlists import HOME, IdLists
from heliograph.stores.shards import Shards
from heliograph.stores.valkey import Valkey

FEED_IDS = 800
TTL_S = 3600
FEEDS_A_WAVE = 64
EDGES_AT_ONCE = 50_000
_FIRST = 1 << 39
_OLD = 1 << 35
_SLOTS = 1008


class Fans(msgspec.Struct, frozen=True):
    """`count` of them; no two `series` share any."""

    series: int
    count: int

    @property
    def first(self) -> int:
        """Where the milliseconds of their ids begin: later than anybody's here."""
        return _FIRST + (self.series << 24)

    def ids(self) -> list[int]:
        """Their ids, in order; as `sql.fans` makes them."""
        return [(self.first + number) << 22 | (number * 7919 % _SLOTS) << 12 for number in range(self.count)]

    async def follow(self, shards: Shards, authors: list[int], each: int) -> None:
        """Let `each` of them follow each of `authors`: all of them, or some that are spread over them all."""
        stride = 1 if each == self.count else 997
        numbers = {"first": self.first, "count": self.count, "stride": stride}
        for begin in range(0, each, EDGES_AT_ONCE):
            end = min(each, begin + EDGES_AT_ONCE)
            await shards.scatter(crowd.sql.fans, authors=authors, begin=begin, end=end, **numbers)

    async def fill(self, valkey: Valkey, held: int) -> None:
        """A feed of `held` old ids for each: smaller than any that is minted now, and with as many digits."""
        fans = self.ids()
        lists = IdLists(valkey, FEED_IDS)
        old = [_OLD + number << 22 for number in range(held, 0, -1)]
        await lists.begin(HOME, fans[0], TTL_S)
        await lists.finish(HOME, fans[0], old, 0, TTL_S)
        one = await valkey.one(lambda keys: ("DUMP", keys.id_list(HOME, fans[0])))
        for at in range(1, len(fans), FEEDS_A_WAVE):
            await _copy(valkey, one, fans[at : at + FEEDS_A_WAVE])


async def _copy(valkey: Valkey, feed: bytes, fans: Iterable[int]) -> None:
    await valkey.wave(lambda keys: [("RESTORE", keys.id_list(HOME, fan), TTL_S * 1000, feed) for fan in fans])


async def memory_bytes(valkey: Valkey, fan: int) -> int:
    """What the feed of `fan` takes in Valkey."""
    size: int = await valkey.one(lambda keys: ("MEMORY", "USAGE", keys.id_list(HOME, fan), "SAMPLES", 0))
    return size
