"""The bulk load of followers: both ends agree, and the product reads them as it reads any others."""

from heliograph.base import ids
from heliograph.domain.graph.follows import followers_page
from heliograph.lab.bench import crowd
from heliograph.lab.celebrity import edges
from heliograph.stores import counts
from heliograph.stores.counts import Count
from heliograph.stores.queries import parse

# More than one slot's share and more than one block of a slot would need millions: the cut between two loads is what matters.
FIRST, REST = 1500, 3100

SQL = parse(
    "test",
    """
-- name: ends
-- scatter
SELECT (SELECT count(*) FROM followers f JOIN follows t
        ON t.slot = (f.follower_id >> 12) & 1023 AND t.account_id = f.follower_id
        AND t.target_id = f.account_id AND t.rev = f.rev AND f.slot = (f.account_id >> 12) & 1023) AS agreeing,
       (SELECT count(*) FROM followers) AS near, (SELECT count(*) FROM follows) AS far,
       (SELECT count(DISTINCT rev) FROM followers) AS revs;
""",
)


async def test_both_ends_agree_and_the_product_pages_through_them(product):
    shards = product.stores.shards
    (celebrity,) = await crowd.people(shards, 1, "celebrity")
    rows = []
    await edges.follow(shards, celebrity.id, 0, FIRST, rows.append)
    await edges.follow(shards, celebrity.id, FIRST, REST, rows.append)
    total = FIRST + REST
    assert sum(rows) == 2 * total
    (ends,) = await shards.scatter(SQL.ends)
    assert dict(ends) == {"agreeing": total, "near": total, "far": total, "revs": total}
    found, cursor = [], 0
    while page := await followers_page(shards, celebrity.id, cursor, 1000):
        found += page
        cursor = page[-1]
    assert len(set(found)) == total
    assert max(ids.slot_of(follower) for follower in found) < ids.SHARED_SLOTS
    ((_, counted),) = await counts.read(shards, [celebrity.id])
    assert counted[celebrity.id][Count.FOLLOWERS] == total
