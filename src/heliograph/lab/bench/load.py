"""A closed-loop HTTP/1.1 client: so many connections, each sends its next request when its last was answered.

Small, since it shares the machine with what it measures: a request costs it some 15 us.
"""

import asyncio
import itertools
import time
import urllib.request
from collections.abc import Callable, Sequence

import msgspec

# Warming goes in runs of so many seconds, so many at most: a server that refuses everybody is never warm.
WARM_S, WARM_RUNS = 3.0, 200


OK = b"HTTP/1.1 200"


class Outcome(msgspec.Struct, frozen=True):
    """What came of a run: answers a second, latencies in seconds (sorted), answers other than 200."""

    per_s: float
    latencies_s: list[float]
    refused: int

    def ms(self, quantile: float) -> float:
        """A quantile of the latencies in milliseconds."""
        return self.latencies_s[min(len(self.latencies_s) - 1, int(quantile * len(self.latencies_s)))] * 1000


# Told a request, the body of its answer, when it was sent and when it was answered (`perf_counter`).
Judge = Callable[[bytes, bytes, float, float], None]


class _Connection(asyncio.Protocol):
    """Every `judged`-th answer is shown to `judge`."""

    def __init__(self, next_request: Callable[[], bytes], judge: Judge | None, judged: int) -> None:
        self._next_request = next_request
        self._judge = judge
        self._judged = judged
        self._request = b""
        self._kept: list[bytes] | None = None
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
            self.refused += not head.startswith(OK)
            self._missing = int(length or 0) - len(body)
            self._data = b""
            data = body
        else:
            self._missing -= len(data)
        if self._kept is not None:
            self._kept.append(data)
        if self._missing == 0:
            self._answered()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.finished.done():
            self.finished.set_exception(exc or ConnectionError("the server closed the connection"))

    def _answered(self) -> None:
        now = time.perf_counter()
        self.latencies_s.append(now - self._sent_at)
        self._missing = -1
        if self._kept is not None and self._judge is not None:
            self._judge(self._request, b"".join(self._kept), self._sent_at, now)
        if self.running:
            self._send()
        else:
            self.finished.set_result(None)
            assert self._transport is not None
            self._transport.close()

    def _send(self) -> None:
        self._request = self._next_request()
        self._kept = [] if self._judge is not None and not len(self.latencies_s) % self._judged else None
        self._sent_at = time.perf_counter()
        assert self._transport is not None
        self._transport.write(self._request)


async def run(
    port: int,
    next_request: Callable[[], bytes],
    seconds: float,
    connections: int = 16,
    judge: Judge | None = None,
    judged: int = 1,
) -> Outcome:
    """Send what `next_request` makes to a server on loopback for `seconds`. Raises ConnectionError.

    Of each connection every `judged`-th answer is shown to `judge`.
    """
    loop = asyncio.get_running_loop()
    started = time.perf_counter()
    opened = [
        (await loop.create_connection(lambda: _Connection(next_request, judge, judged), "127.0.0.1", port))[1]
        for _ in range(connections)
    ]
    await asyncio.sleep(seconds)
    for connection in opened:
        connection.running = False
    await asyncio.gather(*(connection.finished for connection in opened))
    took_s = time.perf_counter() - started
    latencies = sorted(latency for connection in opened for latency in connection.latencies_s)
    return Outcome(len(latencies) / took_s, latencies, sum(connection.refused for connection in opened))


class Client:
    """One connection, one request after the other."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def open(cls, port: int) -> "Client":
        """Connect to a server on loopback."""
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    async def ask(self, request: bytes) -> bytes:
        """The body of the answer to `request`. Raises ConnectionError for an answer other than 200."""
        head, body = await self.answer(request)
        if not head.startswith(OK):
            raise ConnectionError(head.partition(b"\r\n")[0].decode())
        return body

    async def answer(self, request: bytes) -> tuple[bytes, bytes]:
        """Head and body of the answer to `request`, whatever it is."""
        self._writer.write(request)
        head = await self._reader.readuntil(b"\r\n\r\n")
        length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
        return head, await self._reader.readexactly(int(length))

    def close(self) -> None:
        """Ask no more."""
        self._writer.close()


def get(path: str, token: str) -> bytes:
    """The bytes of a GET request; without a token ('') that of a stranger."""
    authorization = f"Authorization: Bearer {token}\r\n" if token else ""
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\n{authorization}\r\n".encode()


def post(path: str, token: str, body: bytes) -> bytes:
    """The bytes of a POST request with a JSON body."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def warm(port: int, requests: Sequence[bytes], rounds: int = 2) -> None:
    """Have each of `requests` answered `rounds` times or more, until nothing is met for the first time. Raises TimeoutError."""
    turns = itertools.cycle(requests)
    answered = 0
    for _ in range(WARM_RUNS):
        outcome = await run(port, lambda: next(turns), WARM_S)
        answered += len(outcome.latencies_s) - outcome.refused
        if answered >= rounds * len(requests):
            return
    raise TimeoutError(f"{answered} answers of {rounds * len(requests)} in {WARM_RUNS * WARM_S:.0f} s")


async def size(port: int, path: str, token: str) -> int:
    """How many bytes the body of an answer has."""
    return await asyncio.to_thread(_size, port, path, token)


def _size(port: int, path: str, token: str) -> int:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers=headers)
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 -- an address of our own on loopback
        return len(answer.read())
