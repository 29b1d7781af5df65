"""The graph as the product keeps it: two indexed tables in PostgreSQL, one for each end."""

import asyncio
from collections.abc import AsyncIterator, Sequence

from heliograph.base import ids
from heliograph.lab.bench import crowd
from heliograph.lab.celebrity.edges import COLUMNS
from heliograph.lab.graph.made import Graph
from heliograph.lab.graph.store import ASKED_OF, DELIVERY, LISTED, SUGGESTED
from heliograph.stores.queries import load
from heliograph.stores.shards import Shards

sql = load("follows")

BATCH = 20_000


class Tables:
    """PostgreSQL, by the queries of the product where it has them."""

    name = "PostgreSQL, two tables"

    def __init__(self, shards: Shards) -> None:
        self._shards = shards

    async def load(self, graph: Graph) -> None:
        """COPY into both tables at once, in the order of their keys but for the slot."""
        shard = self._shards.all[0]
        await asyncio.gather(
            shard.copy("followers", COLUMNS["followers"], _near(graph)),
            shard.copy("follows", COLUMNS["follows"], _far(graph)),
        )
        for query in (crowd.sql.vacuum_followers, crowd.sql.vacuum_follows):
            await crowd.make(self._shards, query)

    async def size(self) -> str:
        """Tables with their indexes."""
        (row,) = await self._shards.scatter(crowd.sql.edge_bytes)
        return f"{row['bytes'] / 1e6:,.0f} MB on disk"

    async def followers(self, account: int, cursor: int) -> tuple[list[int], int]:
        """By id, as deliveries read them."""
        slot = ids.slot_of(account)
        found: list[int] = await self._shards.at(slot).value(
            sql.followers_page, slot=slot, account_id=account, cursor=cursor, limit=DELIVERY
        )
        return found, found[-1] if len(found) == DELIVERY else 0

    async def newest(self, account: int) -> list[int] | None:
        """As the API lists them."""
        slot = ids.slot_of(account)
        rows = await self._shards.at(slot).rows(
            sql.followers_newest, slot=slot, account_id=account, viewer=account, below=ids.MAX_ID, above=0, limit=LISTED
        )
        return [row["id"] for row in rows]

    async def mutuals(self, account: int) -> list[int]:
        """One query of one slot: each account has both ends of its own edges."""
        slot = ids.slot_of(account)
        rows = await self._shards.at(slot).rows(crowd.sql.mutuals, slot=slot, account_id=account)
        return [row["target_id"] for row in rows]

    async def among(self, account: int, others: Sequence[int]) -> list[int]:
        """As the product asks."""
        slot = ids.slot_of(account)
        rows = await self._shards.at(slot).rows(sql.followed_among, slot=slot, account_id=account, ids=list(others))
        return [row["target_id"] for row in rows]

    async def suggestions(self, account: int) -> list[tuple[int, int]]:
        """Two statements: whom I follow, and whom these follow. With several shards the second would be one a shard."""
        slot = ids.slot_of(account)
        rows = await self._shards.at(slot).rows(crowd.sql.followed, slot=slot, account_id=account)
        known = [row["target_id"] for row in rows]
        found = await self._shards.scatter(
            crowd.sql.suggested, ids=known[:ASKED_OF], known=[account, *known], limit=SUGGESTED
        )
        return [(row["target_id"], row["followers"]) for row in found]


async def _near(graph: Graph) -> AsyncIterator[bytes]:
    lines: list[str] = []
    for person in range(graph.people):
        head = f"{person % ids.SHARED_SLOTS}\t{graph.ident(person)}\t"
        lines += [f"{head}{graph.ident(who)}\t{graph.rev(person, number)}\n" for who, number in graph.followers(person)]
        if len(lines) > BATCH:
            yield "".join(lines).encode()
            lines = []
    yield "".join(lines).encode()


async def _far(graph: Graph) -> AsyncIterator[bytes]:
    lines: list[str] = []
    for person in range(graph.people):
        head = f"{person % ids.SHARED_SLOTS}\t{graph.ident(person)}\t"
        lines += [f"{head}{graph.ident(whom)}\t{graph.rev(whom, number)}\n" for whom, number in graph.following(person)]
        if len(lines) > BATCH:
            yield "".join(lines).encode()
            lines = []
    yield "".join(lines).encode()
