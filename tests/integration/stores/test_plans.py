"""How PostgreSQL goes about what it is asked, once there is enough for it to go wrong. As the product asks: planned without values."""

import re
from collections import Counter
from collections.abc import AsyncIterator
from importlib import resources
from typing import Any

import asyncpg
import msgspec
import pytest

from heliograph.base.ids import MAX_ID
from heliograph.stores.queries import Query, load
from heliograph.stores.shards import PLANS

posts = load("posts")
outbox = load("outbox")

# `<<` and `|` bind alike, from the left: without parentheses these were no ids.
CROWD = """
INSERT INTO accounts (slot, id, username, state)
SELECT g % 1008, ((100000000::bigint + g) << 22) | (g % 1008 << 12), 'user' || g, 'active' FROM generate_series(0, 4999) AS g;
INSERT INTO posts (slot, id, account_id, text, visibility)
SELECT author.slot, ((150000000::bigint + g) << 22) | (author.slot::bigint << 12), author.id, 'x', 0
FROM generate_series(1, 20000) AS g
JOIN accounts AS author ON author.id = ((100000000::bigint + g % 5000) << 22) | (g % 5000 % 1008 << 12);
ANALYZE;
"""

# A hundred thousand posts have waited for an hour; of two other kinds ten messages have just come.
BACKLOG = """
INSERT INTO outbox (slot, id, kind, payload, request_id, run_at)
SELECT g % 1008, ((150000000::bigint + g) << 22) | ((g % 1008)::bigint << 12), 'post.published', '{}', '', now() - interval '1 hour'
FROM generate_series(1, 100000) AS g;
INSERT INTO outbox (slot, id, kind, payload, request_id, run_at)
SELECT g % 1008, ((160000000::bigint + g * 2 + late.number) << 22) | ((g % 1008)::bigint << 12), late.kind, '{}', '', now()
FROM generate_series(1, 10) AS g, (VALUES (0, 'account.changed'), (1, 'zebra.seen')) AS late (number, kind);
ANALYZE outbox;
"""
FEW_BLOCKS = 600
# What every account has some of. Over these nobody may walk but who asks about all of them, seldom.
LARGE = {"accounts", "posts", "followers", "follows", "outbox"}
OF_ALL = {
    "leaving.under_way",
    "leaving.drop_dead_messages",
    "outbox.revive",
    "outbox.state",
    "outbox.oldest",
    "outbox.dead",
    "usage.accounts",
    "usage.has_admin",
}
FOLLOWS = """
INSERT INTO followers (slot, account_id, follower_id, rev)
SELECT one.slot, one.id, other.id, row_number() OVER () FROM accounts AS one, (SELECT id FROM accounts ORDER BY id LIMIT 20) AS other;
INSERT INTO follows (slot, account_id, target_id, rev)
SELECT one.slot, one.id, other.id, row_number() OVER () FROM accounts AS one, (SELECT id FROM accounts ORDER BY id LIMIT 20) AS other;
ANALYZE;
"""


@pytest.fixture
async def connection(database: str) -> AsyncIterator[asyncpg.Connection]:
    """Plans as those of the product do."""
    opened = await asyncpg.connect(database, server_settings=PLANS)
    yield opened
    await opened.close()


async def plan_of(
    connection: asyncpg.Connection, query: Query, values: dict[str, Any] | None, options: str
) -> list[str]:
    """The lines of a plan that was made without `values`; None: nor is it carried out."""
    given = [None] * len(query.parameters) if values is None else query.arguments(values)
    await connection.execute(f"PREPARE asked AS {query.text.rstrip().rstrip(';')}")
    arguments = f"({', '.join(map(literal, given))})" if given else ""
    plan = await connection.fetch(f"EXPLAIN ({options}) EXECUTE asked{arguments}")
    await connection.execute("DEALLOCATE asked")
    return [line for (line,) in plan]


def literal(value: object) -> str:
    if value is None:
        return "NULL"
    return f"'{{{','.join(map(str, value))}}}'" if isinstance(value, list) else f"'{value}'"


async def test_whatever_is_asked_is_found_by_an_index(connection: asyncpg.Connection) -> None:
    for rows in (CROWD, FOLLOWS, BACKLOG):
        await connection.execute(rows)
    files = (resources.files("heliograph.stores") / "sql").iterdir()
    # Those of measurements are not the product's; a schema can only be made once.
    features = sorted({file.name.removesuffix(".sql") for file in files} - {"lab", "pushpull", "schema"})
    walks = set()
    for query in (query for feature in features for query in load(feature)):
        plan = await plan_of(connection, query, None, "COSTS OFF")
        if LARGE & set(re.findall(r"Seq Scan on (\w+)", "\n".join(plan))):
            walks.add(query.name)
    assert walks == OF_ALL


@pytest.mark.parametrize("query", [posts.public_newest, posts.public_oldest], ids=["newest", "oldest"])
async def test_a_page_of_the_public_timeline_is_not_made_of_all_public_posts(connection, query) -> None:
    await connection.execute(CROWD)
    bounds = {"below": MAX_ID, "above": 0, "limit": 20, "media_only": False, "passed": []}
    assert not [line for line in await plan_of(connection, query, bounds, "ANALYZE") if "Sort" in line]
    rows = await connection.fetch(query.text, *query.arguments(bounds))
    assert len(rows) == 20


@pytest.mark.parametrize(
    ("kinds", "inside", "leased"),
    [
        (["zebra.seen", "zoo.opened"], True, {"zebra.seen": 10}),
        (["post.published"], False, {"zebra.seen": 10, "account.changed": 10}),
        (["zoo.opened"], True, {}),
        (["post.published"], True, {"post.published": 64}),
    ],
)
async def test_a_lease_does_not_walk_over_a_backlog_of_others(connection, kinds, inside, leased) -> None:
    await connection.execute(BACKLOG)
    values = {"kinds": kinds, "inside": inside, "limit": 64, "lease_s": 10.0}
    look = connection.transaction()
    await look.start()
    (plan,) = await plan_of(connection, outbox.lease, values, "ANALYZE, BUFFERS, FORMAT JSON")
    await look.rollback()
    (explained,) = msgspec.json.decode(plan)
    blocks = explained["Plan"]["Shared Hit Blocks"] + explained["Plan"]["Shared Read Blocks"]
    assert blocks < FEW_BLOCKS + 20 * sum(leased.values())
    rows = await connection.fetch(outbox.lease.text, *outbox.lease.arguments(values))
    assert Counter(row["kind"] for row in rows) == leased
