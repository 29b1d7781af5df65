"""A program of Heliograph (web, worker) as the supervisor sees it: an argv, an environment, perhaps an address.

It is started as a process of its own and never imported. It writes where the supervisor writes.
"""

import os
from collections.abc import Mapping, Sequence

import msgspec

from heliograph.base.settings import FIELDS, PREFIX, Settings
from heliograph.ops import probes
from heliograph.ops.orphans import MARK
from heliograph.ops.probes import Health
from heliograph.ops.process import Command
from heliograph.ops.service import Service

EVERYWHERE = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 -- compared with, not listened on


class Program(msgspec.Struct, frozen=True):
    """A program to run. `ready_path`: it listens on the settings' host and port and answers this path with 200 once
    it can serve; None: it is ready when it runs. `grace_s`: what it gets between SIGTERM and SIGKILL."""  # noqa: D205, D209

    name: str
    argv: Sequence[str]
    ready_path: str | None = None
    grace_s: float = 10.0


def environment(settings: Settings, database_url: str, valkey_url: str) -> dict[str, str]:
    """Our environment with every setting in it, so that a program reads just what its supervisor has read."""
    data_dir = settings.data_dir.resolve()
    full = msgspec.structs.replace(settings, data_dir=data_dir, database_url=database_url, valkey_url=valkey_url)
    values = {PREFIX + name.upper(): str(getattr(full, name)) for name in FIELDS}
    return {**os.environ, **values, MARK: str(data_dir)}


def local_url(settings: Settings, path: str) -> str:
    """The address of `path` on the web server of `settings`, as this machine reaches it."""
    host = EVERYWHERE.get(settings.host, settings.host)
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.port}{path}"


class Supervised(Service):
    """A program, kept running."""

    ready_timeout_s = 60.0
    busy_limit_s = 60.0
    # A busy server answers late. It is taken for dead only when it has not answered at all for half a minute.
    check_every_s = 5.0
    misses_allowed = 6

    def __init__(self, program: Program, env: Mapping[str, str], url: str | None) -> None:
        """`url`: where its `ready_path` is answered."""
        self.name = program.name
        self.grace_s = program.grace_s
        self._program = program
        self._env = env
        self._url = url
        self._served = False

    async def prepare(self) -> None:
        """A start: it must be ready again before it counts as ready."""
        self._served = False

    def command(self) -> Command:
        """The program, writing where we write."""
        return Command(self._program.argv, self._env, stop_signal=self.stop_signal)

    async def probe(self) -> Health:
        """Ready at the first 200. Later any answer is a sign of life: a 503 while a store is away is no reason to die."""
        if self._url is None:
            return Health.READY
        status = await probes.http(self._url, self.probe_timeout_s)
        if status is None:
            return Health.DOWN
        self._served = self._served or status == 200
        return Health.READY if self._served else Health.BUSY
