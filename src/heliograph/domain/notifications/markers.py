"""How far somebody has read their home and their notifications, the same for all their devices.

As in Mastodon a marker goes where it is put, back too; it moves in one statement, so that two devices never conflict.
"""

from datetime import datetime

import msgspec

from heliograph.base import ids
from heliograph.stores.queries import load
from heliograph.stores.shards import Row, Shards

sql = load("markers")

HOME = "home"
NOTIFICATIONS = "notifications"
TIMELINES = (HOME, NOTIFICATIONS)


class Marker(msgspec.Struct, frozen=True):
    """A place in `timeline`: the last id that was read. `version` grows whenever it moves."""

    timeline: str
    last_read_id: int
    version: int
    updated_at: datetime


class Markers:
    """The markers of accounts."""

    def __init__(self, shards: Shards) -> None:
        self._shards = shards

    async def of(self, account_id: int, timelines: list[str]) -> list[Marker]:
        """Those of `timelines` that have been set."""
        slot = ids.slot_of(account_id)
        rows = await self._shards.at(slot).rows(sql.of, slot=slot, account_id=account_id, timelines=timelines)
        return [_marker(row) for row in rows]

    async def set(self, account_id: int, last_read: dict[str, int]) -> list[Marker]:
        """Set markers, `last_read` by timeline; all of them or none."""
        slot = ids.slot_of(account_id)
        async with self._shards.at(slot).transaction() as transaction:
            rows = [
                await transaction.row(sql.set, slot=slot, account_id=account_id, timeline=name, last_read_id=ident)
                for name, ident in sorted(last_read.items())
            ]
        return [_marker(row) for row in rows if row is not None]


def _marker(row: Row) -> Marker:
    return msgspec.convert(dict(row), Marker)
