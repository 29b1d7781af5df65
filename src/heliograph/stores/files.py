"""Writes a file so that it is there whole or not at all, even after a power cut.

The bytes go to a staging folder of the same file system, are forced to disk, and only then get their name. What a
killed process leaves in the staging folder is swept when the store is opened next.
"""

import os
import secrets
import shutil
import time
from pathlib import Path

STAGING = ".staging"
STALE_S = 3600.0
RENAME_TRIES = 20


def write(root: Path, name: str, source: Path | bytes) -> None:
    """Make `source` (a file, which stays, or its bytes) the file `name` below `root`. Raises OSError; then nothing is left."""
    staged = root / STAGING / secrets.token_hex(16)
    staged.parent.mkdir(exist_ok=True)
    try:
        _fill(staged, source)
        _rename(staged, root / name)
    finally:
        staged.unlink(missing_ok=True)
    _sync_folders(root, (root / name).parent)


def sweep(root: Path) -> int:
    """Remove what writers that were killed have left in the staging folder; answers how many files."""
    stale = [file for file in (root / STAGING).glob("*") if _age_s(file) > STALE_S]
    for file in stale:
        file.unlink(missing_ok=True)
    return len(stale)


def _fill(staged: Path, source: Path | bytes) -> None:
    with staged.open("xb") as target:
        if isinstance(source, bytes):
            target.write(source)
        else:
            with source.open("rb") as origin:
                shutil.copyfileobj(origin, target, 256 * 1024)
        target.flush()
        os.fsync(target.fileno())


def _rename(staged: Path, target: Path) -> None:
    for attempt in range(RENAME_TRIES):
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            staged.rename(target)
        except (FileNotFoundError, FileExistsError):
            # A deletion found a folder empty, while it was being made or just after, and removed it.
            if attempt == RENAME_TRIES - 1:
                raise
        else:
            return


def _sync_folders(root: Path, folder: Path) -> None:
    """Force the names to disk too: of the file, and of the folders above it that may be new."""
    while True:
        try:
            entry = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        except FileNotFoundError:  # deleted again meanwhile
            return
        try:
            os.fsync(entry)
        finally:
            os.close(entry)
        if folder == root:
            return
        folder = folder.parent


def _age_s(file: Path) -> float:
    try:
        return time.time() - file.stat().st_mtime
    except FileNotFoundError:
        return 0.0
