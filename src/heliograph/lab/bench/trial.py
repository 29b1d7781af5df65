"""A throwaway site to measure: embedded stores in a temporary folder, `heliograph serve` and `heliograph work` as programs.

Where one process is measured, it gets a core of its own and everything else shares the rest; where the whole site is
measured, all share all.
"""

import asyncio
import contextlib
import os
import socket
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import msgspec
import psutil

from heliograph.base.settings import Settings
from heliograph.base.topology import topology_of
from heliograph.ops import embedded
from heliograph.ops.prepare import prepare
from heliograph.stores.shards import Shards
from heliograph.stores.valkey import Valkey

# Generous: a machine that others use as well may take long.
READY_S = 60.0
STOP_S = 20.0
# Above every audience here: what is measured is the push.
PUSH_LIMIT = 1_000_000
PREFIX = "heliograph-bench-"

WEB_CORE = {0}
OTHER_CORES = set(range(1, os.cpu_count() or 1)) or WEB_CORE
ALL_CORES = WEB_CORE | OTHER_CORES


class Trial(msgspec.Struct, frozen=True):
    """A running trial site."""

    settings: Settings
    shards: Shards
    valkey: Valkey


@contextlib.asynccontextmanager
async def trial(
    cores: set[int], *, push_limit: int = PUSH_LIMIT, parent: Path | None = None, keep: bool = False
) -> AsyncIterator[Trial]:
    """The stores of a fresh site, on `cores`; programs are started with `program`.

    Its data are in a new folder in `parent` (None: that of temporary files), which is removed at the end unless `keep`.
    """
    with _folder(parent, keep=keep) as folder, pinned(cores):
        base = Settings(
            data_dir=folder, port=free_port(), rate_limits="off", log_level="warning", push_limit=push_limit
        )
        async with embedded.stores(base) as stores:
            settings = msgspec.structs.replace(base, database_url=stores.database_url, valkey_url=stores.valkey_url)
            await prepare(settings, stores)
            async with Shards.open(topology_of(settings), 4) as shards, Valkey.open(stores.valkey_url) as valkey:
                yield Trial(settings, shards, valkey)


@contextlib.contextmanager
def _folder(parent: Path | None, *, keep: bool) -> Iterator[Path]:
    if keep:
        yield Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
        return
    with tempfile.TemporaryDirectory(prefix=PREFIX, dir=parent) as folder:
        yield Path(folder)


@contextlib.asynccontextmanager
async def program(settings: Settings, *argv: str, cores: set[int], ready: str = "") -> AsyncIterator[int]:
    """`python -m argv` while the block runs, on `cores`, once `ready` (a URL) answers; its process id."""
    environment = os.environ | {
        f"HELIOGRAPH_{name.upper()}": str(value) for name, value in msgspec.structs.asdict(settings).items()
    }
    with pinned(cores):
        process = await asyncio.create_subprocess_exec(sys.executable, "-m", *argv, env=environment)
    try:
        if ready:
            await _answers(ready)
        yield process.pid
    finally:
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), STOP_S)
        except TimeoutError:
            process.kill()


@contextlib.contextmanager
def pinned(cores: set[int]) -> Iterator[None]:
    """This process, and those that it starts inside the block, on `cores`; where the system can do that."""
    me = psutil.Process()
    if not hasattr(me, "cpu_affinity"):
        yield
        return
    before = me.cpu_affinity()
    me.cpu_affinity(list(cores))
    try:
        yield
    finally:
        me.cpu_affinity(before)


def resident_mb(pid: int) -> float:
    """The resident memory of a process, in MB (10^6 bytes)."""
    return float(psutil.Process(pid).memory_info().rss) / 1e6


def free_port() -> int:
    """A port on loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def _answers(url: str) -> None:
    async with asyncio.timeout(READY_S):
        while not await asyncio.to_thread(_ok, url):  # noqa: ASYNC110 -- another process is waited for
            await asyncio.sleep(0.05)


def _ok(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=1) as answer:  # noqa: S310 -- an address of our own on loopback
            return bool(answer.status == 200)
    except (OSError, urllib.error.URLError):
        return False
