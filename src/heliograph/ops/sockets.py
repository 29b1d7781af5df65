"""The folder of the unix sockets of one data directory: a short path, ours alone.

A socket's path may be about 100 bytes long, less than many data directories. So the sockets live in /tmp,
under a name made of the data directory's. Whoever can enter the folder is let in by PostgreSQL without a
password; it must never be anybody else's, nor open to others.
"""

import contextlib
import hashlib
import os
import pwd
import shutil
import stat
from pathlib import Path

from heliograph.base.errors import StartError

# Not $TMPDIR: long on macOS, private to a session elsewhere, and all of a site's processes must find it.
BASE = Path("/tmp")  # noqa: S108 -- the folder below is created 0700 and its owner checked


def folder(data_dir: Path) -> Path:
    """Where the sockets of `data_dir` (absolute, resolved) are."""
    digest = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:12]
    return BASE / f"hg-{digest}-{os.geteuid()}"


def prepare(path: Path, uid: int, gid: int) -> None:
    """Make the folder `path` exist, owned by `uid` and closed to others. Raises StartError when it is somebody else's."""
    try:
        if os.geteuid() == 0 and uid == 0:
            _take_back(path)
        path.mkdir(mode=0o700, exist_ok=True)
        found = path.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid not in {uid, os.geteuid()}:
            raise StartError(
                f"The folder for sockets {path} belongs to somebody else (uid {found.st_uid}). "
                "Have it removed, then start again."
            )
        path.chmod(0o700)
        if found.st_uid != uid:
            os.chown(path, uid, gid)
    except OSError as error:
        raise StartError(f"The folder for sockets {path} cannot be used: {error.strerror}.") from error


def remove(path: Path) -> None:
    """Remove the folder `path` and the sockets that servers have left in it."""
    shutil.rmtree(path, ignore_errors=True)


def _take_back(path: Path) -> None:
    # A start while namespaces were forbidden has given it to the real nobody.
    with contextlib.suppress(FileNotFoundError, KeyError):
        if path.lstat().st_uid == pwd.getpwnam("nobody").pw_uid:
            shutil.rmtree(path)


def postgres(data_dir: Path) -> Path:
    """PostgreSQL's socket."""
    return folder(data_dir) / ".s.PGSQL.5432"


def valkey(data_dir: Path) -> Path:
    """Valkey's socket."""
    return folder(data_dir) / "valkey.sock"
