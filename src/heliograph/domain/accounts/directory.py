"""Names that are unique on the whole site: usernames, e-mail addresses, client ids.

A name is claimed before what it names is written, and settled after. A crash between leaves a claim that names
nothing; `sweep` drops it after an hour. A claim never waits and is never taken over: of two at once one wins.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterable
from enum import StrEnum

from heliograph.base import ids, logs
from heliograph.stores.queries import load
from heliograph.stores.shards import Row, Session, Shard, Shards

log = logs.get("accounts")
sql = load("directory")
accounts = load("accounts")
apps = load("apps")

# Far longer than any sign-up: a claim as old as this has been left by a crash.
CLAIM_S = 3600
SWEEP_BATCH = 500


class Kind(StrEnum):
    """What is named."""

    USERNAME = "username"
    EMAIL = "email"
    APP = "app"


class Directory:
    """The directory rows of all shards. Names are given in the form in which they are compared."""

    def __init__(self, shards: Shards) -> None:
        self._shards = shards

    async def claim(self, kind: Kind, name: str, target: int) -> bool:
        """Reserve `name` for `target`. False when somebody has it."""
        slot = ids.slot_of_name(name)
        values = {"slot": slot, "kind": kind, "name": name, "target": target, "settled": False}
        return await self._shards.at(slot).run(sql.claim, **values) == 1

    async def settle(self, kind: Kind, name: str, target: int) -> bool:
        """Make a claim last. False when it has been lost: swept, and perhaps somebody else's by now."""
        slot = ids.slot_of_name(name)
        return await self._shards.at(slot).run(sql.settle, slot=slot, kind=kind, name=name, target=target) == 1

    async def hold(self, kind: Kind, name: str, target: int) -> bool:
        """Settle the claim, or claim anew if it was swept while its owner slept. False when somebody else has it."""
        if await self.settle(kind, name, target):
            return True
        return await self.claim(kind, name, target) and await self.settle(kind, name, target)

    async def find(self, kind: Kind, name: str) -> int | None:
        """The id that `name` stands for. What it names may not have been written yet."""
        slot = ids.slot_of_name(name)
        found: int | None = await self._shards.at(slot).value(sql.find, slot=slot, kind=kind, name=name)
        return found

    async def find_all(self, kind: Kind, names: Iterable[str]) -> dict[str, int]:
        """As `find`, for many names, in a statement a shard; those that stand for nothing are absent."""
        slots = {name: ids.slot_of_name(name) for name in names}
        by_shard: defaultdict[Shard, list[str]] = defaultdict(list)
        for name, slot in slots.items():
            by_shard[self._shards.at(slot)].append(name)
        asked = (
            shard.rows(sql.find_all, kind=kind, slots=[slots[name] for name in some], names=some)
            for shard, some in by_shard.items()
        )
        return {row["name"]: row["target"] for rows in await asyncio.gather(*asked) for row in rows}

    async def release(self, kind: Kind, name: str, target: int) -> None:
        """Give `name` back, if it is `target` that has it."""
        slot = ids.slot_of_name(name)
        await self._shards.at(slot).run(sql.release, slot=slot, kind=kind, name=name, target=target)

    async def sweep(self, age_s: float = CLAIM_S) -> int:
        """Drop the claims older than `age_s` that name nothing, settle those that do; how many were dropped."""
        rows = await self._shards.scatter(sql.unsettled, age_s=float(age_s), limit=SWEEP_BATCH)
        return sum([await self._decide(row) for row in rows])

    async def _decide(self, row: Row) -> int:
        claim = {name: row[name] for name in ("slot", "kind", "name", "target")}
        shard = self._shards.at(row["slot"])
        if await self._is_written(row["kind"], row["target"]):
            await shard.run(sql.settle, **claim)
            return 0
        dropped = await shard.run(sql.abandon, **claim)
        log.info("directory.swept", kind=row["kind"], target=row["target"])
        return dropped

    async def _is_written(self, kind: str, target: int) -> bool:
        query = apps.exists if kind == Kind.APP else accounts.exists
        return await self._shards.of(target).value(query, slot=ids.slot_of(target), id=target) is not None


async def claim_settled(session: Session, kind: Kind, name: str, target: int) -> bool:
    """Claim and settle within the transaction that writes what is named, where both lie in one slot."""
    slot = ids.slot_of_name(name)
    return await session.run(sql.claim, slot=slot, kind=kind, name=name, target=target, settled=True) == 1
