"""A database that is away, hangs or is full of callers: the caller hears of it soon, as one kind of error."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from urllib.parse import parse_qs, urlsplit

import pytest

from heliograph.base.errors import ConfigError, StoreConflictError, StoreUnavailableError
from heliograph.base.topology import ShardSpec, Topology
from heliograph.stores import shards as shards_module
from heliograph.stores.queries import parse
from heliograph.stores.shards import Shards

SOON_S = 3.0
sql = parse(
    "away",
    """
-- name: one
-- scatter
SELECT 1;

-- name: sleep
-- scatter
SELECT pg_sleep(:seconds);

-- name: owner
INSERT INTO slot_owner (slot) VALUES (:slot);
""",
)


class Proxy:
    """Stands before the database; can cut every line, refuse new ones, or take all and let nothing through."""

    def __init__(self, dsn: str) -> None:
        parts = urlsplit(dsn)
        query = parse_qs(parts.query)
        self._socket = f"{query['host'][0]}/.s.PGSQL.{query.get('port', ['5432'])[0]}"
        self._parts = parts
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.flowing = asyncio.Event()
        self.flowing.set()
        self.dsn = ""

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        port = self._server.sockets[0].getsockname()[1]
        who = f"{self._parts.username}@" if self._parts.username else ""
        self.dsn = f"postgresql://{who}127.0.0.1:{port}{self._parts.path}?sslmode=disable"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._tasks.add(asyncio.current_task())
        inner, outer = await asyncio.open_unix_connection(self._socket)
        self._writers |= {writer, outer}
        with contextlib.suppress(OSError, asyncio.CancelledError):
            await asyncio.gather(self._pump(reader, outer), self._pump(inner, writer))

    async def _pump(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        while data := await source.read(65536):
            await self.flowing.wait()
            target.write(data)
            await target.drain()
        target.close()

    async def away(self) -> None:
        """Cut every line; refuse new ones."""
        if self._server is not None:
            self._server.close()
        for writer in self._writers:
            writer.transport.abort()

    async def stop(self) -> None:
        await self.away()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


@pytest.fixture
async def proxy(database: str) -> AsyncIterator[Proxy]:
    made = Proxy(database)
    await made.start()
    yield made
    await made.stop()


def topology_of(dsn: str) -> Topology:
    return Topology((ShardSpec("main", dsn),), "", "")


@contextlib.asynccontextmanager
async def soon() -> AsyncIterator[None]:
    """StoreUnavailableError, and not late."""
    began = time.monotonic()
    with pytest.raises(StoreUnavailableError) as raised:
        yield
    assert raised.value.store == "postgres"
    assert time.monotonic() - began < SOON_S


async def test_a_database_that_goes_away(proxy: Proxy) -> None:
    async with Shards.open(topology_of(proxy.dsn), 2) as shards:
        assert await shards.at(5).value(sql.one) == 1
        await proxy.away()
        for _ in range(2):
            async with soon():
                await shards.at(5).value(sql.one)
            async with soon():
                await shards.at(5).versioned(sql.one)
            async with soon(), shards.at(5).transaction() as transaction:
                await transaction.value(sql.one)
            async with soon():
                await shards.at(5).mark()
    async with soon(), Shards.open(topology_of(proxy.dsn), 2):
        pass


async def test_a_line_that_is_cut_in_a_transaction(proxy: Proxy) -> None:
    async with Shards.open(topology_of(proxy.dsn), 2) as shards, soon(), shards.at(5).transaction() as transaction:
        await transaction.value(sql.one)
        await proxy.away()
        await transaction.value(sql.one)


async def test_a_database_that_says_nothing(proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes connections and never answers, as a machine does whose disk hangs: the limit of a command holds."""
    monkeypatch.setattr(shards_module, "COMMAND_TIMEOUT_S", 0.5)
    async with Shards.open(topology_of(proxy.dsn), 2) as shards:
        proxy.flowing.clear()
        async with soon():
            await shards.at(5).value(sql.one)
        await proxy.away()


async def test_too_many_callers(database: str) -> None:
    async with Shards.open(topology_of(database), 2) as shards:
        busy = [asyncio.create_task(shards.at(5).rows(sql.sleep, seconds=2.5)) for _ in range(2)]
        await asyncio.sleep(0.2)
        async with soon():
            await shards.at(5).value(sql.one)
        await asyncio.gather(*busy)
        assert await shards.at(5).value(sql.one) == 1


async def test_a_unique_row_that_exists(database: str) -> None:
    async with Shards.open(topology_of(database), 2) as shards:
        with pytest.raises(StoreConflictError):
            await shards.at(5).run(sql.owner, slot=5)
        assert await shards.at(5).value(sql.one) == 1


async def test_ids_grow_and_say_their_slot(shards: Shards) -> None:
    from heliograph.base import clock, ids
    from heliograph.stores.queries import load

    mint = load("accounts").mint
    minted = [await shards.at(slot).value(mint, slot=slot) for slot in (0, 511, 1023) * 20]
    assert [ids.slot_of(ident) for ident in minted] == [0, 511, 1023] * 20
    assert len(set(minted)) == 60
    for slot in range(3):
        assert minted[slot::3] == sorted(minted[slot::3])
    assert abs((ids.time_of(minted[-1]) - clock.now()).total_seconds()) < 5


async def test_a_database_that_is_not_there_is_said_in_one_line(cluster) -> None:
    topology = Topology((ShardSpec("main", cluster.dsn("no_such_database")),), "", "")
    with pytest.raises(ConfigError, match=r"database_url: .* \"no_such_database\" does not exist"):
        async with Shards.open(topology, 1):
            pass
