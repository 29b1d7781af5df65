"""A real `heliograph up` as a process of its own, and its parts, to be killed, stopped and looked into.

It ends only processes that it has started: the supervisor, and what runs beneath it.
"""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import time

import asyncpg
import psutil

from heliograph.ops import orphans, probes
from heliograph.ops.identity import Identity
from heliograph.ops.postgres import Postgres

START_S = 40.0
DRAIN_S = 60.0
POLL_S = 0.05
# More messages than a worker takes at once.
BACKLOG = 16
# What a program may only write when it has met something that nobody thought of.
BUGS = ("Traceback", '"request.bug"', '"worker.failed"', '"chore.failed"', '"exception"')
PARTS = {"web": "serve", "worker": "work", "postgres": "postgres", "valkey": "valkey-server"}


async def until(check, timeout_s, what, details=lambda: "", poll_s=POLL_S):
    """The first true value of the coroutine function `check`."""
    deadline = time.monotonic() + timeout_s
    while not (found := await check()):
        assert time.monotonic() < deadline, f"not within {timeout_s:.0f} s: {what}\n{details()}"
        await asyncio.sleep(poll_s)
    return found


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


class Site:
    """One site: started, killed and started again on the same data directory and port."""

    def __init__(self, folder, **settings):
        self.data_dir = folder / "site"
        self.port = free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        self._output = folder / "site.log"
        self._process = None
        own = {
            "DATA_DIR": self.data_dir,
            "PORT": self.port,
            "RATE_LIMITS": "off",
            "LOG_FORMAT": "json",
            **settings,
        }
        self._env = {key: value for key, value in os.environ.items() if not key.startswith("HELIOGRAPH_")}
        self._env |= {f"HELIOGRAPH_{name}": str(value) for name, value in own.items()}

    def launch(self):
        with self._output.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "heliograph", "up"], stdout=output, stderr=subprocess.STDOUT, env=self._env
            )

    async def start(self):
        """Start the site; how many seconds until it could serve."""
        begin = time.monotonic()
        self.launch()
        await self.ready()
        return time.monotonic() - begin

    async def ready(self, timeout_s=START_S):
        async def serves():
            assert self._process.poll() is None, f"the site has ended by itself\n{self.tail()}"
            return await probes.http(f"{self.base}/readyz", 2.0) == 200

        await until(serves, timeout_s, "the site serves", self.tail)

    async def back(self):
        """Seconds until the site serves again."""
        begin = time.monotonic()
        await self.ready()
        return time.monotonic() - begin

    def part(self, name):
        """The process of a part, the main one where it has several; None while there is none."""
        with contextlib.suppress(psutil.Error):
            for child in psutil.Process(self._process.pid).children():
                with contextlib.suppress(psutil.Error):
                    if (child.name() if name in ("postgres", "valkey") else child.cmdline()[-1]) == PARTS[name]:
                        return child
        return None

    async def there(self, name):
        """The process of a part, as soon as there is one."""

        async def found():
            return self.part(name)

        return await until(found, START_S, f"{name} runs", self.tail)

    async def kill(self, name):
        (await self.there(name)).kill()

    async def hold_down(self, name, time_s):
        """Kill a part, and again whenever it has come back, for `time_s`."""
        end = time.monotonic() + time_s
        while time.monotonic() < end:
            if found := self.part(name):
                with contextlib.suppress(psutil.Error):
                    found.kill()
            await asyncio.sleep(0.01)

    async def kill_busy_worker(self):
        """Kill the worker while its hands are full: nobody else may touch its messages until the leases run out."""
        async with self.database() as database:

            async def count(which):
                return await database.fetchval(f"SELECT count(*) FROM outbox WHERE {which}")

            async def busy():
                worker = await self.there("worker")
                worker.suspend()
                while await count("lease IS NULL") < BACKLOG:  # noqa: ASYNC110 -- it looks into the database
                    await asyncio.sleep(0.01)
                worker.resume()
                await asyncio.sleep(0.01)
                worker.suspend()
                return worker if await count("lease IS NOT NULL") else worker.resume()

            (await until(busy, START_S, "the worker has leased something", self.tail)).kill()

    async def kill_session(self):
        """Kill the PostgreSQL session that was used last: the postmaster then restarts all of them."""
        postmaster = await self.there("postgres")
        sessions = [child for child in postmaster.children() if "heliograph heliograph" in " ".join(child.cmdline())]
        assert sessions, "nobody talks to PostgreSQL"
        sessions[-1].kill()

    def kill_supervisor(self):
        self._process.kill()
        self._process.wait()

    def kill_everything(self):
        """As by a power cut: the supervisor and all that runs beneath it, at once."""
        everybody = psutil.Process(self._process.pid).children(recursive=True)
        self.kill_supervisor()
        for process in everybody:
            with contextlib.suppress(psutil.Error):
                process.kill()

    @contextlib.asynccontextmanager
    async def frozen(self, name):
        """A part does not run inside the block, and does not know it (SIGSTOP); PostgreSQL with all its sessions."""
        main = await self.there(name)
        some = [main, *main.children(recursive=True)]
        for process in some:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.suspend()
        try:
            yield
        finally:
            for process in some:
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.resume()

    async def stop(self, timeout_s=15.0):
        """SIGTERM; the seconds that the stop took. It must be clean."""
        begin = time.monotonic()
        self._process.send_signal(signal.SIGTERM)

        async def ended():
            return self._process.poll() is not None

        await until(ended, timeout_s, "the site stops", self.tail)
        assert self._process.returncode == 0, self.tail()
        assert self.leftovers() == [], "something outlived its supervisor"
        return time.monotonic() - begin

    def leftovers(self):
        """What belongs to this data directory, without its supervisor."""
        folder = self.data_dir.resolve()
        return [
            *orphans.programs(folder),
            *orphans.servers("postgres", folder / "postgres"),
            *orphans.servers("valkey-server", folder / "valkey"),
        ]

    def end(self):
        """After a test, whatever has become of it: nothing of it runs any more."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        rest = self.leftovers()
        for process in rest:
            with contextlib.suppress(psutil.Error):
                process.kill()
        psutil.wait_procs(rest, timeout=5)

    @contextlib.asynccontextmanager
    async def database(self):
        connection = await asyncpg.connect(Postgres(self.data_dir.resolve(), Identity()).url, timeout=5)
        try:
            yield connection
        finally:
            await connection.close(timeout=5)

    async def drained(self):
        """Wait until no message is left in the outbox, not even a dead one; how many seconds that took."""
        begin = time.monotonic()
        async with self.database() as database:

            async def empty():
                return await database.fetchval("SELECT count(*) FROM outbox") == 0

            rest = []

            async def told():
                if await empty():
                    return True
                rest[:] = await database.fetch("SELECT kind, attempts, problem, dead_at, run_at FROM outbox LIMIT 5")
                return False

            await until(told, DRAIN_S, "the outbox is empty", lambda: f"{rest}\n{self.tail()}")
        return time.monotonic() - begin

    def bugs(self):
        """Lines of the log that say that something was not foreseen."""
        return [line[:2000] for line in self.text().splitlines() if any(word in line for word in BUGS)]

    def text(self):
        return self._output.read_text(errors="replace")

    def tail(self, lines=25):
        parts = [self._output, *sorted((self.data_dir / "logs").glob("*.log"))]
        return "\n".join(
            f"--- {path.name}\n" + "\n".join(path.read_text(errors="replace").splitlines()[-lines:])
            for path in parts
            if path.exists()
        )
