"""Log positions are what cached values are judged by: they must never go back, also when PostgreSQL is killed."""

import asyncio
import contextlib
import os
import signal
from pathlib import Path

import asyncpg
import psutil

from heliograph.base.errors import StoreUnavailableError
from heliograph.base.settings import Settings
from heliograph.base.topology import ShardSpec, Topology
from heliograph.ops import embedded
from heliograph.stores import counts, schema
from heliograph.stores.counts import Count
from heliograph.stores.queries import load
from heliograph.stores.shards import Shard, Shards

IDENT = 77 << 12
sql = load("counts")


async def write(shard: Shard) -> int:
    async with shard.transaction() as transaction:
        await counts.add(transaction, IDENT, Count.LIKES, 1)
    return transaction.position


async def write_again(shard: Shard) -> int:
    """A write, once the server is back."""
    async with asyncio.timeout(20):
        while True:
            try:
                return await write(shard)
            except StoreUnavailableError:
                await asyncio.sleep(0.1)


def kill(folder: Path) -> None:
    """Kill the whole server of a data directory at once, so that no part of it can write what another had not."""
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.name().startswith("postgres") and process.cwd() == str(folder):
                os.kill(process.pid, signal.SIGKILL)


async def test_a_kill_takes_no_position_back(tmp_path: Path) -> None:
    async with embedded.stores(Settings(data_dir=tmp_path)) as stores:
        topology = Topology((ShardSpec("main", stores.database_url),), "", "")
        async with Shards.open(topology, 2) as shards:
            await schema.migrate(shards)
            shard = shards.of(IDENT)
            connection = await asyncpg.connect(stores.database_url)
            await connection.execute("CREATE TABLE rubbish (text text); CHECKPOINT; SET synchronous_commit = off")
            written = await write(shard)
            for _ in range(60):
                # Some of the log is not on disk yet, as on any busy server.
                await connection.execute("INSERT INTO rubbish SELECT repeat('x', 500) FROM generate_series(1, 20)")
            read, _ = await shard.versioned(sql.of, slots=[77], ids=[IDENT])
            kill(tmp_path / "postgres")
            connection.terminate()
            assert await write_again(shard) > max(written, read)
