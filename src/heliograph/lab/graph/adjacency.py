"""The graph as adjacency lists in Valkey: for each account one key with its followers and one with its follows."""

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice

from heliograph.lab.graph.made import Graph
from heliograph.lab.graph.store import ASKED_OF, DELIVERY, LISTED, SUGGESTED
from heliograph.stores.pipe import Command
from heliograph.stores.valkey import Valkey

# Members a command, commands a wave, waves under way: small enough that each is answered in time.
MEMBERS, COMMANDS, WAVES = 500, 20, 4
EMPTIED_S = 120.0


class SortedSets:
    """Sorted sets, by the number of the follow: a rev has 63 bits and a score 53, so it would have to be cut."""

    name = "Valkey, sorted sets"

    def __init__(self, valkey: Valkey) -> None:
        self._valkey = valkey
        self._before = 0

    async def load(self, graph: Graph) -> None:
        """Both ends, many members a command."""
        await self._empty()
        self._before = await self._used()
        commands = self._commands(graph)
        while waves := [wave for wave in (list(islice(commands, COMMANDS)) for _ in range(WAVES)) if wave]:
            await asyncio.gather(*(self._valkey.wave(lambda _, wave=wave: wave) for wave in waves))  # type: ignore[misc]

    def _commands(self, graph: Graph) -> Iterator[Command]:
        for person in range(graph.people):
            ident = graph.ident(person)
            yield from self._adds(
                _followers(ident), [(number, graph.ident(who)) for who, number in graph.followers(person)]
            )
            yield from self._adds(
                _following(ident), [(number, graph.ident(whom)) for whom, number in graph.following(person)]
            )

    def _adds(self, key: str, members: list[tuple[int, int]]) -> Iterator[Command]:
        for at in range(0, len(members), MEMBERS):
            yield ("ZADD", key, *(word for member in members[at : at + MEMBERS] for word in member))

    async def _empty(self) -> None:
        """Remove everything, in the background: a graph of millions takes longer than a reply may."""
        await self._valkey.one(lambda _: ("FLUSHALL", "ASYNC"))
        async with asyncio.timeout(EMPTIED_S):
            while await self._info("lazyfree_pending_objects"):  # noqa: ASYNC110 -- another process is waited for
                await asyncio.sleep(0.1)

    async def _used(self) -> int:
        return await self._info("used_memory")

    async def _info(self, field: str) -> int:
        return int((await self._valkey.info())[field])

    async def size(self) -> str:
        """What the server says that it uses."""
        return f"{(await self._used() - self._before) / 1e6:,.0f} MB of memory"

    async def followers(self, account: int, cursor: int) -> tuple[list[int], int]:
        """By score; the cursor is one."""
        key = _followers(account)
        reply: list[tuple[bytes, float]] = await self._valkey.one(
            lambda _: ("ZRANGE", key, cursor, "+inf", "BYSCORE", "LIMIT", 0, DELIVERY, "WITHSCORES")
        )
        found = [int(member) for member, _ in reply]
        return found, int(reply[-1][1]) + 1 if len(found) == DELIVERY else 0

    async def newest(self, account: int) -> list[int] | None:
        """From the end."""
        reply: list[bytes] = await self._valkey.one(lambda _: ("ZRANGE", _followers(account), 0, LISTED - 1, "REV"))
        return [int(member) for member in reply]

    async def mutuals(self, account: int) -> list[int]:
        """An intersection on the server; in a cluster both keys share a slot."""
        reply: list[bytes] = await self._valkey.one(lambda _: ("ZINTER", 2, _following(account), _followers(account)))
        return [int(member) for member in reply]

    async def among(self, account: int, others: Sequence[int]) -> list[int]:
        """All in one command."""
        scores: list[float | None] = await self._valkey.one(lambda _: ("ZMSCORE", _following(account), *others))
        return [other for other, score in zip(others, scores, strict=True) if score is not None]

    async def suggestions(self, account: int) -> list[tuple[int, int]]:
        """Two waves; counted here, since the keys are on different servers of a cluster."""
        known = await self._all(account)
        theirs = await self._valkey.wave(lambda _: [self._read(ident) for ident in known[:ASKED_OF]])
        counted = Counter(member for members in theirs for member in members)
        mine = {account, *known}
        ranked = sorted((-count, int(member)) for member, count in counted.items() if int(member) not in mine)
        return [(member, -count) for count, member in ranked[:SUGGESTED]]

    async def _all(self, account: int) -> list[int]:
        reply: list[bytes] = await self._valkey.one(lambda _: self._read(account))
        return sorted(int(member) for member in reply)

    def _read(self, account: int) -> Command:
        return ("ZRANGE", _following(account), 0, -1)


class Sets(SortedSets):
    """Plain sets: smaller, and without any order."""

    name = "Valkey, sets"

    def _adds(self, key: str, members: list[tuple[int, int]]) -> Iterator[Command]:
        for at in range(0, len(members), MEMBERS):
            yield ("SADD", key, *(member for _, member in members[at : at + MEMBERS]))

    async def followers(self, account: int, cursor: int) -> tuple[list[int], int]:
        """By the cursor of the hash table; some may come twice."""
        key = _followers(account)
        reply: list[bytes]
        after, reply = await self._valkey.one(lambda _: ("SSCAN", key, cursor, "COUNT", DELIVERY))
        return [int(member) for member in reply], int(after)

    async def newest(self, account: int) -> list[int] | None:
        """A set does not know."""
        del account
        return None

    async def mutuals(self, account: int) -> list[int]:
        """An intersection on the server."""
        reply: list[bytes] = await self._valkey.one(lambda _: ("SINTER", _following(account), _followers(account)))
        return [int(member) for member in reply]

    async def among(self, account: int, others: Sequence[int]) -> list[int]:
        """All in one command."""
        flags: list[int] = await self._valkey.one(lambda _: ("SMISMEMBER", _following(account), *others))
        return [other for other, flag in zip(others, flags, strict=True) if flag]

    def _read(self, account: int) -> Command:
        return ("SMEMBERS", _following(account))


def _followers(account: int) -> str:
    return f"followers:{account}"


def _following(account: int) -> str:
    return f"following:{account}"
