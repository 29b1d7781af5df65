"""Folders for the time that an upload is being received or decoded. Nothing outlives its `async with`.

A process that is killed cannot clean up: each folder is locked by the process that made it, the kernel drops
the lock with the process, and `sweep` removes what nobody holds.
"""

import asyncio
import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

PREFIX = "photo-"


@contextlib.asynccontextmanager
async def scratch(root: Path) -> AsyncIterator[Path]:
    """A fresh, empty folder below `root` (made when it is missing), removed with all in it on the way out."""
    folder, lock = await asyncio.to_thread(_make, root)
    try:
        yield folder
    finally:
        await asyncio.shield(asyncio.to_thread(_remove, folder, lock))


def sweep(root: Path) -> int:
    """Remove the folders below `root` whose process is gone; answers how many. Blocking; call it when a process starts."""
    removed = 0
    for folder in root.glob(PREFIX + "*"):
        try:
            lock = _locked(folder)
        except OSError:
            continue
        _remove(folder, lock)
        removed += 1
    return removed


def _make(root: Path) -> tuple[Path, int]:
    root.mkdir(parents=True, exist_ok=True, mode=0o700)
    while True:
        folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=root))
        try:
            return folder, _locked(folder)
        except OSError:  # a sweep came between the two lines and took it
            if not folder.exists():
                continue
            raise


def _locked(folder: Path) -> int:
    """A descriptor that holds the lock of `folder`; raises OSError when another process holds it or it is gone."""
    lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        raise
    return lock


def _remove(folder: Path, lock: int) -> None:
    try:
        shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(lock)
