"""Starts that must fail with a sentence, and traces of a crash that must not make a start fail."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
import valkey.asyncio
from ops_sites import eventually, leftovers

from heliograph.base.errors import StartError
from heliograph.base.settings import Settings
from heliograph.ops import binaries, claim, embedded, postgres, sockets

ROOT = os.geteuid() == 0
as_root = pytest.mark.skipif(not ROOT, reason="needs root")


async def refused(data_dir):
    with pytest.raises(StartError) as caught:
        async with embedded.stores(Settings(data_dir=data_dir)):
            pass
    assert leftovers(data_dir) == []
    return caught.value.message


async def works(data_dir):
    async with embedded.stores(Settings(data_dir=data_dir)) as stores:
        return stores.database_url


async def test_a_file_in_place_of_the_data_directory(tmp_path):
    (tmp_path / "file").write_text("")
    assert "cannot be used: File exists" in await refused(tmp_path / "file")


async def test_a_data_directory_that_may_not_be_written(sites, tmp_path):
    """As an ordinary user; root, who may write anywhere, becomes one in a namespace."""
    (tmp_path / "site").mkdir(mode=0o500)
    prefix = ("unshare", "--user", "--map-user=65534", "--map-group=65534") if ROOT else ()
    site = sites(prefix=prefix)
    assert await site.ended() == 1
    assert "cannot be used: Permission denied" in site.text()


async def test_a_cluster_of_another_major_version(tmp_path):
    (tmp_path / "postgres").mkdir(parents=True)
    (tmp_path / "postgres/PG_VERSION").write_text("17\n")
    assert "was made by PostgreSQL 17; this Heliograph brings 18" in await refused(tmp_path)


async def test_a_folder_that_is_no_cluster(tmp_path):
    (tmp_path / "postgres").mkdir()
    assert "is not a PostgreSQL cluster" in await refused(tmp_path)


async def test_a_socket_folder_that_was_taken(tmp_path):
    folder = sockets.folder(tmp_path.resolve())
    folder.symlink_to(tmp_path)
    try:
        assert "belongs to somebody else" in await refused(tmp_path)
    finally:
        folder.unlink()


@pytest.fixture
def small_disk(tmp_path, request):
    """A file system of the size (MiB) that the test asks for."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={request.param}m", "tmpfs", folder], check=False, capture_output=True
    )
    if mounted.returncode:
        pytest.skip("file systems cannot be mounted here")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


@as_root
@pytest.mark.parametrize("small_disk", [24, 64], indirect=True)
async def test_a_disk_too_small_to_begin(small_disk):
    assert "Free some space" in await refused(small_disk / "site")


@as_root
@pytest.mark.parametrize("small_disk", [36], indirect=True)
async def test_a_disk_that_fills_while_the_cluster_is_made(small_disk, monkeypatch):
    monkeypatch.setattr(postgres, "NEW_CLUSTER_BYTES", 0)
    monkeypatch.setattr(claim, "MIN_FREE_BYTES", 0)
    assert "PostgreSQL cannot start: the disk is full" in await refused(small_disk / "site")


async def test_a_pid_file_whose_pid_is_somebody_elses_now(tmp_path):
    await works(tmp_path)
    trace = f"{os.getppid()}\n{tmp_path}/postgres\n1\n5432\n/tmp\n\n  1  1\nready\n"
    (tmp_path / "postgres/postmaster.pid").write_text(trace)
    assert await works(tmp_path)


async def test_a_cluster_whose_making_was_cut_off(tmp_path):
    (tmp_path / "postgres.new").mkdir()
    (tmp_path / "postgres.new/PG_VERSION").write_text("18\n")
    assert await works(tmp_path)
    assert not (tmp_path / "postgres.new").exists()


@pytest.mark.parametrize("uid", [65534, 54321], ids=["nobody", "without-a-name"])
async def test_an_ordinary_user_with_a_private_folder(sites, tmp_path, uid):
    if not ROOT:
        pytest.skip("the other tests have run as an ordinary user")
    tmp_path.chmod(0o700)
    site = sites(prefix=("unshare", "--user", f"--map-user={uid}", f"--map-group={uid}"))
    await site.ready()
    assert await site.stop() == 0


@pytest.fixture
def open_folder():
    """A folder that everybody may pass through, which pytest's own is not."""
    folder = Path(f"/tmp/hg-test-{os.getpid()}")
    folder.mkdir(mode=0o755)
    yield folder
    shutil.rmtree(folder)


@as_root
async def test_where_namespaces_are_forbidden_root_becomes_nobody(sites, tmp_path, open_folder):
    path = tools(tmp_path, "setpriv", "sh")
    if not nobody_may_run(binaries.valkey()):
        pytest.skip("nobody may not read the folder that the servers are installed in")
    first = sites(data_dir=open_folder / "site")
    await first.ready()
    await first.stop()
    site = sites(data_dir=open_folder / "site", path=path)
    await site.ready()
    owners = {(process.name(), process.uids().real) for process in leftovers(open_folder / "site")}
    assert {("valkey-server", 65534), ("postgres", 65534)} <= owners
    assert await site.stop() == 0
    back = sites(data_dir=open_folder / "site")
    await back.ready()
    assert await back.stop() == 0


@as_root
async def test_nobody_who_cannot_reach_the_data_is_explained(sites, tmp_path):
    tmp_path.parent.chmod(0o700)
    site = sites(path=tools(tmp_path, "setpriv", "sh"))
    assert await site.ended() == 1
    assert "as nobody" in site.text() or "no other way was open" in site.text()


def nobody_may_run(program):
    as_nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--"]
    return subprocess.run([*as_nobody, program, "--version"], check=False, capture_output=True).returncode == 0


def tools(tmp_path, *names):
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in names:
        (folder / name).symlink_to(shutil.which(name))
    return str(folder)


@as_root
@pytest.mark.parametrize("small_disk", [40], indirect=True)
async def test_a_disk_that_fills_under_valkey_ends_the_trust_in_its_log(small_disk):
    settings = Settings(data_dir=small_disk / "site", database_url="postgresql://elsewhere")
    mark, junk = small_disk / "site/valkey/boot_id", small_disk / "junk"
    async with embedded.stores(settings) as stores:
        stores.settle()
        assert mark.exists()
        with pytest.raises(OSError, match="No space left"):
            junk.write_bytes(b"\0" * 64 * 2**20)
        client = valkey.asyncio.from_url(stores.valkey_url)
        await client.set("acknowledged", "and nowhere but in memory" * 10_000)
        with pytest.raises(valkey.exceptions.ResponseError, match="MISCONF"):
            await client.set("another", "refused")
        await eventually(lambda: not mark.exists())
        junk.unlink()
        assert await eventually(lambda: client.set("another", "accepted"))
        await client.aclose()
    async with embedded.stores(settings) as stores:
        assert not stores.lossless
