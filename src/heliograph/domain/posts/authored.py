"""What an account has posted: the newest of it as one cached fragment, with what timelines ask of each post.

It holds what few may see as well: whoever shows some of it asks the rules of each post, as always.
"""

import asyncio
from collections.abc import Collection

import msgspec

from heliograph.base import ids
from heliograph.domain.accounts.profiles import ACCOUNT_COUNTS
from heliograph.domain.posts.post import Visibility
from heliograph.stores.cache import Cache, read_through
from heliograph.stores.queries import load
from heliograph.stores.shards import Row, Shards

sql = load("posts")
accounts_sql = load("accounts")

# The number grows with the layout, so that what an older version has cached is not read as if it were new.
AUTHORED = "authored1"
KEPT = 200

# Of a post's flags, the lowest two bits are its visibility.
_VISIBILITY = 3
MEDIA, REBLOG, ANSWER = 4, 8, 16


class Authored(msgspec.Struct, frozen=True, array_like=True):
    """The newest posts of an account, all that there are above `floor`, newest first, and a byte of flags for each.

    `named`: whom those of them name that are for followers or fewer.
    """

    posts: list[int]
    flags: bytes
    floor: int
    named: dict[int, list[int]]

    def fitting(
        self, viewer: int | None, visibilities: Collection[Visibility], *, media: bool, answers: bool, reblogs: bool
    ) -> list[int]:
        """Those that `viewer` may see, being of `visibilities` or naming them: with photos only, or no answers, reblogs."""
        left_out = (0 if answers else ANSWER) | (0 if reblogs else REBLOG)
        seen = frozenset(map(int, visibilities))
        return [
            ident
            for ident, flags in zip(self.posts, self.flags, strict=True)
            if not flags & left_out
            and (flags & MEDIA or not media)
            and (flags & _VISIBILITY in seen or viewer in self.named.get(ident, ()))
        ]


NOTHING = Authored([], b"", 0, {})


def changed(account: int) -> list[tuple[str, int]]:
    """What is cached (kind, id) of how much `account` has posted, and what."""
    return [(ACCOUNT_COUNTS, account), (AUTHORED, account)]


_decode = msgspec.msgpack.Decoder(Authored).decode


def unpack(_account: int, body: bytes) -> Authored:
    """What the cached `body` says."""
    return _decode(body)


class AuthoredReader:
    """Reads what accounts have posted."""

    def __init__(self, shards: Shards, cache: Cache) -> None:
        self._shards = shards
        self._cache = cache

    async def of(self, account: int) -> Authored:
        """The newest posts of `account`; none for one that does not exist."""
        found = await read_through(self._cache, AUTHORED, [account], self._load)
        authored: Authored = found.get(account, NOTHING)
        return authored

    async def _load(self, accounts: list[int]) -> list[tuple[int, dict[int, bytes]]]:
        return await asyncio.gather(*(self._load_one(account) for account in accounts))

    async def _load_one(self, account: int) -> tuple[int, dict[int, bytes]]:
        slot = ids.slot_of(account)
        shard = self._shards.at(slot)
        position, rows = await shard.versioned(sql.authored, slot=slot, account_id=account, limit=KEPT)
        if not rows and await shard.value(accounts_sql.exists, slot=slot, id=account) is None:
            # Guessed ids are without end: nothing is kept of them.
            return position, {}
        return position, {account: msgspec.msgpack.encode(_authored(rows))}


def _authored(rows: list[Row]) -> Authored:
    return Authored(
        posts=[row["id"] for row in rows],
        flags=bytes(map(_flags, rows)),
        floor=rows[-1]["id"] - 1 if len(rows) >= KEPT else 0,
        named={row["id"]: [each["id"] for each in row["named"]] for row in rows if row["named"]},
    )


def _flags(row: Row) -> int:
    flags: int = row["visibility"]
    return flags | (MEDIA if row["media"] else 0) | (REBLOG if row["reblog"] else 0) | (ANSWER if row["answer"] else 0)
