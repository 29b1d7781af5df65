"""As whom the embedded servers run. PostgreSQL refuses root, and its initdb refuses a uid without a name.

An ordinary user with a name runs them as they are. Otherwise, on Linux, a user namespace in which we
are called `nobody`: data stay ours, no folder above them must be opened to anybody. Where namespaces
are forbidden (many containers) root becomes the real `nobody`, who must then own the data.
It never changes a folder that is not under the data directory.
"""

import os
import pwd
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec

from heliograph.base.errors import StartError
from heliograph.ops import process

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# Nothing of the caller's environment: PGDATA, PGOPTIONS or a locale would change what the servers do.
SERVER_ENV = {"PATH": PATH, "LANG": "C", "LC_ALL": "C", "TZ": "UTC"}
ROOT_FOLDER = Path("/")


class Identity(msgspec.Struct, frozen=True):
    """How to become the one who runs the servers (`prefix`, put before an argv) and who must own the files."""

    prefix: tuple[str, ...] = ()
    uid: int = msgspec.field(default_factory=os.geteuid)
    gid: int = msgspec.field(default_factory=os.getegid)

    async def take(self, folder: Path, server: str) -> None:
        """Make `folder`, which lies directly in the data directory, usable for `server`. Raises StartError."""
        self._own(folder)
        if self.prefix and not await self._reaches(folder):
            raise StartError(
                f"{server} does not run as root but as nobody, who cannot reach {folder}. Set DATA_DIR to a folder "
                "whose parents are open to all (/var/lib/heliograph), or run Heliograph as the folder's owner."
            )

    def _own(self, folder: Path) -> None:
        if os.geteuid() == 0 and folder.stat().st_uid != self.uid:
            for path in _within(folder):
                os.chown(path, self.uid, self.gid, follow_symlinks=False)
        if self.uid != os.geteuid():
            # The real nobody must pass through the data directory; the folders above it are not ours to open.
            folder.parent.chmod(folder.parent.stat().st_mode | 0o011)

    async def _reaches(self, folder: Path) -> bool:
        check = ("sh", "-c", 'test -w "$1" && test -x "$1"', "sh", str(folder))
        code, _ = await process.run((*self.prefix, *check), SERVER_ENV, ROOT_FOLDER)
        return code == 0


def _within(folder: Path) -> Iterator[str]:
    # The folder itself comes last: a walk that was cut short is seen at the next start and done again.
    for root, _, files in os.walk(folder, topdown=False):
        yield from (os.path.join(root, name) for name in files)  # noqa: PTH118 -- thousands of paths, as text
        yield root


def _candidates() -> Iterator[Identity]:
    nobody = pwd.getpwnam("nobody")
    if shutil.which("unshare"):
        yield Identity(("unshare", "--user", f"--map-user={nobody.pw_uid}", f"--map-group={nobody.pw_gid}"))
    if os.geteuid() == 0 and shutil.which("setpriv"):
        become = ("setpriv", f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}", "--clear-groups", "--")
        yield Identity(become, nobody.pw_uid, nobody.pw_gid)


def _has_name() -> bool:
    try:
        pwd.getpwuid(os.geteuid())
    except KeyError:
        return False
    return True


async def choose(program: Path) -> Identity:
    """The first identity under which `program` (an embedded server) can be executed. Raises StartError."""
    if os.geteuid() != 0 and _has_name():
        return Identity()
    tried = []
    for identity in _candidates() if sys.platform == "linux" else ():
        code, output = await process.run((*identity.prefix, str(program), "--version"), SERVER_ENV, ROOT_FOLDER)
        if code == 0:
            return identity
        tried.append(output.strip() or f"{identity.prefix[0]} failed")
    raise StartError(
        f"The embedded PostgreSQL cannot run as {'root' if os.geteuid() == 0 else 'a user without a name'}, and no other "
        f"way was open ({'; '.join(tried) or 'none known on this system'}). Run Heliograph as an ordinary user that may "
        f"read {program.parent}, or set DATABASE_URL and VALKEY_URL to servers of your own."
    )
