"""Lists of post ids in Valkey: a reader's home feed, the recent posts of an author, those with a hashtag.

A list is complete above its floor and says nothing below it (`IdList.floor`; 0: it holds all there is). A list that
does not exist belongs to somebody who is away; it is built when they come back. Everything here can be lost
and rebuilt from PostgreSQL. The rules of order, duplicates and cutting are in `functions/heliograph.lua`.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import partial

import msgspec

from heliograph.stores.cache import parse_version, version_reads
from heliograph.stores.pipe import Command
from heliograph.stores.valkey import Keys, Valkey, bucket_of, function

HOME = "home"
RECENT = "recent"
# By the number of a hashtag, where the others go by an account.
TAGGED = "tagged"

# Ids in one server-side call, and calls in one wave: together they bound how long the server stalls for others.
IDS_A_CALL = 200
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
        self.cap = cap

    async def read(
        self, wanted: Sequence[tuple[str, int]], window: int, ttl_s: int, heads: Sequence[tuple[str, int]] = ()
    ) -> tuple[list[IdList], list[int | None]]:
        """Up to `window` of the newest ids of each of `wanted` (kind, account); reading renews the time to live.

        The same wave reads the versions of the cached fragments `heads` (kind, id).
        """
        replies = await self._valkey.wave(
            lambda keys: [*_reads(keys, wanted, window, ttl_s), *version_reads(keys, heads)]
        )
        end = 3 * len(wanted)
        lists = [_parsed(replies[at], replies[at + 1]) for at in range(0, end, 3)]
        return lists, [parse_version(head) for head in replies[end:]]

    async def push(self, kind: str, post_id: int, account_ids: Iterable[int]) -> int:
        """Put `post_id` into the lists of `account_ids` that exist. Any order, any number of times. How many exist."""
        by_bucket: defaultdict[int, list[int]] = defaultdict(list)
        for account_id in account_ids:
            by_bucket[bucket_of(account_id)].append(account_id)
        chunks = [
            (bucket, some[at : at + IDS_A_CALL])
            for bucket, some in by_bucket.items()
            for at in range(0, len(some), IDS_A_CALL)
        ]
        reached = 0
        for wave in _bounded(chunks):
            reached += sum(await self._valkey.wave(partial(self._pushes, kind, post_id, wave)))
        return reached

    async def push_own(self, post_id: int, author: int) -> None:
        """Put a post into its author's own home and list of recent posts, those of the two that exist."""
        own = [(bucket_of(author), [author])]
        await self._valkey.wave(
            lambda keys: [command for kind in (HOME, RECENT) for command in self._pushes(kind, post_id, own, keys)]
        )

    def _pushes(self, kind: str, post_id: int, chunks: list[tuple[int, list[int]]], keys: Keys) -> list[Command]:
        commands: list[Command] = []
        for bucket, account_ids in chunks:
            prefix = keys.list_prefix(kind, bucket)
            blob = "".join([f"{account_id:019d}" for account_id in account_ids])
            commands.append(("FCALL", function("push"), 1, f"{prefix}{blob[:19]}", prefix, self.cap, post_id, blob))
        return commands

    async def begin(self, kind: str, account_id: int, ttl_s: int) -> None:
        """Make the list exist, as being built, so that what is delivered meanwhile lands in it."""
        await self._valkey.one(lambda keys: ("FCALL", function("begin"), 1, keys.id_list(kind, account_id), ttl_s))

    async def finish(self, kind: str, account_id: int, ids: Sequence[int], floor: int, ttl_s: int) -> None:
        """End the building of a list: `ids`, newest first, are all that exists above `floor`."""
        await self._merge(kind, account_id, ids, floor, ttl_s, builds=True)

    async def add(self, kind: str, account_id: int, ids: Sequence[int], floor: int) -> None:
        """Merge into an existing list what one author has posted: `ids`, newest first, all there is above `floor`."""
        await self._merge(kind, account_id, ids, floor, 0, builds=False)

    async def forget(self, account_id: int) -> None:
        """Remove the lists of an account that is no more."""
        await self._valkey.one(lambda keys: ("DEL", *(keys.id_list(kind, account_id) for kind in (HOME, RECENT))))

    async def _merge(
        self, kind: str, account_id: int, ids: Sequence[int], floor: int, ttl_s: int, *, builds: bool
    ) -> None:
        def command(keys: Keys) -> Command:
            key = keys.id_list(kind, account_id)
            return ("FCALL", function("merge"), 1, key, self.cap, ttl_s, int(builds), floor, *ids)

        await self._valkey.one(command)


def _reads(keys: Keys, wanted: Sequence[tuple[str, int]], window: int, ttl_s: int) -> list[Command]:
    commands: list[Command] = []
    for kind, account_id in wanted:
        key = keys.id_list(kind, account_id)
        # The marker first: others may write between two commands, and a list may become built, not the reverse.
        commands += [("LINDEX", key, -1), ("LRANGE", key, 0, window - 1), ("EXPIRE", key, ttl_s)]
    return commands


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


def _bounded(chunks: list[tuple[int, list[int]]]) -> Iterable[list[tuple[int, list[int]]]]:
    """Chunks in waves of at most IDS_A_CALL ids."""
    wave: list[tuple[int, list[int]]] = []
    size = 0
    for chunk in chunks:
        if wave and size + len(chunk[1]) > IDS_A_CALL:
            yield wave
            wave, size = [], 0
        wave.append(chunk)
        size += len(chunk[1])
    if wave:
        yield wave
