"""The object store on a real folder: whole, durable, ours by name."""

import asyncio
import os
import shutil
import subprocess
import time
from datetime import UTC, datetime

import pytest

from heliograph.base.errors import ConfigError, NotFoundError, StartError, StoreFullError, StoreUnavailableError
from heliograph.stores import files
from heliograph.stores.objects import Objects, content_type

NAME = "media/ab/cd/abcd00/640.webp"


@pytest.fixture
async def objects(tmp_path):
    return await Objects.open((tmp_path / "store").as_uri())


def left(root):
    """Everything below `root`, except the staging folder itself."""
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.name != files.STAGING)


async def whole(opened):
    return b"".join([chunk async for chunk in opened.chunks])


async def test_what_was_put_is_read_back(objects, tmp_path):
    data = os.urandom(1_000_000)
    (tmp_path / "source").write_bytes(data)
    await objects.put(NAME, tmp_path / "source")
    opened = await objects.get(NAME)
    assert await whole(opened) == data
    assert (opened.start, opened.stop, opened.info.size) == (0, len(data), len(data))
    assert opened.info == await objects.head(NAME)
    assert opened.info.etag.startswith('"')
    assert opened.info.etag.endswith('"')
    assert opened.info.content_type == "image/webp"
    assert abs((datetime.now(UTC) - opened.info.last_modified).total_seconds()) < 60
    assert (tmp_path / "source").read_bytes() == data


async def test_bytes_can_be_put_and_replaced(objects):
    await objects.put(NAME, b"one")
    first = await objects.head(NAME)
    await objects.put(NAME, b"three")
    assert await whole(await objects.get(NAME)) == b"three"
    assert (await objects.head(NAME)).etag != first.etag


async def test_a_part_can_be_read(objects):
    await objects.put(NAME, bytes(range(100)))
    opened = await objects.get(NAME, (10, 20))
    assert await whole(opened) == bytes(range(10, 20))
    assert (opened.start, opened.stop, opened.info.size) == (10, 20, 100)


async def test_a_large_object_comes_in_small_chunks(objects, tmp_path):
    (tmp_path / "source").write_bytes(bytes(5_000_000))
    await objects.put(NAME, tmp_path / "source")
    sizes = [len(chunk) async for chunk in (await objects.get(NAME)).chunks]
    assert sum(sizes) == 5_000_000
    assert max(sizes) <= 1024 * 1024


async def test_fetch_writes_a_file(objects, tmp_path):
    data = os.urandom(700_000)
    await objects.put("incoming/0123", data)
    await objects.fetch("incoming/0123", tmp_path / "target")
    assert (tmp_path / "target").read_bytes() == data
    with pytest.raises(NotFoundError):
        await objects.fetch("incoming/none", tmp_path / "none")


async def test_delete_is_idempotent_and_leaves_no_folder(objects, tmp_path):
    names = [f"media/ab/cd/abcd00/{width}.webp" for width in (320, 640)]
    for name in names:
        await objects.put(name, b"x")
    await objects.delete([names[0], "media/none.webp", names[1], names[1]])
    await objects.delete(names)
    assert left(tmp_path / "store") == []
    with pytest.raises(NotFoundError):
        await objects.head(names[0])


async def test_list_gives_what_is_below_a_folder(objects, tmp_path):
    for name in ("media/a/1.webp", "media/a/b/2.webp", "media/ab/3.webp", "incoming/4"):
        await objects.put(name, b"x")
    (tmp_path / "store" / files.STAGING / "half").write_bytes(b"x")
    assert {info.name async for info in objects.list("media/a/")} == {"media/a/1.webp", "media/a/b/2.webp"}
    assert {info.name async for info in objects.list("incoming/")} == {"incoming/4"}
    assert len([info async for info in objects.list("")]) == 4
    assert [info async for info in objects.list("nothing/")] == []


@pytest.mark.parametrize(
    "name",
    ["", "/etc/passwd", "../x", "media/../../x", "media//x", ".staging/x", "media/.x", "a\x00b", "a%2e%2e/b",
     "media/x.webp#1", "media/x ", "media/x\n", "ü", "x" * 5000, "media/"],
)  # fmt: skip
async def test_a_name_that_cannot_be_ours_is_not_found(objects, name):
    for call in (objects.head(name), objects.get(name), objects.delete([name]), objects.put(name, b"x")):
        with pytest.raises(NotFoundError):
            await call


async def test_a_folder_is_not_an_object(objects):
    await objects.put(NAME, b"x")
    with pytest.raises(NotFoundError):
        await objects.get("media/ab")


def test_content_types_are_ours():
    assert content_type("media/x/640.webp") == "image/webp"
    for name in ("x.html", "x.svg", "x.js", "x", "x.webp.html", "incoming/x"):
        assert content_type(name) == "application/octet-stream"


async def test_readers_see_the_old_or_the_new_object_never_a_part(objects):
    sizes = (100_000, 900_000)
    await objects.put(NAME, bytes(sizes[0]))
    seen = set()

    async def read():
        while len(seen) < 2 and time.monotonic() < deadline:
            seen.add(len(await whole(await objects.get(NAME))))

    deadline = time.monotonic() + 10
    reader = asyncio.create_task(read())
    while not reader.done():
        for size in sizes:
            await objects.put(NAME, bytes(size))
    await reader
    assert seen == set(sizes)


async def test_a_put_survives_the_removal_of_its_folder(objects, tmp_path):
    async def churn(number):
        for _ in range(200):
            await objects.put(f"media/aa/bb/{number}.webp", b"x")
            await objects.delete([f"media/aa/bb/{number}.webp"])

    await asyncio.gather(*(churn(number) for number in range(4)))
    assert left(tmp_path / "store") == []


@pytest.fixture
def small_disk(tmp_path):
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = shutil.which("mount") and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", str(folder)], check=False, capture_output=True
    )
    if not mounted or mounted.returncode:
        pytest.skip("needs the right to mount a small file system")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


async def test_a_full_disk_is_a_clear_error_and_leaves_nothing(small_disk, tmp_path):
    objects = await Objects.open(small_disk.as_uri())
    (tmp_path / "big").write_bytes(bytes(2_000_000))
    for source in (tmp_path / "big", bytes(2_000_000)):
        with pytest.raises(StoreFullError, match="no room left") as caught:
            await objects.put(NAME, source)
        assert isinstance(caught.value, StoreUnavailableError)
        assert [path for path in small_disk.rglob("*") if path.is_file()] == []
    await objects.put(NAME, b"small enough")
    await objects.put("incoming/big", bytes(100_000))
    (small_disk / "filler").write_bytes(bytes(380_000))
    with pytest.raises(StoreFullError):
        await objects.fetch("incoming/big", small_disk / "copy")


async def test_a_store_that_went_away_says_so(objects, tmp_path):
    (tmp_path / "store").rmdir()
    with pytest.raises(StoreUnavailableError):
        await objects.put(NAME, b"x")
    (tmp_path / "store").write_bytes(b"not a folder")
    with pytest.raises(StoreUnavailableError):
        await objects.put(NAME, b"x")


async def test_what_a_killed_writer_left_is_swept(tmp_path):
    staging = tmp_path / "store" / files.STAGING
    staging.mkdir(parents=True)
    (staging / "old").write_bytes(b"x")
    (staging / "young").write_bytes(b"x")
    os.utime(staging / "old", (time.time() - 7200,) * 2)
    await Objects.open((tmp_path / "store").as_uri())
    assert [file.name for file in staging.iterdir()] == ["young"]


@pytest.mark.parametrize("url", ["", "/tmp/x", "http://host/x", "file://host/x", "file:relative", "s3:///x", "s3://"])
async def test_other_urls_are_refused_with_what_was_expected(url):
    with pytest.raises(ConfigError, match="expected file:///folder or s3://bucket/prefix"):
        await Objects.open(url)


async def test_a_folder_that_cannot_be_made_is_refused_at_the_start(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StartError, match="cannot be used"):
        await Objects.open((tmp_path / "file" / "store").as_uri())
