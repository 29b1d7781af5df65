"""The claim on a data directory: one supervisor at a time, and the directory is fit for use.

The lock is the kernel's (flock): it is gone with its holder, however that one dies, so there is no
stale lock to remove by hand. The file's text only says who it is.
"""

import asyncio
import contextlib
import fcntl
import os
import shutil
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import IO

import msgspec

from heliograph.base import clock
from heliograph.base.errors import StartError
from heliograph.ops import orphans

LOCK_NAME = "heliograph.lock"
MIN_FREE_BYTES = 32 * 1024 * 1024
LOCK_ATTEMPTS = 6
BLANK = msgspec.json.encode({})


class Holder(msgspec.Struct, frozen=True):
    """Who holds a data directory."""

    pid: int = 0
    since: str = "?"
    command: str = "another Heliograph"


@contextlib.asynccontextmanager
async def claimed(data_dir: Path) -> AsyncIterator[Path]:
    """Hold `data_dir` (made if need be) and have it free of orphans; gives its resolved path. Raises StartError."""
    async with _locked(_writable(data_dir)) as folder:
        require_space(folder, MIN_FREE_BYTES)
        await orphans.stop_programs(folder)
        yield folder


def held(data_dir: Path) -> bool:
    """Whether a supervisor holds `data_dir` at this moment."""
    try:
        with (data_dir / LOCK_NAME).open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def require_space(folder: Path, need_bytes: int) -> None:
    """Raises StartError unless `need_bytes` are free where `folder` is."""
    free = shutil.disk_usage(folder).free
    if free < need_bytes:
        raise StartError(
            f"The disk of {folder} has {free // 2**20} MiB free; {need_bytes // 2**20} MiB are needed. "
            "Free some space, or set HELIOGRAPH_DATA_DIR to a folder on another disk."
        )


def _writable(data_dir: Path) -> Path:
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder = data_dir.resolve(strict=True)
        (folder / "logs").mkdir(mode=0o700, exist_ok=True)
        (folder / LOCK_NAME).touch(mode=0o600)
    except OSError as error:
        raise StartError(
            f"The data directory {data_dir} cannot be used: {error.strerror} ({error.filename}). "
            "Make it writable for the user who runs Heliograph, or set HELIOGRAPH_DATA_DIR to another folder."
        ) from error
    return folder


@contextlib.asynccontextmanager
async def _locked(folder: Path) -> AsyncIterator[Path]:
    with (folder / LOCK_NAME).open("r+b") as file:
        # A moment's patience: `held` takes the lock to look, and a predecessor may be about to leave.
        for attempt in range(LOCK_ATTEMPTS):
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if attempt == LOCK_ATTEMPTS - 1:
                    raise StartError(_taken(folder, file)) from None
                await asyncio.sleep(0.05)
        _sign(file)
        yield folder
        _write(file, BLANK)


def _sign(file: IO[bytes]) -> None:
    holder = Holder(os.getpid(), clock.iso(clock.now()), " ".join([Path(sys.argv[0]).name, *sys.argv[1:]]))
    _write(file, msgspec.json.encode(holder))


def _write(file: IO[bytes], text: bytes) -> None:
    # Who it is matters to people only; a full disk must not stand in the way of the lock.
    with contextlib.suppress(OSError):
        file.seek(0)
        file.truncate()
        file.write(text)
        file.flush()


def _taken(folder: Path, file: IO[bytes]) -> str:
    try:
        holder = msgspec.json.decode(file.read(), type=Holder)
    except msgspec.DecodeError:
        holder = Holder()
    return (
        f"The data directory {folder} is in use by {holder.command} (process {holder.pid}, since {holder.since}). "
        "Stop that one first, or set HELIOGRAPH_DATA_DIR (and HELIOGRAPH_PORT) to run a second site beside it."
    )
