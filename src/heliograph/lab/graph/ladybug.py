"""The graph in a graph database: Ladybug, which goes on from Kuzu (Feng et al., "Kuzu Graph Database Management System", CIDR 2023).

Embedded: no connection lies between it and who asks, which is in its favour here and would be against it with several processes,
since one process may write at a time. A store of columns with an index over the edges in both directions (CSR).
"""

from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil

from heliograph.lab.graph.made import Graph
from heliograph.lab.graph.store import ASKED_OF, DELIVERY, LISTED, SUGGESTED

PACKAGE = "ladybug"
POOL_BYTES = 4 * 2**30

SCHEMA = (
    "CREATE NODE TABLE Person(id INT64 PRIMARY KEY)",
    "CREATE REL TABLE Follows(FROM Person TO Person, rev INT64)",
)
FOLLOWERS = f"""MATCH (f:Person)-[:Follows]->(:Person {{id: $account}}) WHERE f.id > $cursor
    RETURN f.id ORDER BY f.id LIMIT {DELIVERY}"""
NEWEST = f"""MATCH (f:Person)-[e:Follows]->(:Person {{id: $account}}) RETURN f.id ORDER BY e.rev DESC LIMIT {LISTED}"""
MUTUALS = "MATCH (a:Person {id: $account})-[:Follows]->(b:Person)-[:Follows]->(a) RETURN b.id"
AMONG = "MATCH (:Person {id: $account})-[:Follows]->(b:Person) WHERE b.id IN $others RETURN b.id"
SUGGESTIONS = f"""MATCH (a:Person {{id: $account}})-[:Follows]->(b:Person) WITH a, b ORDER BY b.id LIMIT {ASKED_OF}
    MATCH (b)-[:Follows]->(c:Person) WHERE c.id <> $account AND NOT EXISTS {{ MATCH (a)-[:Follows]->(c) }}
    RETURN c.id, count(*) AS followers ORDER BY followers DESC, c.id LIMIT {SUGGESTED}"""


class Ladybug:
    """One database, one connection."""

    def __init__(self, folder: Path) -> None:
        """`folder`: an empty one. Raises ImportError where the package is not installed."""
        ladybug: Any = import_module(PACKAGE)
        self.name = f"Ladybug {version(PACKAGE)}"
        self._folder = folder
        self._before = psutil.Process().memory_info().rss
        self._database = ladybug.Database(str(folder / "graph"), buffer_pool_size=POOL_BYTES)
        self._connection = ladybug.Connection(self._database)

    def close(self) -> None:
        """Close the database."""
        self._connection.close()
        self._database.close()

    async def load(self, graph: Graph) -> None:
        """COPY from two files; writing these is part of it, as making the rows is for the others."""
        people, follows = self._folder / "people.csv", self._folder / "follows.csv"
        with people.open("w") as file:
            file.writelines(f"{graph.ident(person)}\n" for person in range(graph.people))
        with follows.open("w") as file:
            for person in range(graph.people):
                head = f"{graph.ident(person)},"
                file.writelines(
                    f"{head}{graph.ident(whom)},{graph.rev(whom, number)}\n" for whom, number in graph.following(person)
                )
        for statement in (*SCHEMA, f"COPY Person FROM '{people}'", f"COPY Follows FROM '{follows}'", "CHECKPOINT"):
            self._connection.execute(statement)
        people.unlink()
        follows.unlink()

    async def size(self) -> str:
        """Its file, and by how much this process has grown."""
        disk = sum(file.stat().st_size for file in self._folder.rglob("*") if file.is_file())
        grown = psutil.Process().memory_info().rss - self._before
        return f"{disk / 1e6:,.0f} MB on disk, {grown / 1e6:,.0f} MB of memory"

    async def followers(self, account: int, cursor: int) -> tuple[list[int], int]:
        """By id."""
        found = self._column(FOLLOWERS, account=account, cursor=cursor)
        return found, found[-1] if len(found) == DELIVERY else 0

    async def newest(self, account: int) -> list[int] | None:
        """All are looked at: an edge has no index but that of its ends."""
        return self._column(NEWEST, account=account)

    async def mutuals(self, account: int) -> list[int]:
        """A triangle of two."""
        return self._column(MUTUALS, account=account)

    async def among(self, account: int, others: Sequence[int]) -> list[int]:
        """All at once."""
        return self._column(AMONG, account=account, others=list(others))

    async def suggestions(self, account: int) -> list[tuple[int, int]]:
        """Two steps and a count, in one query."""
        return [(row[0], row[1]) for row in self._rows(SUGGESTIONS, account=account)]

    def _column(self, query: str, **parameters: Any) -> list[int]:
        return [row[0] for row in self._rows(query, **parameters)]

    def _rows(self, query: str, **parameters: Any) -> list[list[int]]:
        rows: list[list[int]] = self._connection.execute(query, parameters).get_all()
        return rows
