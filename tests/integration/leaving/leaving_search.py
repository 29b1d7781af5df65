"""Looks for what is left of an account, wherever anything is kept. It asks the stores what there is: a table, a kind of
key or a folder that is new tomorrow is searched tomorrow.
"""

from collections.abc import Iterable

import asyncpg

from heliograph.base.topology import Topology
from heliograph.domain.product import Product

# Where the numbers of what is gone may stand, and why.
THREAD = "the shape of a thread, for those who wrote below: a bare number, without an author or a word"
MAY_STAY = {
    ("threads", "root_id"): THREAD,
    ("threads", "post_id"): THREAD,
    ("threads", "parent_id"): THREAD,
    ("posts", "root_id"): THREAD,
    ("posts", "in_reply_to_id"): THREAD,
    ("posts", "in_reply_to_account_id"): "an answer stays one, and in no home that it would not have been in before",
    ("conversations", "root_id"): THREAD,
}
# What holds nothing of an account: the shard itself, and names without an owner.
IMPERSONAL = {"migrations", "slot_owner", "apps", "tags"}
SEARCHED = ("bigint", "jsonb", "text", "ARRAY")

Place = tuple[str, str]


async def tables(topology: Topology) -> set[str]:
    """All tables."""
    connection = await asyncpg.connect(topology.shards[0].dsn)
    try:
        rows = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    finally:
        await connection.close()
    return {row["tablename"] for row in rows}


async def in_tables(topology: Topology, idents: Iterable[int]) -> dict[Place, int]:
    """How many rows hold one of `idents`, by table and column, on all servers; where there is none, nothing."""
    found: dict[Place, int] = {}
    for spec in topology.shards:
        connection = await asyncpg.connect(spec.dsn)
        try:
            for table, column in await _columns(connection):
                count = await _count(connection, table, column, list(idents))
                if count:
                    found[table, column] = found.get((table, column), 0) + count
        finally:
            await connection.close()
    return found


async def _columns(connection: asyncpg.Connection) -> list[Place]:
    rows = await connection.fetch(
        "SELECT table_name, column_name FROM information_schema.columns"
        " WHERE table_schema = 'public' AND data_type = ANY($1)",
        list(SEARCHED),
    )
    return [(row["table_name"], row["column_name"]) for row in rows]


async def _count(connection: asyncpg.Connection, table: str, column: str, idents: list[int]) -> int:
    # As text, whatever the type: a number within an array or a document is between two characters that are no digits.
    pattern = rf"(^|\D)({'|'.join(map(str, idents))})(\D|$)"
    return await connection.fetchval(f'SELECT count(*) FROM "{table}" WHERE "{column}"::text ~ $1', pattern)


async def in_valkey(product: Product, idents: Iterable[int]) -> list[str]:
    """The keys that name one of `idents`, and are more than a tombstone, which is a version and ends within a minute."""
    named = [str(ident) for ident in idents]
    found = []
    for key in await product.stores.valkey.one(lambda _: ("KEYS", "*")):
        if not any(ident in key.decode() for ident in named):
            continue
        kind = await product.stores.valkey.one(lambda _, key=key: ("TYPE", key))
        size = await product.stores.valkey.one(lambda _, key=key: ("STRLEN", key)) if kind == b"string" else 0
        left_s = await product.stores.valkey.one(lambda _, key=key: ("TTL", key))
        if not (size == 16 and 0 <= left_s <= 60):
            found.append(f"{key.decode()} ({kind.decode()}, {size} bytes, {left_s} s)")
    return found


async def in_lists(product: Product, idents: Iterable[int]) -> dict[str, list[int]]:
    """The ids of `idents` that stand in lists, by key."""
    wanted = set(idents)
    found = {}
    for key in await product.stores.valkey.one(lambda _: ("KEYS", "*")):
        if await product.stores.valkey.one(lambda _, key=key: ("TYPE", key)) != b"list":
            continue
        items = await product.stores.valkey.one(lambda _, key=key: ("LRANGE", key, 0, -1))
        if held := [int(item) for item in items if int(item) in wanted]:
            found[key.decode()] = held
    return found
