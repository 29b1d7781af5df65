"""A service that runs but does not answer any more."""

import asyncio
import signal
import sys

import psutil
from ops_sites import eventually

from heliograph.ops.keeper import kept
from heliograph.ops.probes import Health
from heliograph.ops.process import Command
from heliograph.ops.service import Service

ANSWERS = "import os, sys, time\nwhile 1: os.utime(sys.argv[1], None) if os.path.exists(sys.argv[1]) else open(sys.argv[1], 'w').close(); time.sleep(0.01)"


class Pulse(Service):
    """A process that touches a file as long as it is well."""

    name = "pulse"
    check_every_s = 0.2
    misses_allowed = 2
    grace_s = 0.2

    def __init__(self, path):
        self.path = path

    def command(self):
        return Command([sys.executable, "-c", ANSWERS, str(self.path)], {})

    async def probe(self):
        before = self.path.stat().st_mtime_ns if self.path.exists() else 0
        await asyncio.sleep(0.1)
        return Health.READY if self.path.exists() and self.path.stat().st_mtime_ns > before else Health.DOWN


async def test_a_deaf_service_is_replaced(tmp_path):
    async with kept(Pulse(tmp_path / "pulse"), asyncio.Event()) as keeper:
        deaf = psutil.Process(keeper.pid)
        deaf.send_signal(signal.SIGSTOP)
        await eventually(lambda: keeper.pid not in {None, deaf.pid})
        assert not deaf.is_running()
