"""Leases: across processes, who may load what the cache does not have.

Whoever misses a key first is given a lease on it, a key of the server beside the value. Others who miss it find the lease and
wait for the value. A fill names its lease, and is refused when that is gone: every invalidation takes it away, so a filler that
stood still for a minute, whose tombstone has run out or was evicted, cannot bring back what was before. (Nishtala et al.,
"Scaling Memcache at Facebook", NSDI 2013, section 3.2.1.)

Who has changed something that the cache has may *claim* the lease, whoever holds it, to put the new value in the place of the
old: then nobody misses it. One who changes it at the same time claims it in turn. Of the two only the later may fill, who has read
what both have changed; the earlier, refused, leaves a tombstone, and the lease to whoever has it now.

A lease is 16 hex digits of its *round*, which ends with a fill or an invalidation, and 16 of its *holder*. Who has waited too long
for a holder, dead perhaps, becomes the next holder of the same round: the first, if it was only slow, may still fill.
"""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from enum import IntEnum

import msgspec

from heliograph.base import metrics
from heliograph.base.errors import StoreUnavailableError
from heliograph.stores.pipe import Command
from heliograph.stores.valkey import Keys, Valkey, function

VERSION_BYTES = 16
TOMBSTONE_S = 60
FRAGMENT_S = 24 * 3600
# Longer than any load takes: waiting for a connection, and two statements.
LEASE_MS = 12_000
_ROUND_BYTES = 16

# What is cached of something: the kind, and the id.
Object = tuple[str, int]


class Word(IntEnum):
    """What the server says to one who misses a key."""

    HERE = 0  # the value, which has come meanwhile
    LOAD = 1  # the lease is yours
    WAIT = 2  # the lease of somebody else


class Said(msgspec.Struct, frozen=True):
    """A word and what comes with it: the body, or the lease."""

    word: Word
    data: bytes


class Asking(msgspec.Struct, frozen=True):
    """`least`: the version below which a value is not believed. `tired_of`: the lease that was waited for too long, or empty."""

    least: int = 0
    tired_of: bytes = b""


class Part(msgspec.Struct, frozen=True):
    """What was loaded of one shard at `version`: bodies by id."""

    version: int
    bodies: dict[int, bytes]


def lease_key(cached: str) -> str:
    """The key of the lease on what is cached under `cached`."""
    return f"l{cached[1:]}"


class Leases:
    """Asks for leases, fills by them, gives them back."""

    def __init__(self, valkey: Valkey) -> None:
        self._valkey = valkey

    async def ask(self, kind: str, wanted: Mapping[int, Asking]) -> dict[int, Said]:
        """What the server says of each of `wanted`. Raises StoreUnavailableError."""
        holder = secrets.token_hex(_ROUND_BYTES // 2)

        def commands(keys: Keys) -> list[Command]:
            return [
                ("FCALL", function("lease"), 2, key, lease_key(key), holder, LEASE_MS, f"{of.least:016x}", of.tired_of)
                for key, of in zip(keys.cached(kind, wanted), wanted.values(), strict=True)
            ]

        replies = await self._valkey.wave(commands)
        return {ident: _parsed(*reply) for ident, reply in zip(wanted, replies, strict=True)}

    async def claim(self, version: int, objects: Sequence[Object]) -> dict[Object, bytes]:
        """The leases on those of `objects` that the cache has; of the others it believes nothing that was read before `version`.

        Raises StoreUnavailableError.
        """
        holder = secrets.token_hex(_ROUND_BYTES // 2)

        def command(keys: Keys, kind: str, ident: int) -> Command:
            (key,) = keys.cached(kind, [ident])
            return (
                "FCALL",
                function("claim"),
                2,
                key,
                lease_key(key),
                holder,
                LEASE_MS,
                f"{version:016x}",
                TOMBSTONE_S,
            )

        replies = await self._valkey.wave(lambda keys: [command(keys, *each) for each in objects])
        return {each: lease for each, lease in zip(objects, replies, strict=True) if lease}

    async def fill(
        self, kind: str, parts: Iterable[Part], leases: Mapping[int, bytes], *, claimed: bool = False
    ) -> set[int]:
        """Offer what was loaded under `leases`; which ids the cache took. Leases on what was not loaded are given back."""
        offered = [
            (ident, part.version, body) for part in parts for ident, body in part.bodies.items() if ident in leases
        ]
        left = {ident: leases[ident] for ident in leases.keys() - {ident for ident, _, _ in offered}}

        def fill(keys: Keys, ident: int, version: int, body: bytes) -> Command:
            (key,) = keys.cached(kind, [ident])
            turn = leases[ident][:_ROUND_BYTES]
            return (
                "FCALL",
                function("fill"),
                2,
                key,
                lease_key(key),
                f"{version:016x}",
                body,
                FRAGMENT_S,
                turn,
                int(claimed),
            )

        def commands(keys: Keys) -> list[Command]:
            return [*(fill(keys, *each) for each in offered), *_returns(keys, kind, left)]

        try:
            # The server's own word of it may come after its reply.
            replies = await self._valkey.wave(
                commands, lambda _: self._valkey.near.drop((kind, ident) for ident, _, _ in offered)
            )
        except StoreUnavailableError:
            return set()
        taken = {ident for (ident, _, _), stored in zip(offered, replies, strict=False) if stored}
        metrics.cache_filled(kind, stored=len(taken), refused=len(offered) - len(taken))
        return taken

    async def give_back(self, kind: str, leases: Mapping[int, bytes]) -> None:
        """Let others load: we could not. A server that is away has forgotten them anyway, or will."""
        try:
            await self._valkey.wave(lambda keys: _returns(keys, kind, leases))
        except StoreUnavailableError:
            return


def _returns(keys: Keys, kind: str, leases: Mapping[int, bytes]) -> list[Command]:
    return [
        ("FCALL", function("give_back"), 1, lease_key(key), lease)
        for key, lease in zip(keys.cached(kind, leases), leases.values(), strict=True)
    ]


def _parsed(word: int, data: bytes) -> Said:
    return Said(Word(word), data[VERSION_BYTES:] if word == Word.HERE else data)
