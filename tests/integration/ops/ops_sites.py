"""Sites as processes, with deadlines."""

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import asyncpg
import valkey.exceptions

from heliograph.ops import orphans

SCRIPT = Path(__file__).with_name("small_site.py")
DEADLINE_S = 20.0


async def eventually(check, timeout_s=DEADLINE_S):
    """The first true value of `check` (sync or async); its errors of connection count as not yet."""
    deadline = time.monotonic() + timeout_s
    while True:
        found = None
        with contextlib.suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError, valkey.exceptions.ValkeyError):
            result = check()
            found = await result if asyncio.iscoroutine(result) else result
        if found:
            return found
        assert time.monotonic() < deadline, f"not within {timeout_s} s: {check}"
        await asyncio.sleep(0.02)


def leftovers(data_dir):
    """Every process that belongs to `data_dir`, without its supervisor."""
    data_dir = data_dir.resolve()
    return [
        *orphans.programs(data_dir),
        *orphans.servers("postgres", data_dir / "postgres"),
        *orphans.servers("valkey-server", data_dir / "valkey"),
    ]


class Site:
    """A running site.py."""

    def __init__(self, data_dir, *flags, port=0, prefix=(), path=None):
        self.data_dir = data_dir
        self.output = data_dir.parent / f"{data_dir.name}-{time.monotonic_ns()}.out"
        env = {key: value for key, value in os.environ.items() if not key.startswith("HELIOGRAPH_")}
        with self.output.open("wb") as file:
            self.process = subprocess.Popen(
                [*prefix, sys.executable, str(SCRIPT), str(data_dir), str(port), *flags],
                stdout=file,
                stderr=subprocess.STDOUT,
                env={**env, "PATH": path or env["PATH"]},
            )

    def text(self):
        return self.output.read_text()

    def says(self, word):
        assert self.process.poll() is None or word in self.text(), self.text()
        return word in self.text()

    async def ready(self):
        await eventually(lambda: self.says('"port":'))
        return json.loads(next(line for line in self.text().splitlines() if line.startswith('{"port"')))

    async def ended(self, timeout_s=DEADLINE_S):
        await eventually(lambda: self.process.poll() is not None, timeout_s)
        return self.process.returncode

    async def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return await self.ended()

    async def kill(self):
        self.process.kill()
        self.process.wait()
