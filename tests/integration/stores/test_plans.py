"""How PostgreSQL goes about what is asked most, once there is enough for it to go wrong."""

import asyncpg
import pytest

from heliograph.base.ids import MAX_ID
from heliograph.stores.queries import load

posts = load("posts")

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
