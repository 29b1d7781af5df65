"""Lists of post ids in Valkey: a reader's home feed, the recent posts of an author, those with a hashtag.

A list is complete above its floor and says nothing below it (`IdList.floor`; 0: it holds all there is). A list that
does not exist belongs to somebody who is away; it is built when they come back. Everything here can be lost
and rebuilt from PostgreSQL. The rules of order, duplicates and cutting are in `functions/heliograph.lua`.
"""

import time
from collections.abc import Iterable, Sequence
from typing import Any, cast

import msgspec

from heliograph.stores.pipe import KEEP, Command
from heliograph.stores.pushing import Push, Pushing
from heliograph.stores.valkey import Keys, Valkey, function

HOME = "home"
RECENT = "recent"
# By the number of a hashtag, where the others go by an account.
TAGGED = "tagged"
# Everybody's public posts, by the number of a list (domain/feeds/everybody.py).
PUBLIC = "public"

# (kind, account or number of a hashtag)
Key = tuple[str, int]

# Ids of a list that a process keeps: more than the largest page.
HEAD = 44
# What one takes in memory.
ID_BYTES = 40
# Of lists that many read the time to live need not be renewed at each read.
RENEW_S = 600.0
RENEWED_KEPT = 50_000
# Lists that one wave writes anew: each takes the server as long as some fifty ids.
MERGES_A_WAVE = 4
_BUILDING = -1
_COMPLETE = 0


class IdList(msgspec.Struct, frozen=True):
    """What was read of a list: ids newest first; complete above `floor`; `built` is False while that is unknown."""

    ids: list[int]
    floor: int
    built: bool


ABSENT = IdList([], 0, built=False)


class IdLists:
    """The id lists of one site."""

    def __init__(self, valkey: Valkey, cap: int) -> None:
        self._valkey = valkey
        self._pushing = Pushing(valkey, cap)
        self.cap = cap
        # The lists whose time to live this process has renewed of late.
        self._renewed: set[Key] = set()
        self._renew_again = 0.0

    async def read(self, wanted: Sequence[Key], window: int, ttl_s: int) -> list[IdList]:
        """Up to `window` of the newest ids of each of `wanted`; reading renews the time to live."""
        replies = await self._valkey.wave(
            lambda keys: [command for key in wanted for command in _reads(keys.id_list(*key), window, ttl_s)]
        )
        return [_parsed(*replies[at : at + 2]) for at in range(1, len(replies), 3)]

    async def heads(self, wanted: Sequence[Key], ttl_s: int, *, heard: bool = False) -> list[IdList]:
        """The newest ids of each of `wanted`, HEAD at most, from this process if it keeps them (see `near.py`).

        One round trip as `Cache.read` has it; none for who has `heard` of the server since their request began, if all is kept.
        """
        had = [self.kept(*key) for key in wanted]
        if heard and None not in had:
            return cast("list[IdList]", had)
        fetched = await self._fetch([key for key, each in zip(wanted, had, strict=True) if each is None], ttl_s)
        if not heard:
            if not fetched:
                await self._valkey.heard()
            had = [self.kept(*key) for key in wanted]
            gaps = [key for key, each in zip(wanted, had, strict=True) if each is None and key not in fetched]
            fetched |= await self._fetch(gaps, ttl_s)
        return [each or fetched[key] for key, each in zip(wanted, had, strict=True)]

    def kept(self, kind: str, ident: int) -> IdList | None:
        """What this process keeps of a list; for who has heard of the server since they began."""
        if (kind, ident) not in self._renewed:
            return None
        found: IdList | None = self._valkey.near.shelf(kind).get(ident)
        return found

    async def _fetch(self, wanted: Sequence[Key], ttl_s: int) -> dict[Key, IdList]:
        """Read the heads of `wanted`, and keep those that are built."""
        if not wanted:
            return {}
        stale = self._stale(wanted)
        fetched: dict[Key, IdList] = {}

        def commands(keys: Keys) -> list[Command]:
            # Before the reads, since it is a change of the keys, too.
            renewals: list[Command] = [("EXPIRE", keys.id_list(*key), ttl_s) for key in stale]
            reads = [command for key in wanted for command in _kept_reads(keys.id_list(*key))]
            return renewals + reads

        def arrived(replies: list[Any]) -> None:
            for at, key in enumerate(wanted):
                last, _, items = replies[len(stale) + 3 * at : len(stale) + 3 * at + 3]
                if isinstance(items, list):
                    fetched[key] = self._taken(key, _parsed(last, items))

        await self._valkey.wave(commands, arrived)
        self._renewed.update(stale)
        return fetched

    def _taken(self, key: Key, found: IdList) -> IdList:
        if found.built:
            self._valkey.near.shelf(key[0]).put(key[1], found, ID_BYTES * len(found.ids))
        return found

    def _stale(self, wanted: Sequence[Key]) -> list[Key]:
        """Those of `wanted` whose time to live is to be renewed."""
        now = time.monotonic()
        if now > self._renew_again or len(self._renewed) > RENEWED_KEPT:
            self._renewed.clear()
            self._renew_again = now + RENEW_S
        return [key for key in wanted if key not in self._renewed]

    async def push(self, pushes: Iterable[Push]) -> int:
        """Put posts into those of the lists named that exist. Any order, any number of times. How many were reached."""
        return await self._pushing.push(pushes)

    async def push_own(self, post_id: int, author: int) -> None:
        """Put a post into its author's own home and list of recent posts, those of the two that exist."""
        await self._pushing.at_once([(HOME, post_id, [author]), (RECENT, post_id, [author])])

    async def begin(self, kind: str, account_id: int, ttl_s: int) -> None:
        """Make the list exist, as being built, so that what is delivered meanwhile lands in it."""
        await self._valkey.one(lambda keys: ("FCALL", function("begin"), 1, keys.id_list(kind, account_id), ttl_s))

    async def finish(self, kind: str, account_id: int, ids: Sequence[int], floor: int, ttl_s: int) -> None:
        """End the building of a list: `ids`, newest first, are all that exists above `floor`."""
        await self._merge(kind, account_id, ids, floor, ttl_s, builds=True)

    async def add(self, kind: str, account_id: int, ids: Sequence[int], floor: int) -> None:
        """Merge into an existing list what one author has posted: `ids`, newest first, all there is above `floor`."""
        await self._merge(kind, account_id, ids, floor, 0, builds=False)

    async def add_to_all(self, kind: str, account_ids: Sequence[int], ids: Sequence[int], floor: int) -> None:
        """As `add`, to the lists of many."""
        for at in range(0, len(account_ids), MERGES_A_WAVE):
            some = account_ids[at : at + MERGES_A_WAVE]
            await self._valkey.wave(
                lambda keys, some=some: [  # type: ignore[misc]
                    self._merge_command(keys.id_list(kind, each), ids, floor, 0, builds=False) for each in some
                ]
            )

    async def exist(self, kind: str, account_ids: Sequence[int]) -> int:
        """How many of `account_ids` have a list."""
        return sum(await self._valkey.wave(lambda keys: [("EXISTS", keys.id_list(kind, each)) for each in account_ids]))

    async def forget(self, account_id: int) -> None:
        """Remove the lists of an account that is no more."""
        await self._valkey.one(lambda keys: ("DEL", *(keys.id_list(kind, account_id) for kind in (HOME, RECENT))))

    async def drop(self, wanted: Iterable[tuple[str, int]]) -> None:
        """Remove lists (kind, id), to be built anew by whoever wants them next."""
        await self._valkey.wave(lambda keys: [("DEL", keys.id_list(*each)) for each in wanted])

    async def _merge(
        self, kind: str, account_id: int, ids: Sequence[int], floor: int, ttl_s: int, *, builds: bool
    ) -> None:
        await self._valkey.one(
            lambda keys: self._merge_command(keys.id_list(kind, account_id), ids, floor, ttl_s, builds=builds)
        )

    def _merge_command(self, key: str, ids: Sequence[int], floor: int, ttl_s: int, *, builds: bool) -> Command:
        return ("FCALL", function("merge"), 1, key, self.cap, ttl_s, int(builds), floor, *ids)


def _reads(key: str, window: int, ttl_s: int) -> list[Command]:
    # The marker before the ids: others may write between two commands, and a list may become built, not the reverse.
    return [("EXPIRE", key, ttl_s), ("LINDEX", key, -1), ("LRANGE", key, 0, window - 1)]


def _kept_reads(key: str) -> list[Command]:
    return [("LINDEX", key, -1), KEEP, ("LRANGE", key, 0, HEAD - 1)]


def _parsed(last: bytes | None, items: list[bytes]) -> IdList:
    if last is None or not items:
        return ABSENT
    ids = [int(item) for item in items]
    marker = ids.pop() if ids[-1] <= 0 else None
    if _BUILDING in (int(last), marker):
        return IdList(ids, 0, built=False)
    if marker == _COMPLETE:
        return IdList(ids, 0, built=True)
    # Cut, or more than the window holds: complete down to the last id that was read, inclusive.
    return IdList(ids, ids[-1] - 1, built=True)
