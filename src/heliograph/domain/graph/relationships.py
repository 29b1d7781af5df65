"""What one account and others are to each other, for showing it: everything, read anew, from the account's own shard."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from heliograph.base import ids
from heliograph.stores.queries import load
from heliograph.stores.shards import Row, Shards

sql = load("relations")


class Relationship(msgspec.Struct, kw_only=True):
    """What an account and the account `id` are to each other; the words are Mastodon's. `muting_until`: None for ever."""

    id: int
    following: bool = False
    requested: bool = False
    showing_reblogs: bool = False
    notifying: bool = False
    followed_by: bool = False
    requested_by: bool = False
    blocking: bool = False
    blocked_by: bool = False
    muting: bool = False
    muting_notifications: bool = False
    muting_until: datetime | None = None
    note: str = ""


class Relationships:
    """Reads relationships."""

    def __init__(self, shards: Shards) -> None:
        self._shards = shards

    async def among(self, account: int, others: Sequence[int]) -> list[Relationship]:
        """What `account` and each of `others` are to each other, in the same order; one statement for all of them."""
        slot = ids.slot_of(account)
        found = {other: Relationship(id=other) for other in others}
        for row in await self._shards.at(slot).rows(sql.among, slot=slot, account_id=account, ids=list(found)):
            _take(found[row["id"]], row)
        return [found[other] for other in others]


def _take(known: Relationship, row: Row) -> None:
    """Add to `known` what `row` of `sql.among` says."""
    match row["kind"]:
        case 1:
            known.requested = row["waits"]
            known.following = not row["waits"]
            known.showing_reblogs = row["flag"]
            known.notifying = row["bell"]
        case 2:
            known.requested_by = row["waits"]
            known.followed_by = not row["waits"]
        case 3:
            known.blocking = True
        case 4:
            known.blocked_by = True
        case 5:
            known.muting = True
            known.muting_notifications = row["flag"]
            known.muting_until = row["until"]
        case _:
            known.note = row["note"]
