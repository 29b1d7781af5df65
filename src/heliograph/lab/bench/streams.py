"""Streams: 2,000 open WebSockets on one web process, memory, and how long a post takes to its readers at 100 a second.

The posts come in through the API of the same process. A reader's delay counts from the answer to the request that made the
post: by then it has happened; whoever hears of it sooner counts as 0. The whole way, the request among it, is told beside.
"""

import asyncio
import base64
import os
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
import psutil

from heliograph.base import openfiles
from heliograph.lab.bench import crowd, load
from heliograph.lab.bench.report import Figure
from heliograph.lab.bench.trial import ALL_CORES, Trial, program, resident_mb

STREAMS, FOLLOWS = 2000, 50
POSTS_A_SECOND, SECONDS = 100, 15.0
POSTERS = 16
# What is still on its way when the last post has been answered.
DRAIN_S = 3.0
OPENED_AT_ONCE = 50
MB_BAR, P99_MS_BAR = 200, 500

# Without hashtags: what those cost is another matter.
TEXT = "The light at the end of the pier, just after the rain. " * 5

_STAMP = re.compile(rb"sent at (\d{10,20}) ")
# RFC 6455, 5.2: a whole message of text; a ping; a pong with the mask that clients have to use, here one that changes nothing.
_PING, _PONG, _UNMASKED = 0x89, 0x8A, bytes(4)


class Heard:
    """What has been posted, and what all readers have heard; moments by `perf_counter_ns`."""

    def __init__(self) -> None:
        # A post is known by the moment at which it was sent.
        self.answered: dict[int, int] = {}
        self.heard: list[tuple[int, int]] = []
        self.ended = 0

    def since_sent_ms(self, quantile: float) -> float:
        """A quantile of the delays since the request was sent."""
        return _quantile([at - sent for sent, at in self.heard], quantile)

    def since_answered_ms(self, quantile: float) -> float:
        """A quantile of the delays since the request was answered."""
        return _quantile([max(0, at - self.answered.get(sent, sent)) for sent, at in self.heard], quantile)


def _quantile(delays_ns: list[int], quantile: float) -> float:
    delays_ns.sort()
    return delays_ns[min(len(delays_ns) - 1, int(quantile * len(delays_ns)))] / 1e6 if delays_ns else float("inf")


class _Reader(asyncio.Protocol):
    """A client of a stream that only looks for stamps, and answers pings: small, since it shares the machine."""

    def __init__(self, token: str, heard: Heard) -> None:
        self._token = token
        self._heard = heard
        self._data = b""
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        key = base64.b64encode(os.urandom(16)).decode()
        transport.write(
            (
                "GET /api/v1/streaming?stream=user HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
                f"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n"
                f"Authorization: Bearer {self._token}\r\n\r\n"
            ).encode()
        )

    def data_received(self, data: bytes) -> None:
        if not self.opened.done():
            if data.startswith(b"HTTP/1.1 101"):
                self.opened.set_result(None)
            else:
                self.opened.set_exception(ConnectionError(data[:80].decode(errors="replace")))
            return
        now = time.perf_counter_ns()
        self._data += data
        while (size := _size(self._data)) <= len(self._data):
            frame, self._data = self._data[:size], self._data[size:]
            if frame[0] == _PING:
                self.transport.write(bytes((_PONG, 0x80 | frame[1])) + _UNMASKED + frame[2:])
            elif stamp := _STAMP.search(frame):
                self._heard.heard.append((int(stamp[1]), now))

    def connection_lost(self, exc: Exception | None) -> None:
        self._heard.ended += 1
        if not self.opened.done():
            self.opened.set_exception(exc or ConnectionError("the server closed the connection"))


def _size(data: bytes) -> int:
    """How long the first frame in `data` is, as far as can be said yet."""
    if len(data) < 4:
        return 4 if len(data) < 2 or data[1] else 2
    if data[1] < 126:
        return 2 + data[1]
    return 4 + int.from_bytes(data[2:4], "big") if data[1] == 126 else 10 + int.from_bytes(data[2:10], "big")


async def measure(trial: Trial) -> list[Figure]:
    """Memory of the web process, and the delays of all readers of all posts."""
    openfiles.allow_many()
    everybody = await crowd.society(trial.shards, STREAMS, FOLLOWS, 0, seed=1)
    port = trial.settings.port
    heard = Heard()
    ready = f"http://127.0.0.1:{port}/readyz"
    async with (
        program(trial.settings, "heliograph", "work", cores=ALL_CORES),
        program(trial.settings, "heliograph", "serve", cores=ALL_CORES, ready=ready) as pid,
    ):
        idle_mb = resident_mb(pid)
        async with _readers(port, everybody, heard):
            opened_mb = resident_mb(pid)
            worked_s, started = _worked_s(pid), time.perf_counter()
            posted, refused = await _post(port, everybody, heard)
            worked_s, took_s = _worked_s(pid) - worked_s, time.perf_counter() - started
            await asyncio.sleep(DRAIN_S)
            busy_mb, ended = resident_mb(pid), heard.ended
    # Each author has FOLLOWS readers on the average, and reads along.
    expected = posted * (FOLLOWS + 1)
    return [
        Figure(f"memory with {STREAMS:,} open streams", busy_mb, "MB", MB_BAR, at_most=True,
               note=f"idle {idle_mb:.0f}, just opened {opened_mb:.0f}"),
        Figure("  of it for each stream", (busy_mb - idle_mb) / STREAMS * 1000, "KB"),
        Figure("event to reader, p50", heard.since_answered_ms(0.5), "ms", note=f"{posted / took_s:.0f} posts/s"),
        Figure("  p99", heard.since_answered_ms(0.99), "ms", P99_MS_BAR, at_most=True),
        Figure("  since the request was sent, p50", heard.since_sent_ms(0.5), "ms"),
        Figure("  p99", heard.since_sent_ms(0.99), "ms"),
        Figure("  events a second", len(heard.heard) / took_s, "/s", note=f"{len(heard.heard) / expected:.1%} of the mean expected"),
        Figure("  the web process at work", 100 * worked_s / took_s, "% of a core"),
        Figure("  streams that the server ended", ended, "", 0, at_most=True),
        Figure("  posts not answered with 200", refused, "", 0, at_most=True),
    ]  # fmt: skip


def _worked_s(pid: int) -> float:
    """Processor time that a process has taken, in seconds."""
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)


@asynccontextmanager
async def _readers(port: int, people: list[crowd.Person], heard: Heard) -> AsyncIterator[None]:
    """Everybody's home, streamed, for the length of the block."""
    loop = asyncio.get_running_loop()
    readers: list[_Reader] = []
    for at in range(0, len(people), OPENED_AT_ONCE):
        some = people[at : at + OPENED_AT_ONCE]
        pairs = await asyncio.gather(
            *(
                loop.create_connection(lambda token=one.token: _Reader(token, heard), "127.0.0.1", port)  # type: ignore[misc]
                for one in some
            )
        )
        readers += [reader for _, reader in pairs]
        await asyncio.gather(*(reader.opened for _, reader in pairs))
    try:
        yield
    finally:
        for reader in readers:
            reader.transport.abort()


async def _post(port: int, people: list[crowd.Person], heard: Heard) -> tuple[int, int]:
    """POSTS_A_SECOND by turns of the people, for SECONDS; how many were posted, and how many were not answered with 200."""
    started = time.perf_counter()
    count = int(POSTS_A_SECOND * SECONDS)
    turns = iter(range(count))

    async def poster() -> int:
        refused = 0
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for turn in turns:
            await asyncio.sleep(max(0.0, started + turn / POSTS_A_SECOND - time.perf_counter()))
            sent = time.perf_counter_ns()
            text = f"sent at {sent} . {TEXT}"
            body = msgspec.json.encode({"status": text, "visibility": "public"})
            writer.write(load.post("/api/v1/statuses", people[turn * 7 % len(people)].token, body))
            refused += not await _answered(reader)
            heard.answered[sent] = time.perf_counter_ns()
        writer.close()
        return refused

    return count, sum(await asyncio.gather(*(poster() for _ in range(POSTERS))))


async def _answered(reader: asyncio.StreamReader) -> bool:
    """Read an answer; whether it says 200."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
    await reader.readexactly(length)
    return head.startswith(b"HTTP/1.1 200")
