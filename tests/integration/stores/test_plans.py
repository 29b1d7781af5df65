"""How PostgreSQL goes about what is asked most, once there is enough for it to go wrong."""

from collections import Counter

import asyncpg
import msgspec
import pytest

from heliograph.base.ids import MAX_ID
from heliograph.stores.queries import load

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


@pytest.mark.parametrize("query", [posts.public_newest, posts.public_oldest], ids=["newest", "oldest"])
async def test_a_page_of_the_public_timeline_is_not_made_of_all_public_posts(database: str, query) -> None:
    connection = await asyncpg.connect(database)
    try:
        await connection.execute(CROWD)
        bounds = {"below": MAX_ID, "above": 0, "limit": 20, "media_only": False, "passed": []}
        plan = await connection.fetch(f"EXPLAIN (ANALYZE) {query.text}", *query.arguments(bounds))
        assert not [line for (line,) in plan if "Sort" in line]
        rows = await connection.fetch(query.text, *query.arguments(bounds))
        assert len(rows) == 20
    finally:
        await connection.close()


@pytest.mark.parametrize(
    ("kinds", "inside", "leased"),
    [
        (["zebra.seen", "zoo.opened"], True, {"zebra.seen": 10}),
        (["post.published"], False, {"zebra.seen": 10, "account.changed": 10}),
        (["zoo.opened"], True, {}),
        (["post.published"], True, {"post.published": 64}),
    ],
)
async def test_a_lease_does_not_walk_over_a_backlog_of_others(database: str, kinds, inside, leased) -> None:
    connection = await asyncpg.connect(database)
    try:
        await connection.execute(BACKLOG)
        arguments = outbox.lease.arguments({"kinds": kinds, "inside": inside, "limit": 64, "lease_s": 10.0})
        look = connection.transaction()
        await look.start()
        plan = await connection.fetchval(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {outbox.lease.text}", *arguments)
        await look.rollback()
        (explained,) = msgspec.json.decode(plan)
        blocks = explained["Plan"]["Shared Hit Blocks"] + explained["Plan"]["Shared Read Blocks"]
        assert blocks < FEW_BLOCKS + 20 * sum(leased.values())
        rows = await connection.fetch(outbox.lease.text, *arguments)
        assert Counter(row["kind"] for row in rows) == leased
    finally:
        await connection.close()
