"""Migrations: SQL files in order, each in a transaction of its own, on every shard, under an advisory lock.

`NNNN_pre_name.sql` runs before the new code is started, `NNNN_post_name.sql` after the last of the old code is gone,
so that a rolling upgrade works. On a site that is stopped they simply run one after the other.
"""

from collections.abc import Mapping
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Literal

from heliograph.base import logs
from heliograph.stores.queries import load
from heliograph.stores.shards import Session, Shard, Shards

log = logs.get("schema")
sql = load("schema")

Phase = Literal["pre", "post", "all"]
# Any number, the same in all versions: whoever migrates holds it.
LOCK = 7_411_903


@cache
def scripts(phase: Phase = "all") -> Mapping[str, str]:
    """Name -> text of every migration of `phase`, in order; read once a process."""
    folder = resources.files("heliograph.stores") / "migrations"
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".sql"))
    wanted = [name for name in names if phase == "all" or f"_{phase}_" in name]
    return MappingProxyType({name.removesuffix(".sql"): (folder / name).read_text() for name in wanted})


async def pending(shards: Shards, phase: Phase = "all") -> dict[str, list[str]]:
    """Shard name -> migrations that it has not had; shards that have had all are absent."""
    missing = {shard.name: await _missing(shard, phase) for shard in shards.all}
    return {name: some for name, some in missing.items() if some}


async def migrate(shards: Shards, phase: Phase = "all") -> dict[str, list[str]]:
    """Apply what is pending. Two that migrate at once wait for each other. Returns what was applied, by shard."""
    return {shard.name: await _migrate_one(shard, phase) for shard in shards.all}


async def _missing(session: Session | Shard, phase: Phase) -> list[str]:
    if await session.value(sql.table) is None:
        return list(scripts(phase))
    had = {row["name"] for row in await session.rows(sql.had)}
    return [name for name in scripts(phase) if name not in had]


async def _migrate_one(shard: Shard, phase: Phase) -> list[str]:
    texts = scripts(phase)
    async with shard.alone(LOCK) as session:
        await session.run(sql.prepare)
        missing = await _missing(session, phase)
        for name in missing:
            await session.script(f"{texts[name]};\nINSERT INTO migrations (name) VALUES ('{name}')")
            log.info("schema.migrated", shard=shard.name, migration=name)
        await session.run(sql.own_slots, first=shard.slots.start, last=shard.slots.stop - 1)
    return missing
