"""The embedded PostgreSQL 18: made by initdb once, then run over a unix socket only.

Durability is not for sale here: fsync, full-page writes and synchronous commit stay on, so that what
was answered is on disk. It never touches a cluster of another version, and never deletes one.
"""

import os
import shutil
import signal
from pathlib import Path

from heliograph.base.errors import StartError
from heliograph.ops import binaries, claim, orphans, probes, process, sockets
from heliograph.ops.identity import SERVER_ENV, Identity
from heliograph.ops.probes import Health
from heliograph.ops.process import Command
from heliograph.ops.service import Service

USER = "heliograph"
DATABASE = "heliograph"
NO_SUCH_DATABASE = "3D000"
STARTING = "57P03"
NEW_CLUSTER_BYTES = 128 * 1024 * 1024

# Written to postgresql.conf when the cluster is made; its owner may change them there.
TUNABLE = {
    "max_connections": "100",
    "shared_buffers": "128MB",
    "effective_cache_size": "1GB",
    "work_mem": "8MB",
    "maintenance_work_mem": "64MB",
    "max_wal_size": "1GB",
    "checkpoint_timeout": "15min",
    "random_page_cost": "1.1",
    "log_min_duration_statement": "1s",
    "log_line_prefix": "%m [%p] ",
    "log_timezone": "UTC",
    "timezone": "UTC",
}

# Given at each start and stronger than any file: the rest of Heliograph relies on them.
FIXED = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "port": "5432",
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    "wal_level": "logical",
    # What was committed asynchronously (markers, leases) is on disk this soon; cached values wait for it.
    "wal_writer_delay": "20ms",
    "logging_collector": "off",
    "log_destination": "stderr",
    # The values of a slow statement are captions, addresses and hashes of proofs.
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
}


class Postgres(Service):
    """The server of one data directory."""

    name = "PostgreSQL"
    stop_signal = signal.SIGINT  # "fast": sessions are ended, then a checkpoint
    last_signal = signal.SIGQUIT  # "immediate": safe too, the next start replays the log
    grace_s = 60.0

    def __init__(self, data_dir: Path, identity: Identity) -> None:
        """`data_dir`: absolute, resolved and claimed."""
        self._folder = data_dir / "postgres"
        self.socket = sockets.postgres(data_dir)
        self._identity = identity
        self.log = data_dir / "logs" / "postgres.log"

    @property
    def url(self) -> str:
        """DSN of the site's database. The port only names the socket; it is said so that no PGPORT changes it."""
        return f"postgresql://{USER}@/{DATABASE}?host={self.socket.parent}&port=5432"

    async def prepare(self) -> None:
        """Make the cluster if there is none; see that it is ours, of this version, and not in use."""
        sockets.prepare(self.socket.parent, self._identity.uid, self._identity.gid)
        if self._folder.exists():
            self._check_version()
        else:
            await self._make()
        await self._identity.take(self._folder, self.name)
        await self._end_predecessor()

    def command(self) -> Command:
        """The server in the foreground; its output is its log."""
        settings = {**FIXED, "unix_socket_directories": str(self.socket.parent)}
        options = [word for key, value in settings.items() for word in ("-c", f"{key}={value}")]
        argv = (*self._identity.prefix, str(binaries.postgres("postgres")), "-D", str(self._folder), *options)
        return Command(argv, SERVER_ENV, self._folder, self.log, self.stop_signal)

    async def probe(self) -> Health:
        """Ready when it opens a session, or refuses one for a reason that a running server gives."""
        state = await probes.postgres(self.socket, USER, DATABASE, self.probe_timeout_s)
        if state is None:
            return Health.DOWN
        return Health.BUSY if state == STARTING else Health.READY

    async def started(self) -> None:
        """Create the site's database if it is not there."""
        if await probes.postgres(self.socket, USER, DATABASE, self.probe_timeout_s) == NO_SUCH_DATABASE:
            create = binaries.postgres("createdb")
            await self._tool(create, "-h", str(self.socket.parent), "-p", "5432", "-U", USER, "-w", DATABASE)

    def _check_version(self) -> None:
        mark = self._folder / "PG_VERSION"
        if not mark.is_file():
            raise StartError(f"{self._folder} is not a PostgreSQL cluster. Move it away, then start again.")
        if (found := mark.read_text().strip()) != str(binaries.POSTGRES_MAJOR):
            raise StartError(
                f"{self._folder} was made by PostgreSQL {found}; this Heliograph brings {binaries.POSTGRES_MAJOR}. "
                f"Dump it with PostgreSQL {found}, move the folder away, start, then load the dump."
            )

    async def _make(self) -> None:
        # Made under another name: a cluster that was cut off half-way is never taken for a whole one.
        unfinished = self._folder.with_name("postgres.new")
        claim.require_space(self._folder.parent, NEW_CLUSTER_BYTES)
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700)
        await self._identity.take(unfinished, self.name)
        tunable = [word for key, value in TUNABLE.items() for word in ("--set", f"{key}={value}")]
        await self._tool(
            binaries.postgres("initdb"),
            *("--pgdata", str(unfinished), "--username", USER, "--encoding", "UTF8", "--data-checksums"),
            *("--locale", "C", "--locale-provider", "builtin", "--builtin-locale", "C.UTF-8"),
            # No password: only who may enter the folder of the socket gets here at all.
            *("--auth-local", "trust", "--auth-host", "reject", "--no-instructions"),
            *tunable,
        )
        unfinished.rename(self._folder)
        _sync(self._folder.parent)

    async def _end_predecessor(self) -> None:
        """End every process of this cluster, then remove the traces that could be taken for a living one.

        A pid in postmaster.pid may be anybody's by now (after a reboot, in a container); PostgreSQL would refuse to start.
        """
        found = orphans.servers("postgres", self._folder)
        pid_file = self._folder / "postmaster.pid"
        first = pid_file.read_text().partition("\n")[0].strip() if pid_file.exists() else ""
        postmaster = [process for process in found if str(process.pid) == first]
        await orphans.stop(postmaster, ((signal.SIGINT, 60.0), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0)))
        # Sessions of a dead postmaster go by themselves, unless in the middle of a long query.
        await orphans.stop(found, ((None, 2.0), (signal.SIGQUIT, 2.0), (signal.SIGKILL, 5.0)))
        for trace in (pid_file, self.socket, self.socket.with_name(self.socket.name + ".lock")):
            trace.unlink(missing_ok=True)

    async def _tool(self, program: Path, *arguments: str) -> None:
        argv = (*self._identity.prefix, str(program), *arguments)
        code, output = await process.run(argv, SERVER_ENV, self._folder.parent)
        if code != 0:
            raise StartError(self.explain(f"{program.name} {process.ending(code)}", output))


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
