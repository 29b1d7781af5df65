"""How long a server stalls for others: PINGs on a connection of their own. `python -m heliograph.lab.bench.ping SOCKET`.

It ends with its standard input, and then prints the latencies as a JSON list of milliseconds, sorted.
"""

import asyncio
import contextlib
import json
import os
import select
import socket
import sys
import time
from collections.abc import AsyncIterator

from heliograph.lab.bench.trial import ALL_CORES, pinned

EVERY_S = 0.002


class Pings:
    """The latencies in milliseconds, sorted; there once the block has ended."""

    def __init__(self) -> None:
        self.ms: list[float] = []

    @property
    def p99_ms(self) -> float:
        """Their 99th percentile."""
        return self.ms[min(len(self.ms) - 1, int(0.99 * len(self.ms)))] if self.ms else float("nan")


@contextlib.asynccontextmanager
async def pinging(valkey_url: str) -> AsyncIterator[Pings]:
    """PING the server at `valkey_url`, a Unix socket, while the block runs."""
    argv = ("-m", "heliograph.lab.bench.ping", valkey_url.removeprefix("unix://"))
    pings = Pings()
    with pinned(ALL_CORES):
        process = await asyncio.create_subprocess_exec(
            sys.executable, *argv, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
        )
    assert process.stdout is not None
    await process.stdout.readline()
    try:
        yield pings
    finally:
        told, _ = await process.communicate(b"")
        pings.ms = json.loads(told)


def _ping(path: str) -> list[float]:
    latencies = []
    with socket.socket(socket.AF_UNIX) as server:
        server.connect(path)
        sys.stdout.write("\n")
        sys.stdout.flush()
        while not select.select([sys.stdin], [], [], EVERY_S)[0]:
            sent = time.perf_counter()
            server.sendall(b"PING\r\n")
            server.recv(64)
            latencies.append((time.perf_counter() - sent) * 1000)
    return sorted(latencies)


if __name__ == "__main__":
    # The server is measured, not how long a client waits for a core. Not everybody may ask for that.
    with contextlib.suppress(PermissionError):
        os.nice(-10)
    sys.stdout.write(json.dumps(_ping(sys.argv[1])))
