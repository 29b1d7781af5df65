"""The PostgreSQL servers, and which of them has which slot.

Nothing above this room knows how many shards there are: a caller names an id or a slot and gets the shard
that owns it, or asks all of them. Driver errors are translated here.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Self

import asyncpg
import msgspec

from heliograph.base import ids, logs, metrics
from heliograph.base.errors import (
    ConfigError,
    InvalidInputError,
    StoreConflictError,
    StoreFullError,
    StoreUnavailableError,
)
from heliograph.base.topology import ShardSpec, Topology
from heliograph.stores.gate import Gate
from heliograph.stores.queries import Query

log = logs.get("shards")

Row = Mapping[str, Any]

CONNECT_TIMEOUT_S = 2.0
# A statement of a request is given up after this long, so that the answer comes while somebody still waits for it.
COMMAND_TIMEOUT_S = 3.0
# Sweeping and folding may take their time.
CHORE_TIMEOUT_S = 120.0
# How long a caller waits for a free connection before the site says that it is too busy.
ACQUIRE_TIMEOUT_S = 2.0
# One connection in so many is not for reading: while everybody reads, what people write still gets through.
LEFT_TO_TRANSACTIONS = 5
# Migrations may take their time, and whoever waits for them with it.
ALONE_TIMEOUT_S = 3600.0

_AWAY = (
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.TooManyConnectionsError,
    asyncpg.QueryCanceledError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.InternalClientError,
    asyncpg.InterfaceError,
    ConnectionError,
    TimeoutError,
    OSError,
)

# How far the log is on disk: a position that a crash of the server cannot take back. On a replica: how far it has replayed.
_PG_POSITION = """SELECT CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() - '0/0'
    ELSE pg_current_wal_flush_lsn() - '0/0' END::bigint"""
# Asked after a commit: one more than the log's position on disk. Whoever asked for a position before the commit could be
# seen was given a smaller one. The message behind it moves the log on soon, so that later readers are given a larger one.
_PG_MARK = """SELECT (pg_current_wal_flush_lsn() - '0/0')::bigint + 1,
    set_config('synchronous_commit', 'off', true), pg_logical_emit_message(true, 'heliograph', '')"""


# A statement is planned once a connection. Left to itself the server plans whatever takes an array, which is most of ours, at each
# call, for 0.2 to 0.6 ms: it believes arrays to hold ten. All that a plan could learn from values our indexes say already; whoever
# writes a condition for a partial index writes it out, not as a parameter.
PLANS = {"plan_cache_mode": "force_generic_plan"}


@asynccontextmanager
async def _translated(shard: str) -> AsyncIterator[None]:
    try:
        yield
    except asyncpg.UniqueViolationError as error:
        raise StoreConflictError from error
    except (asyncpg.CharacterNotInRepertoireError, asyncpg.UntranslatableCharacterError) as error:
        raise InvalidInputError("A text holds a null character, which cannot be stored") from error
    except asyncpg.DiskFullError as error:
        log.warning("postgres.full", shard=shard)
        raise StoreFullError("postgres", retry_after_s=60) from error
    except (asyncpg.InvalidAuthorizationSpecificationError, asyncpg.InvalidCatalogNameError) as error:
        raise ConfigError(f"database_url: the server of shard {shard} does not let us in: {error}") from error
    except _AWAY as error:
        metrics.store_errors.labels("postgres").inc()
        log.warning("postgres.unavailable", shard=shard, error=repr(error))
        raise StoreUnavailableError("postgres") from error


def _affected(status: str) -> int:
    """The number of rows in a command's status; `DELETE 3`."""
    affected = status.rpartition(" ")[2]
    return int(affected) if affected.isdigit() else 0


class Session:
    """One connection to a shard, as the domain sees it: four ways to run a named query.

    `rows` gives all rows, `row` the first or None, `value` the first column of the first row or None, `run`
    the number of rows affected. Parameters are given by name.
    """

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def rows(self, query: Query, **parameters: Any) -> list[Row]:
        """All rows of `query`."""
        return await self._connection.fetch(query.text, *query.arguments(parameters))  # type: ignore[no-any-return]

    async def row(self, query: Query, **parameters: Any) -> Row | None:
        """The first row of `query`, or None."""
        return await self._connection.fetchrow(query.text, *query.arguments(parameters))  # type: ignore[no-any-return]

    async def value(self, query: Query, **parameters: Any) -> Any:
        """The first column of the first row of `query`, or None."""
        return await self._connection.fetchval(query.text, *query.arguments(parameters))

    async def run(self, query: Query, **parameters: Any) -> int:
        """Run `query`; the number of rows it affected."""
        return _affected(await self._connection.execute(query.text, *query.arguments(parameters)))

    async def chore(self, query: Query, **parameters: Any) -> int:
        """As `run`, for work that nobody waits for and that may take long."""
        arguments = query.arguments(parameters)
        return _affected(await self._connection.execute(query.text, *arguments, timeout=CHORE_TIMEOUT_S))

    async def script(self, text: str) -> None:
        """Run the statements of `text` in one transaction. For migrations."""
        async with self._connection.transaction():
            await self._connection.execute(text, timeout=ALONE_TIMEOUT_S)

    async def run_many(self, query: Query, many: list[dict[str, Any]]) -> None:
        """Run `query` once for each set of parameters, in one round trip or few."""
        await self._connection.executemany(query.text, [query.arguments(each) for each in many])


class Transaction(Session):
    """A transaction. `position` is set once it has committed: a log position that covers its writes.

    Whatever was read at or above that position has seen the writes (see stores/cache.py).
    """

    position: int = 0


class Shard:
    """One database, with a pool of `size` connections, of which reading leaves some to transactions."""

    def __init__(self, spec: ShardSpec, pool: asyncpg.Pool, size: int) -> None:
        self.name = spec.name
        self.slots = range(spec.first_slot, spec.last_slot + 1)
        self._pool = pool
        self._reads = Gate("postgres", "read", size - size // LEFT_TO_TRANSACTIONS)
        self._writes = Gate("postgres", "write", size)

    @asynccontextmanager
    async def _connection(self, gate: Gate) -> AsyncIterator[Any]:
        async with (
            gate.passed(ACQUIRE_TIMEOUT_S),
            _translated(self.name),
            self._pool.acquire(timeout=ACQUIRE_TIMEOUT_S) as connection,
        ):
            yield connection

    @asynccontextmanager
    async def session(self) -> AsyncIterator[Session]:
        """A connection for several statements outside a transaction."""
        async with self._connection(self._reads) as connection:
            yield Session(connection)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """A transaction that commits at the end of the block and rolls back on an error."""
        async with self._connection(self._writes) as connection:
            transaction = Transaction(connection)
            async with connection.transaction():
                yield transaction
            transaction.position = await connection.fetchval(_PG_MARK)

    async def rows(self, query: Query, **parameters: Any) -> list[Row]:
        """All rows of `query`."""
        async with self.session() as session:
            return await session.rows(query, **parameters)

    async def row(self, query: Query, **parameters: Any) -> Row | None:
        """The first row of `query`, or None."""
        async with self.session() as session:
            return await session.row(query, **parameters)

    async def value(self, query: Query, **parameters: Any) -> Any:
        """The first column of the first row of `query`, or None."""
        async with self.session() as session:
            return await session.value(query, **parameters)

    async def run(self, query: Query, **parameters: Any) -> int:
        """Run `query` on its own; the number of rows it affected."""
        async with self.session() as session:
            return await session.run(query, **parameters)

    async def chore(self, query: Query, **parameters: Any) -> int:
        """As `run`, for work that nobody waits for and that may take long."""
        async with self.session() as session:
            return await session.chore(query, **parameters)

    async def copy(self, table: str, columns: Sequence[str], rows: AsyncIterable[bytes]) -> None:
        """Load rows in bulk, each a line with tabs between `columns`. For measurements; the product never does."""
        async with _translated(self.name), self._pool.acquire(timeout=ACQUIRE_TIMEOUT_S) as connection:
            await connection.copy_to_table(table, source=rows, columns=columns, timeout=ALONE_TIMEOUT_S)

    async def versioned(self, query: Query, **parameters: Any) -> tuple[int, list[Row]]:
        """All rows of `query` and a log position that the shard had reached before they were read.

        The position is the version of whatever is made of the rows: it never promises more than was seen.
        """
        async with self._connection(self._reads) as connection:
            position: int = await connection.fetchval(_PG_POSITION)
            return position, await Session(connection).rows(query, **parameters)

    async def mark(self) -> int:
        """A log position above everything that has been committed so far."""
        async with self._connection(self._writes) as connection:
            position: int = await connection.fetchval(_PG_MARK)
            return position

    @asynccontextmanager
    async def alone(self, lock: int) -> AsyncIterator[Session]:
        """A connection that holds the advisory lock `lock`: whoever else wants it waits. For migrations."""
        async with _translated(self.name), self._pool.acquire(timeout=ACQUIRE_TIMEOUT_S) as connection:
            await connection.fetchval("SELECT pg_advisory_lock($1)", lock, timeout=ALONE_TIMEOUT_S)
            try:
                yield Session(connection)
            finally:
                await connection.fetchval("SELECT pg_advisory_unlock($1)", lock)


class Shards:
    """All shards and the slot map."""

    def __init__(self, shards: list[Shard]) -> None:
        self.all = shards
        self._by_slot = {slot: shard for shard in shards for slot in shard.slots}
        missing = set(range(ids.SLOTS)) - self._by_slot.keys()
        if missing:
            raise ValueError(f"no shard has slot {min(missing)}")

    @classmethod
    @asynccontextmanager
    async def open(cls, topology: Topology, pool_size: int) -> AsyncIterator[Self]:
        """Connect to the shards of `topology`, `pool_size` connections each at most; closes them at the end."""
        async with AsyncExitStack() as stack:
            yield cls([await stack.enter_async_context(_opened(spec, pool_size)) for spec in topology.shards])

    def at(self, slot: int) -> Shard:
        """The shard that has `slot`."""
        return self._by_slot[slot]

    def of(self, ident: int) -> Shard:
        """The shard that has the owner of `ident`."""
        return self._by_slot[ids.slot_of(ident)]

    def group(self, idents: Iterable[int]) -> dict[Shard, list[int]]:
        """`idents` by the shard that has them."""
        grouped: defaultdict[Shard, list[int]] = defaultdict(list)
        for ident in idents:
            grouped[self.of(ident)].append(ident)
        return grouped

    async def gather(self, query: Query, idents: Iterable[int], **parameters: Any) -> list[Row]:
        """All rows of a query over many ids, one statement a shard; it takes `:slots` and `:ids`."""
        parts = await asyncio.gather(
            *(
                shard.rows(query, slots=slots_of(some), ids=some, **parameters)
                for shard, some in self.group(idents).items()
            )
        )
        return [row for part in parts for row in part]

    async def scatter(self, query: Query, **parameters: Any) -> list[Row]:
        """All rows of a query that is asked of every shard."""
        parts = await asyncio.gather(*(shard.rows(query, **parameters) for shard in self.all))
        return [row for part in parts for row in part]


def slots_of(idents: Iterable[int]) -> list[int]:
    """The distinct slots of `idents`, for `slot = ANY(:slots)`."""
    return list({ids.slot_of(ident) for ident in idents})


class _Connection(asyncpg.Connection):
    """A connection that goes back to the pool as it is, which saves a round trip each time.

    Nothing here changes the state of a session: advisory locks and settings end with their block or transaction.
    """

    def get_reset_query(self) -> str:
        """What to send before others use the connection: nothing."""
        return ""


async def _prepare(connection: Any) -> None:
    await connection.set_type_codec(
        "jsonb",
        schema="pg_catalog",
        encoder=lambda value: b"\x01" + msgspec.json.encode(value),
        decoder=lambda data: msgspec.json.decode(data[1:]),
        format="binary",
    )


@asynccontextmanager
async def _opened(spec: ShardSpec, pool_size: int) -> AsyncIterator[Shard]:
    # While a server is away the pool would write a traceback a second; `postgres.unavailable` says it in a line.
    logging.getLogger("asyncpg.pool").setLevel(logging.ERROR)
    async with _translated(spec.name):
        pool = await asyncpg.create_pool(
            spec.dsn,
            min_size=1,
            max_size=pool_size,
            connection_class=_Connection,
            init=_prepare,
            timeout=CONNECT_TIMEOUT_S,
            command_timeout=COMMAND_TIMEOUT_S,
            statement_cache_size=500,
            server_settings={"application_name": "heliograph", **PLANS},
        )
    try:
        yield Shard(spec, pool, pool_size)
    finally:
        try:
            await asyncio.wait_for(pool.close(), timeout=5)
        except TimeoutError:
            pool.terminate()
