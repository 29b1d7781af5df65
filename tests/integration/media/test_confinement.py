"""The decoding child stays within its memory and time, whatever it is fed, and dies with its worker."""

import asyncio
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pillow_heif
import pytest
from photo_inputs import encoded, huge, processes_of, quarters, run_child
from PIL import Image

from heliograph.base.errors import StoreUnavailableError, ValidationError
from heliograph.domain.media.decode import ENVIRONMENT, decode
from heliograph.domain.media.limits import Limits
from heliograph.domain.media.scratch import scratch, sweep
from heliograph.domain.media.verdict import REFUSED, TOO_MUCH_MEMORY

WIDTH, HEIGHT = 8660, 5773  # 49,994,180 pixels
MIB = 1024
# The watch looks each 4 ms; what a decoder touches between two looks comes on top.
OVERSHOOT_KIB = 12 * MIB


async def until(condition, deadline_s=20.0):
    """Poll until `condition()` gives something, and give it."""
    deadline = time.monotonic() + deadline_s
    while time.monotonic() < deadline:
        if found := condition():
            return found
        await asyncio.sleep(0.002)
    raise AssertionError(f"waited {deadline_s} s in vain")


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """50 megapixels as the cheapest kind of file that keeps the decoder busy for a second."""
    file = tmp_path_factory.mktemp("large") / "large.jpg"
    huge(WIDTH, HEIGHT).jpegsave(str(file), Q=85)
    return file


def child_request(file, out_dir, kind, **changes):
    return {
        "kind": kind,
        "path": str(file),
        "out_dir": str(out_dir),
        "animated": False,
        "max_pixels": 50_000_000,
        "memory_mb": 330,
        "timeout_s": 60,
    } | changes


def run(file, out_dir, kind, **changes):
    """Run the child; (answer or None, exit status, peak memory in KiB by wait4)."""
    done = run_child(child_request(file, out_dir, kind, **changes), ENVIRONMENT | {"TMPDIR": str(out_dir)})
    return json.loads(done["told"]) if done["told"] else None, done["status"], done["peak_kib"]


def save_heic(file, **options):
    picture = huge(8064, 6048)
    image = pillow_heif.from_bytes("RGB", (8064, 6048), picture.write_to_memory())
    image.save(file, quality=30, enc_params={"preset": "ultrafast"}, **options)


LARGE = {
    "baseline.jpg": lambda file: huge(WIDTH, HEIGHT).jpegsave(file, Q=85, subsample_mode="off"),
    "progressive.jpg": lambda file: huge(WIDTH, HEIGHT).jpegsave(file, Q=85, interlace=True),
    "progressive-full-colour-45mp.jpg": lambda file: huge(8256, 5504).jpegsave(
        file, Q=85, interlace=True, subsample_mode="off"
    ),
    "cmyk.jpg": lambda file: huge(WIDTH, HEIGHT).colourspace("cmyk").jpegsave(file, Q=85),
    "plain.png": lambda file: huge(WIDTH, HEIGHT).pngsave(file, compression=1),
    "alpha.png": lambda file: huge(WIDTH, HEIGHT, 4).pngsave(file, compression=1),
    "interlaced.png": lambda file: huge(WIDTH, HEIGHT).pngsave(file, compression=1, interlace=True),
    "interlaced-alpha.png": lambda file: huge(WIDTH, HEIGHT, 4).pngsave(file, compression=1, interlace=True),
    "tall.png": lambda file: huge(4040, 12_120).pngsave(file, compression=1),
    "lossy.webp": lambda file: huge(WIDTH, HEIGHT).webpsave(file, Q=60, effort=0),
    "alpha.webp": lambda file: huge(WIDTH, HEIGHT, 4).webpsave(file, Q=60, effort=0),
    "lossless.webp": lambda file: huge(WIDTH, HEIGHT).webpsave(file, lossless=True, effort=0),
    "grid.heic": lambda file: save_heic(file, tile_size=512),
    "one-tile.heic": save_heic,
}
KIND = {".jpg": "jpeg", ".png": "png", ".webp": "webp", ".heic": "heic"}


# The hungriest of each format; the others are for a long run.
OFTEN = {"baseline.jpg", "progressive-full-colour-45mp.jpg", "interlaced-alpha.png", "lossless.webp", "grid.heic"}


@pytest.mark.parametrize(
    "name", [name if name in OFTEN else pytest.param(name, marks=pytest.mark.long) for name in LARGE]
)
def test_fifty_megapixels_stay_within_the_memory(tmp_path, name):
    file = tmp_path / name
    LARGE[name](str(file))
    told, status, peak_kib = run(file, tmp_path, KIND[file.suffix])
    assert status == 0, told
    assert peak_kib < 330 * MIB
    # The child's own figure is the kernel's.
    assert abs(told["peak_kib"] - peak_kib) < 8 * MIB
    assert told["photo"]["variants"][-1]["width"] == 2048


TOO_LARGE = {
    "tall-alpha.png": lambda file: huge(3500, 14_000, 4).pngsave(file, compression=1),
    "progressive-full-colour-50mp.jpg": lambda file: huge(WIDTH, HEIGHT).jpegsave(
        file, Q=85, interlace=True, subsample_mode="off"
    ),
    "interlaced-16-bit.png": lambda file: (
        (huge(WIDTH, HEIGHT).cast("ushort") * 257)
        .cast("ushort")
        .copy(interpretation="rgb16")
        .pngsave(file, compression=1, interlace=True)
    ),
}


@pytest.mark.parametrize("name", TOO_LARGE)
async def test_what_needs_more_memory_is_refused_in_time(darkroom, tmp_path, name):
    file = tmp_path / name
    TOO_LARGE[name](str(file))
    _, status, peak_kib = run(file, tmp_path, KIND[file.suffix])
    assert status in {REFUSED, TOO_MUCH_MEMORY}
    assert peak_kib < 330 * MIB + OVERSHOOT_KIB
    with pytest.raises(ValidationError, match=r"needs more memory to decode than the 330 MiB .* not progressive"):
        await darkroom(file, Limits(max_bytes=10**9))


@pytest.mark.parametrize("memory_mb", [1, 25, 60])
async def test_the_memory_limit_is_the_settings(darkroom, large, memory_mb):
    with pytest.raises(ValidationError, match=f"needs more memory to decode than the {memory_mb} MiB"):
        await darkroom(large, Limits(memory_mb=memory_mb))


async def test_the_time_limit(darkroom, large):
    started = time.monotonic()
    with pytest.raises(ValidationError, match=r"took longer to decode than the 0\.1 seconds"):
        await darkroom(large, Limits(timeout_s=0.1))
    assert time.monotonic() - started < 3


def test_the_processor_limit_holds_without_a_parent(tmp_path):
    noise = tmp_path / "noise.png"
    Image.effect_noise((5000, 5000), 90).convert("RGB").save(noise, compress_level=0)
    told, status, _ = run(noise, tmp_path, "png", timeout_s=0)
    assert (told, status) in {(None, -signal.SIGXCPU), (None, -signal.SIGKILL)}


async def test_a_child_that_is_killed_gives_a_sentence(darkroom, large):
    decoding = asyncio.create_task(darkroom(large))
    (child,) = await until(processes_of)
    os.kill(child, signal.SIGKILL)
    with pytest.raises(ValidationError, match="the decoder was stopped from outside"):
        await decoding


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGABRT, signal.SIGTERM])
async def test_a_child_that_crashes_gives_a_sentence(darkroom, large, number):
    decoding = asyncio.create_task(darkroom(large))
    (child,) = await until(processes_of)
    os.kill(child, number)
    with pytest.raises(ValidationError, match="The photo is damaged or incomplete"):
        await decoding


async def test_cancelling_kills_the_child(darkroom, large):
    decoding = asyncio.create_task(darkroom(large))
    await until(processes_of)
    decoding.cancel()
    with pytest.raises(asyncio.CancelledError):
        await decoding
    assert processes_of() == []


async def test_one_at_a_time(tmp_path, large):
    async def one():
        async with scratch(tmp_path / "scratch") as folder:
            return await decode(large, folder, Limits())

    most = 0
    tasks = [asyncio.create_task(one()) for _ in range(3)]
    while not all(task.done() for task in tasks):
        most = max(most, len(processes_of()))
        await asyncio.sleep(0.005)
    assert [task.result().width for task in tasks] == [WIDTH] * 3
    assert most == 1


async def test_the_child_has_nothing_worth_stealing_and_all_its_limits(darkroom, large, monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "do-not-leak")
    decoding = asyncio.create_task(darkroom(large))
    (child,) = await until(processes_of)
    proc = Path("/proc") / str(child)

    def confined():
        lines = (proc / "limits").read_text().splitlines()
        values = {line[:25].strip(): line[25:].split()[:2] for line in lines[1:]}
        return values if values["Max core file size"] == ["0", "0"] else None

    limits = await until(confined)
    environment = (proc / "environ").read_bytes().split(b"\0")
    names = {entry.partition(b"=")[0].decode() for entry in environment if entry}
    descriptors = len(list((proc / "fd").iterdir()))
    session = os.getsid(child)
    await decoding
    assert names == {*ENVIRONMENT, "TMPDIR"}
    assert session == child
    assert descriptors < 16
    assert limits["Max data size"][1] == str((330 + 448) * 1024 * 1024)
    assert limits["Max cpu time"] == ["30", "30"]
    assert limits["Max file size"] == [str(64 * 1024 * 1024)] * 2
    assert limits["Max open files"] == ["32", "32"]


def test_the_child_loads_none_of_the_server():
    code = (
        "import sys; import heliograph.domain.media.decoder, heliograph.domain.media.animation;"
        "print(sorted({name.split('.')[0] for name in sys.modules}), sorted(n for n in sys.modules if 'heliograph' in n))"
    )
    loaded = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, check=True, text=True).stdout
    for name in ("asyncio", "asyncpg", "litestar", "msgspec", "structlog", "obstore", "valkey", "PIL", "settings"):
        assert name not in loaded


WORKER = """
import asyncio, sys
from pathlib import Path
from heliograph.domain.media.decode import decode
from heliograph.domain.media.limits import Limits
from heliograph.domain.media.scratch import scratch

async def main():
    async with scratch(Path(sys.argv[2])) as folder:
        await decode(Path(sys.argv[1]), folder, Limits())

asyncio.run(main())
"""


async def test_a_killed_worker_takes_its_child_along_and_the_next_one_sweeps(tmp_path, large):
    root = tmp_path / "scratch"
    worker = await asyncio.create_subprocess_exec(sys.executable, "-c", WORKER, str(large), str(root))
    try:
        (child,) = await until(lambda: processes_of(worker.pid))
        # Only once it is confined does it die with its parent.
        await until(lambda: "Max core file size        0 " in Path(f"/proc/{child}/limits").read_text())
        assert sweep(root) == 0
        assert len(list(root.iterdir())) == 1
    finally:
        worker.kill()
        await worker.wait()
    await until(lambda: not Path(f"/proc/{child}/cmdline").exists() or not Path(f"/proc/{child}/cmdline").read_bytes())
    assert sweep(root) == 1
    assert list(root.iterdir()) == []


async def test_scratch_is_removed_after_an_error(tmp_path):
    async def fail():
        async with scratch(tmp_path / "deep" / "root") as folder:
            (folder / "sub").mkdir()
            (folder / "sub" / "file").write_bytes(b"x")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()
    assert list((tmp_path / "deep" / "root").iterdir()) == []


async def test_sweeping_leaves_what_is_in_use(tmp_path):
    async with scratch(tmp_path) as one, scratch(tmp_path) as other:
        assert one != other
        assert sweep(tmp_path) == 0
        assert one.is_dir()
    (tmp_path / "photo-dead").mkdir()
    (tmp_path / "not-ours").mkdir()
    assert sweep(tmp_path) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["not-ours"]
    assert sweep(tmp_path / "none") == 0


def open_descriptors():
    return len(list(Path("/proc/self/fd").iterdir()))


async def test_no_file_descriptor_is_left_open(darkroom):
    await darkroom(encoded(quarters(), "JPEG"))
    before = open_descriptors()
    for _ in range(3):
        await darkroom(encoded(quarters(), "JPEG"))
        with pytest.raises(ValidationError):
            await darkroom(b"text")
    assert open_descriptors() <= before


@pytest.fixture
def small_disk(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = shutil.which("mount")
    made = mount and subprocess.run([mount, "-t", "tmpfs", "-o", "size=100k", "tmpfs", str(disk)], check=False)
    if not made or made.returncode:
        pytest.skip("needs the right to mount a small file system")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


async def test_a_full_disk_is_our_fault_and_not_the_photos(small_disk, large):
    async def fill():
        async with scratch(small_disk) as folder:
            await decode(large, folder, Limits())

    with pytest.raises(StoreUnavailableError):
        await fill()
    assert list(small_disk.iterdir()) == []


def test_this_process_keeps_its_own_limits():
    assert resource.getrlimit(resource.RLIMIT_DATA)[0] == resource.RLIM_INFINITY
