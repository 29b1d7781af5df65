"""The embedded Valkey 9: an append-only file, a unix socket, nothing evicted.

It must be able to say whether acknowledged writes may have been lost since the last run, because what is
cached is believed only then. Everything in Valkey can be rebuilt from PostgreSQL: a log that cannot be
read is moved aside, never a reason not to start.
"""

import contextlib
import signal
import time
from pathlib import Path

from heliograph.base import logs
from heliograph.ops import binaries, orphans, probes, sockets
from heliograph.ops.identity import SERVER_ENV, Identity
from heliograph.ops.probes import Health
from heliograph.ops.process import Command
from heliograph.ops.service import Service

log = logs.get("ops.valkey")

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
LOG_FOLDER = "appendonlydir"
UNREADABLE = (
    "Bad file format reading the append only file",
    "Unexpected end of file reading the append only file",
    "Unable to obtain the AOF file",
    "Invalid AOF manifest",
    "Can't handle RDB format version",
    "Wrong signature trying to load DB",
)

OPTIONS = {
    "port": "0",
    "unixsocketperm": "700",
    "daemonize": "no",
    "logfile": "",
    "save": "",
    "appendonly": "yes",
    # Not everysec: during its background fsync it answers before it writes, and a kill -9 then loses acknowledged
    # writes (8 of 8 tries). With no, each is in the kernel before its answer; only a crash of the machine loses some.
    "appendfsync": "no",
    "aof-load-truncated": "yes",
    # Deliveries write much: rewriting the file each 64 MB would cost more than it saves.
    "auto-aof-rewrite-min-size": "256mb",
    "maxmemory-policy": "noeviction",
    # Parts of a feed: each push copies the first of them within memory, and up to 1 KB the C library has room for it at hand.
    "list-max-listpack-size": "100",
}


class Valkey(Service):
    """The server of one data directory. `lossless`: whether all that it had ever acknowledged is still there."""

    name = "Valkey"
    grace_s = 20.0

    def __init__(self, data_dir: Path, identity: Identity) -> None:
        """`data_dir`: absolute, resolved and claimed."""
        self.lossless = False
        self.log = data_dir / "logs" / "valkey.log"
        self._folder = data_dir / "valkey"
        self._mark = self._folder / "boot_id"
        self.socket = sockets.valkey(data_dir)
        self._identity = identity
        self._settled = False

    @property
    def url(self) -> str:
        """Its URL."""
        return f"unix://{self.socket}"

    async def prepare(self) -> None:
        """Folder, socket, no predecessor; find out whether the log can be trusted."""
        sockets.prepare(self.socket.parent, self._identity.uid, self._identity.gid)
        self._folder.mkdir(mode=0o700, exist_ok=True)
        await self._identity.take(self._folder, self.name)
        await orphans.stop(
            orphans.servers("valkey-server", self._folder), ((signal.SIGTERM, 20.0), (signal.SIGKILL, 5.0))
        )
        self.socket.unlink(missing_ok=True)
        self.lossless = self._trusted()
        # Those who use it now were told of losses before they began; the one loss that they notice by themselves is
        # that all is gone. So after a loss in the middle of a run it starts empty.
        if self._settled and not self.lossless:
            self._set_aside("writes may have been lost")

    def command(self) -> Command:
        """The server in the foreground; its output is its log."""
        settings = {**OPTIONS, "dir": str(self._folder), "unixsocket": str(self.socket)}
        options = [word for key, value in settings.items() for word in (f"--{key}", value)]
        argv = (*self._identity.prefix, str(binaries.valkey()), *options)
        return Command(argv, SERVER_ENV, self._folder, self.log, self.stop_signal)

    async def probe(self) -> Health:
        """Ready when it answers PING; a refusal to write (disk full) is an answer, and ends the trust in the log."""
        answer = await probes.valkey(self.socket, self.probe_timeout_s)
        if answer is None:
            return Health.DOWN
        if answer.startswith("-MISCONF"):
            log.error("Valkey cannot write to its log; is the disk full?", answer=answer)
            with contextlib.suppress(OSError):
                self._mark.unlink(missing_ok=True)
        return Health.BUSY if answer.startswith("-LOADING") else Health.READY

    async def started(self) -> None:
        """After a restart that had to begin empty, trust the log again."""
        if self._settled:
            self.settle()

    def settle(self) -> None:
        """Say that what `lossless == False` asks for has been done; until then each start says False again."""
        self._settled = True
        with contextlib.suppress(OSError):
            if (now := self._now()) is not None:
                self._mark.write_text(now)

    def mend(self, output: str) -> bool:
        """Move a log that cannot be loaded aside, so that the next try starts empty."""
        if not any(phrase in output for phrase in UNREADABLE):
            return False
        self._set_aside("the append-only file cannot be read")
        self.lossless = False
        return True

    def _set_aside(self, reason: str) -> None:
        kept = self._folder / LOG_FOLDER
        if kept.exists():
            aside = kept.with_name(f"{LOG_FOLDER}.aside-{time.time_ns()}")
            log.warning("Valkey starts empty", reason=reason, moved_to=str(aside))
            kept.rename(aside)

    def _trusted(self) -> bool:
        with contextlib.suppress(OSError):
            return (self._folder / LOG_FOLDER).is_dir() and self._mark.read_text() == self._now()
        return False

    def _now(self) -> str | None:
        """This boot and these very folders (not a copy put back in their place); None where it cannot be known."""
        if not BOOT_ID.exists():
            return None
        folders = [each.stat() for each in (self._folder, self._folder / LOG_FOLDER)]
        return " ".join([BOOT_ID.read_text().strip(), *(f"{found.st_dev} {found.st_ino}" for found in folders)])
