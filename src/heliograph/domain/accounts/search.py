"""Finding accounts by name: the exactly named first, then who is followed, then by user name, then by display name.

Only active accounts, and of these only who wants to be found (`discoverable`), unless they are named exactly, or followed
by whoever looks: that one knows them already. Never walks through all who match: on a shard with 200,000 accounts any
prefix takes 8 ms, one letter or five (docs/design/search.md).
"""

import asyncio
from collections.abc import Iterable, Iterator
from typing import Protocol

import msgspec

from heliograph.base import ids
from heliograph.base.errors import NotFoundError
from heliograph.domain.accounts import names, words
from heliograph.domain.accounts.profiles import Profiles
from heliograph.stores.counts import Count
from heliograph.stores.queries import load
from heliograph.stores.shards import Row, Shards

sql = load("search")

# What one shard looks at for one word; for each of several, of which all must match, and how many who do.
SCANNED = 1_000
SCANNED_OF_SEVERAL = 20_000
CANDIDATES = 1_000
# No name holds more words than this.
WORDS_AT_MOST = 16
# Above every character: `prefix + LAST` bounds what begins with the prefix.
LAST = "\U0010ffff"


class Ids(Protocol):
    """A set of ids of accounts."""

    def __contains__(self, ident: int, /) -> bool:
        """Whether `ident` is in it."""

    def __iter__(self) -> Iterator[int]:
        """The ids."""


class Seeker(msgspec.Struct, frozen=True):
    """Who looks (0: nobody who is logged in), whom they follow, and who is not to be found: blocked in either direction.

    Of these they find by exact name whom they block themselves (`blocking`): clients look an account up by its name to
    unblock it.
    """

    id: int = 0
    following: Ids = frozenset()
    blocked: Ids = frozenset()
    blocking: Ids = frozenset()


NOBODY = Seeker()


class AccountSearch:
    """Finds accounts on all shards."""

    def __init__(self, shards: Shards, profiles: Profiles) -> None:
        self._shards = shards
        self._profiles = profiles

    async def named(self, name: str, seeker: Seeker = NOBODY, *, following: bool = False) -> list[int]:
        """The account with exactly this user name (any case): one id or none."""
        try:
            account = await self._profiles.by_username(name)
        except NotFoundError:
            return []
        hidden = account.id in seeker.blocked and account.id not in seeker.blocking
        if hidden or (following and account.id not in seeker.following):
            return []
        return [account.id]

    async def find(self, text: str, seeker: Seeker = NOBODY, *, following: bool = False) -> list[int]:
        """The accounts that `text` names or begins to name, best first; of `following` only those whom the seeker follows."""
        wanted = words.asked(text)
        if not wanted or len(wanted) > WORDS_AT_MOST:
            return []
        name = text.strip().removeprefix("@")
        exact, followed, others = await asyncio.gather(
            self.named(name, seeker, following=following),
            self._among(seeker.following, wanted),
            self._all(wanted, seeker.id, following=following),
        )
        found = {row["id"]: row for row in (*others, *followed) if row["id"] not in seeker.blocked}
        ranked = sorted(found.values(), key=lambda row: _rank(row, seeker))
        return list(dict.fromkeys([*exact, *(row["id"] for row in ranked)]))

    async def _all(self, wanted: list[str], seeker_id: int, *, following: bool) -> list[Row]:
        if following:
            return []
        scanned = SCANNED if len(wanted) == 1 else SCANNED_OF_SEVERAL
        limits = {"scanned": scanned, "candidates": CANDIDATES}
        return await self._shards.scatter(sql.accounts, viewer=seeker_id, **limits, **_bounds(wanted))

    async def _among(self, account_ids: Iterable[int], wanted: list[str]) -> list[Row]:
        parts = await asyncio.gather(
            *(
                shard.rows(sql.accounts_among, slots=[ids.slot_of(each) for each in some], ids=some, **_bounds(wanted))
                for shard, some in self._shards.group(account_ids).items()
            )
        )
        return [row for part in parts for row in part]


def _bounds(wanted: list[str]) -> dict[str, object]:
    return {
        "lows": wanted,
        "highs": [word + LAST for word in wanted],
        "first": names.folded(wanted[0]),
        "kind": int(Count.FOLLOWERS),
    }


def _rank(row: Row, seeker: Seeker) -> tuple[bool, bool, int, int]:
    return row["id"] not in seeker.following, not row["is_handle"], -(row["followers"] or 0), row["id"]
