"""The log file of one embedded server: appended to by the server, bounded by us, quoted when a start fails."""

import os
import shutil
from pathlib import Path

LIMIT_BYTES = 16 * 1024 * 1024


def bound(path: Path, limit_bytes: int = LIMIT_BYTES) -> None:
    """Move what is in `path` to `path.1` when it exceeds `limit_bytes`.

    Copied and cut, not renamed: the server holds the file open for appending and goes on at its new end.
    """
    if size(path) > limit_bytes:
        shutil.copyfile(path, path.with_name(path.name + ".1"))
        os.truncate(path, 0)


def size(path: Path) -> int:
    """Bytes in `path`; 0 when there is none."""
    return path.stat().st_size if path.exists() else 0


def since(path: Path, offset: int, limit_bytes: int = 64 * 1024) -> str:
    """What was written to `path` after `offset`, its last `limit_bytes` at most."""
    if not path.exists():
        return ""
    with path.open("rb") as file:
        file.seek(max(offset, size(path) - limit_bytes))
        return file.read().decode(errors="replace")


def tail(text: str, lines: int = 6) -> str:
    """The last `lines` lines of `text`, indented for an error message."""
    return "\n".join("  " + line for line in text.strip().splitlines()[-lines:])
