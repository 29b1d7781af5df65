"""The embedded stores without a supervisor around them."""

import asyncio
import os
from pathlib import Path

import asyncpg
import psutil
import pytest
import valkey.asyncio
from ops_sites import eventually, leftovers

from heliograph.base.errors import StartError
from heliograph.base.settings import Settings
from heliograph.ops import embedded


@pytest.fixture
def settings(tmp_path):
    return Settings(data_dir=tmp_path / "site")


async def fetch(stores, query):
    connection = await asyncpg.connect(stores.database_url)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


async def test_postgres_is_as_the_rest_relies_on(settings):
    wanted = {
        "wal_level": "logical",
        "fsync": "on",
        "full_page_writes": "on",
        "synchronous_commit": "on",
        "data_checksums": "on",
        "listen_addresses": "",
        "server_encoding": "UTF8",
        "max_connections": "100",
        "TimeZone": "UTC",
    }
    async with embedded.stores(settings) as stores:
        found = {name: await fetch(stores, f"SELECT current_setting('{name}')") for name in wanted}
        locale = await fetch(stores, "SELECT datlocale FROM pg_database WHERE datname = 'heliograph'")
        version = await fetch(stores, "SELECT current_setting('server_version_num')::int / 10000")
    assert found == wanted
    assert (locale, version) == ("C.UTF-8", 18)


async def test_nothing_listens_on_the_network_and_sockets_are_ours_alone(settings):
    async with embedded.stores(settings) as stores:
        for process in leftovers(settings.data_dir):
            assert process.net_connections("inet") == []
        folder = Path(stores.valkey_url.removeprefix("unix://")).parent
        assert folder.stat().st_mode & 0o777 == 0o700
    assert leftovers(settings.data_dir) == []
    assert not folder.exists()


async def test_a_data_directory_with_a_long_path_works(tmp_path):
    async with embedded.stores(Settings(data_dir=tmp_path.joinpath(*["long" * 12] * 4))) as stores:
        assert await fetch(stores, "SELECT 1") == 1


async def test_lossless_is_said_only_when_it_is_known(settings):
    mark = settings.data_dir / "valkey/boot_id"
    async with embedded.stores(settings) as stores:
        assert not stores.lossless  # nothing is known of a new one
    async with embedded.stores(settings) as stores:
        assert not stores.lossless  # nobody has said that the loss was dealt with
        stores.settle()
    async with embedded.stores(settings) as stores:
        assert stores.lossless
        mark.write_text(mark.read_text().replace("-", "0", 1))
    async with embedded.stores(settings) as stores:
        assert not stores.lossless  # the machine was started anew


async def test_killed_valkey_has_every_acknowledged_write(settings):
    async with embedded.stores(settings) as stores:
        stores.settle()
        client = valkey.asyncio.from_url(stores.valkey_url)
        acknowledged = 0

        async def pour():
            nonlocal acknowledged
            while True:
                await client.set("count", acknowledged + 1)
                acknowledged += 1

        pouring = asyncio.create_task(pour())
        await eventually(lambda: acknowledged > 500)
        [server] = [p for p in leftovers(settings.data_dir) if p.name() == "valkey-server"]
        server.kill()
        await asyncio.wait({pouring})
        assert isinstance(pouring.exception(), valkey.exceptions.ConnectionError)
        await client.aclose()
        again = valkey.asyncio.from_url(stores.valkey_url)

        # One more may have been written whose answer did not reach us.
        assert int(await eventually(lambda: again.get("count"))) - acknowledged in {0, 1}
        assert stores.lossless
        await again.aclose()


async def test_an_unreadable_valkey_log_is_moved_aside(settings):
    async with embedded.stores(settings) as stores:
        stores.settle()
        client = valkey.asyncio.from_url(stores.valkey_url)
        await client.set("key", "value")
        await client.aclose()
    folder = settings.data_dir / "valkey"
    [log] = folder.glob("appendonlydir/*.incr.aof")
    log.write_bytes(b"\0" * 100)
    async with embedded.stores(settings) as stores:
        assert not stores.lossless
        client = valkey.asyncio.from_url(stores.valkey_url)
        assert await client.dbsize() == 0
        await client.aclose()
    [aside] = folder.glob("appendonlydir.aside-*")
    assert (aside / log.name).read_bytes() == b"\0" * 100


async def test_a_loss_in_the_middle_of_a_run_starts_empty(settings):
    """Clients that are connected were told nothing of it; an empty Valkey they notice."""
    async with embedded.stores(settings) as stores:
        stores.settle()
        client = valkey.asyncio.from_url(stores.valkey_url)
        await client.set("key", "value")
        (settings.data_dir / "valkey/boot_id").unlink()  # as the health check does when a write was refused
        [server] = [p for p in leftovers(settings.data_dir) if p.name() == "valkey-server"]
        server.kill()
        await eventually(lambda: not server.is_running())

        async def empty():
            return await client.dbsize() == 0

        assert await eventually(empty)
        await client.aclose()


async def test_postgres_dies_in_the_middle_of_a_long_query(settings):
    async with embedded.stores(settings) as stores:
        session = await asyncpg.connect(stores.database_url)
        query = "SELECT count(*) FROM generate_series(1, 1000000000)"
        busy = asyncio.create_task(session.fetchval(query))
        watched = f"SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query = '{query}'"
        await eventually(lambda: fetch(stores, watched))
        postmaster = int((settings.data_dir / "postgres/postmaster.pid").read_text().split()[0])
        psutil.Process(postmaster).kill()
        assert await eventually(lambda: fetch(stores, "SELECT 1")) == 1
        await asyncio.wait({busy})
        assert isinstance(busy.exception(), (asyncpg.PostgresError, OSError))


async def test_a_second_one_is_told_who_is_there_and_may_join(settings):
    async with embedded.stores(settings) as stores:
        with pytest.raises(StartError, match=f"process {os.getpid()}"):
            async with embedded.stores(settings):
                pass
        async with embedded.reached(settings) as joined:
            assert (joined.database_url, joined.valkey_url) == (stores.database_url, stores.valkey_url)
        assert await fetch(stores, "SELECT 1") == 1
    async with embedded.reached(settings) as alone:
        assert await fetch(alone, "SELECT 1") == 1
    assert leftovers(settings.data_dir) == []


async def test_with_urls_nothing_is_embedded(tmp_path):
    settings = Settings(data_dir=tmp_path / "site", database_url="postgresql://db", valkey_url="valkey://cache")
    async with embedded.stores(settings) as stores:
        assert (stores.database_url, stores.valkey_url) == ("postgresql://db", "valkey://cache")
        assert not stores.lossless
    assert not settings.data_dir.exists()


async def test_with_one_url_the_other_store_is_embedded(tmp_path):
    async with embedded.stores(Settings(data_dir=tmp_path, database_url="postgresql://db")) as stores:
        client = valkey.asyncio.from_url(stores.valkey_url)
        assert await client.ping()
        await client.aclose()
    assert not (tmp_path / "postgres").exists()
