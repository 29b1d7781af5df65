"""What a store has to do to be compared: take the graph, and answer what the product asks of it."""

from collections.abc import Sequence
from typing import Protocol

from heliograph.lab.graph.made import Graph

# A page of a delivery, of a list of followers in the API, and of suggestions.
DELIVERY, LISTED, SUGGESTED = 10_000, 40, 40
# Suggestions come from this many of those whom one follows.
ASKED_OF = 200


class Store(Protocol):
    """A store of follows. All ids are those of the product."""

    name: str

    async def load(self, graph: Graph) -> None:
        """Take all of `graph`."""

    async def size(self) -> str:
        """The room that it takes, in words."""

    async def followers(self, account: int, cursor: int) -> tuple[list[int], int]:
        """DELIVERY followers from `cursor` on (0: the first), each once, and the next cursor; 0 when there are no more."""

    async def newest(self, account: int) -> list[int] | None:
        """The LISTED newest followers, newest first; None where the store knows no order."""

    async def mutuals(self, account: int) -> list[int]:
        """Who follows whom they are followed by."""

    async def among(self, account: int, others: Sequence[int]) -> list[int]:
        """Whom of `others` an account follows."""

    async def suggestions(self, account: int) -> list[tuple[int, int]]:
        """Up to SUGGESTED whom the followed follow and the account does not, by how many do: (id, how many)."""
