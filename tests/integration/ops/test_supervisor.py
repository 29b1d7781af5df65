"""A whole site under the supervisor: started, stopped, killed."""

import shutil
import signal
import socket
import sys
import urllib.request

import asyncpg
import psutil
import pytest
import valkey.asyncio
from ops_sites import eventually, leftovers


def ask(port):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5) as answer:
        database, pid = answer.read().decode().split()
        return database, int(pid)


async def write(site, number):
    connection = await asyncpg.connect(site["database"])
    try:
        await connection.execute("CREATE TABLE IF NOT EXISTS written (number int)")
        await connection.execute("INSERT INTO written VALUES ($1)", number)
    finally:
        await connection.close()
    client = valkey.asyncio.from_url(site["valkey"])
    await client.rpush("written", number)
    await client.aclose()


async def written(site):
    connection = await asyncpg.connect(site["database"])
    rows = [row["number"] for row in await connection.fetch("SELECT number FROM written ORDER BY number")]
    await connection.close()
    client = valkey.asyncio.from_url(site["valkey"])
    keys = [int(number) for number in await client.lrange("written", 0, -1)]
    await client.aclose()
    return rows, keys


async def test_a_site_starts_serves_and_stops_in_order(sites, tmp_path):
    site = sites()
    found = await site.ready()
    assert ask(found["port"])[0] == found["database"]
    assert await site.stop() == 0
    said = site.text()
    ends = [f'"service": "{name}", "how"' for name in ("worker", "web", "Valkey", "PostgreSQL")]
    places = [said.rindex(word) for word in (*ends, "stopped")]
    assert places == sorted(places), said
    assert leftovers(tmp_path / "site") == []


@pytest.mark.parametrize("path", ["all", "no-setpriv"])
async def test_after_kill_9_of_the_supervisor_nothing_answered_is_lost(sites, tmp_path, path):
    """With the kernel's help the children go by themselves; without it the next start must stop them."""
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("unshare", "sh"):
        (tools / name).symlink_to(shutil.which(name))
    limited = str(tools) if path == "no-setpriv" else None
    site = sites(path=limited)
    first = await site.ready()
    await write(first, 1)
    await site.kill()
    if limited:
        assert {process.name() for process in leftovers(tmp_path / "site")} >= {"postgres", "valkey-server"}
        assert ask(first["port"])
    elif sys.platform == "linux":
        await eventually(lambda: not leftovers(tmp_path / "site"))
    again = sites(path=limited, port=first["port"])
    second = await again.ready()
    assert second == first
    assert await written(second) == ([1], [1])
    assert "lossless True" in again.text()
    assert await again.stop() == 0
    assert leftovers(tmp_path / "site") == []


async def test_killed_parts_come_back_by_themselves(sites, tmp_path):
    site = sites()
    found = await site.ready()
    await write(found, 1)
    folder = tmp_path / "site"
    _, web = ask(found["port"])
    psutil.Process(web).kill()
    assert await eventually(lambda: ask(found["port"])[1] != web)

    postmaster = int((folder / "postgres/postmaster.pid").read_text().split()[0])
    psutil.Process(postmaster).kill()
    [store] = [p for p in leftovers(folder) if p.name() == "valkey-server"]
    store.kill()
    assert await eventually(lambda: written(found)) == ([1], [1])
    assert site.process.poll() is None
    assert await site.stop() == 0


async def test_a_second_supervisor_is_told_who_is_there(sites):
    site = sites()
    await site.ready()
    second = sites()
    assert await second.ended() == 1
    assert f"process {site.process.pid}" in second.text()
    assert "in use by small_site.py" in second.text()
    assert site.process.poll() is None


async def test_a_taken_port_is_named_with_its_holder(sites, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
        site = sites(port=port)
        assert await site.ended() == 1
    assert f"port {port}: Address already in use (process {psutil.Process().pid}" in site.text()
    assert leftovers(tmp_path / "site") == []


async def test_a_program_that_cannot_start_ends_the_start(sites, tmp_path):
    site = sites("broken")
    assert await site.ended() == 1
    assert "web did not start: it exited with status 3" in site.text()
    assert leftovers(tmp_path / "site") == []


async def test_a_second_signal_hastens(sites, tmp_path):
    site = sites("stubborn")
    await site.ready()
    await eventually(lambda: site.says("deaf"))
    site.process.send_signal(signal.SIGINT)
    await eventually(lambda: site.says('"stopping"'))
    assert site.process.poll() is None
    site.process.send_signal(signal.SIGTERM)
    assert await site.ended(timeout_s=5) == 0
    assert leftovers(tmp_path / "site") == []


async def test_a_signal_in_the_middle_of_the_start_stops_it(sites, tmp_path):
    site = sites("slow-prepare")
    await eventually(lambda: site.says("preparing"))
    assert await site.stop() == 0
    assert leftovers(tmp_path / "site") == []
