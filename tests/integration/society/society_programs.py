"""Two web processes and a worker as real programs, the worker killed whenever it likes least to be.

Ends only what it has started.
"""

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import httpx
from society_workers import Workers, sql

START_S = 40.0
DRAIN_S = 60.0
POLL_S = 0.05


class Program:
    """One program of `heliograph`, its output in a file."""

    def __init__(self, environment: dict[str, str], output: Path, *words: str) -> None:
        self._environment, self._output, self._words = environment, output, words
        self.process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        with self._output.open("ab") as output:
            command = [sys.executable, "-m", "heliograph", *self._words]
            return subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, env=self._environment)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def again(self) -> None:
        """Kill it, and start another."""
        self.kill()
        self.process = self._start()

    def text(self) -> str:
        return self._output.read_text(errors="replace")


class LivingWorkers(Workers):
    """As Workers, with a program that works all the time. What waits is handled by it, and by nobody here."""

    program: Program

    async def work(self) -> None:
        """The worker is killed with whatever it has in its hands; sometimes its leases run out at once."""
        self.deaths += 1
        self.program.again()
        if self.chance.random() < 0.5:
            await self._expire()

    async def drain(self) -> None:
        await self._listen()
        await self._expire()
        end = time.monotonic() + DRAIN_S
        while left := await self.product.stores.shards.scatter(sql.left):
            assert time.monotonic() < end, f"not done: {[dict(row) for row in left]}\n{self.program.text()[-3000:]}"
            await asyncio.sleep(POLL_S)
        self.story.append("drained")


@asynccontextmanager
async def programs(settings: dict[str, str], folder: Path) -> AsyncIterator[tuple[list[httpx.AsyncClient], Program]]:
    """Clients of two web processes, and the worker, on stores that are there."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("HELIOGRAPH_")}
    environment |= {f"HELIOGRAPH_{name}": value for name, value in settings.items()}
    started: list[Program] = []

    def run(name: str, *words: str) -> Program:
        started.append(Program(environment, folder / f"{name}.log", *words))
        return started[-1]

    try:
        async with AsyncExitStack() as stack:
            webs = []
            for name in ("first", "second"):
                port = _free_port()
                program = run(name, "serve", "--port", str(port))
                client = httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30.0)
                webs.append(await stack.enter_async_context(client))
                await _serves(webs[-1], program)
            yield webs, run("worker", "work")
    finally:
        for program in started:
            program.kill()


async def _serves(web: httpx.AsyncClient, program: Program) -> None:
    end = time.monotonic() + START_S
    while True:
        try:
            if (await web.get("/readyz")).status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            pass
        assert time.monotonic() < end, program.text()
        assert program.process.poll() is None, program.text()
        await asyncio.sleep(POLL_S)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])
