"""A closed-loop HTTP/1.1 client: so many connections, each sends its next request when its last was answered.

Small, since it shares the machine with what it measures: a request costs it some 15 us.
"""

import asyncio
import time
import urllib.request
from collections.abc import Callable

import msgspec


class Outcome(msgspec.Struct, frozen=True):
    """What came of a run: answers a second, latencies in seconds (sorted), answers other than 200."""

    per_s: float
    latencies_s: list[float]
    refused: int

    def ms(self, quantile: float) -> float:
        """A quantile of the latencies in milliseconds."""
        return self.latencies_s[min(len(self.latencies_s) - 1, int(quantile * len(self.latencies_s)))] * 1000


class _Connection(asyncio.Protocol):
    def __init__(self, next_request: Callable[[], bytes]) -> None:
        self._next_request = next_request
        self._transport: asyncio.Transport | None = None
        self._data = b""
        self._missing = -1
        self._sent_at = 0.0
        self.latencies_s: list[float] = []
        self.refused = 0
        self.running = True
        self.finished: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._send()

    def data_received(self, data: bytes) -> None:
        if self._missing < 0:
            self._data += data
            head, found, body = self._data.partition(b"\r\n\r\n")
            if not found:
                return
            length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
            self.refused += not head.startswith(b"HTTP/1.1 200")
            self._missing = int(length or 0) - len(body)
            self._data = b""
        else:
            self._missing -= len(data)
        if self._missing == 0:
            self._answered()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.finished.done():
            self.finished.set_exception(exc or ConnectionError("the server closed the connection"))

    def _answered(self) -> None:
        self.latencies_s.append(time.perf_counter() - self._sent_at)
        self._missing = -1
        if self.running:
            self._send()
        else:
            self.finished.set_result(None)
            assert self._transport is not None
            self._transport.close()

    def _send(self) -> None:
        self._sent_at = time.perf_counter()
        assert self._transport is not None
        self._transport.write(self._next_request())


async def run(port: int, next_request: Callable[[], bytes], seconds: float, connections: int = 16) -> Outcome:
    """Send what `next_request` makes to a server on loopback for `seconds`. Raises ConnectionError."""
    loop = asyncio.get_running_loop()
    started = time.perf_counter()
    opened = [
        (await loop.create_connection(lambda: _Connection(next_request), "127.0.0.1", port))[1]
        for _ in range(connections)
    ]
    await asyncio.sleep(seconds)
    for connection in opened:
        connection.running = False
    await asyncio.gather(*(connection.finished for connection in opened))
    took_s = time.perf_counter() - started
    latencies = sorted(latency for connection in opened for latency in connection.latencies_s)
    return Outcome(len(latencies) / took_s, latencies, sum(connection.refused for connection in opened))


def get(path: str, token: str) -> bytes:
    """The bytes of a GET request."""
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n".encode()


def post(path: str, token: str, body: bytes) -> bytes:
    """The bytes of a POST request with a JSON body."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def size(port: int, path: str, token: str) -> int:
    """How many bytes the body of an answer has."""
    return await asyncio.to_thread(_size, port, path, token)


def _size(port: int, path: str, token: str) -> int:
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers={"Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 -- an address of our own on loopback
        return len(answer.read())
