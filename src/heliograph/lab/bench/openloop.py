"""An open-loop HTTP/1.1 client: requests are sent when they are due, whether or not earlier ones have been answered.

A latency counts from the instant at which its request was due, not from when a connection was free to take it. So a server that
stalls is charged for everybody who would have come meanwhile; a closed loop would politely wait with it ("coordinated omission",
Gil Tene, "How NOT to Measure Latency", 2013).
"""

import asyncio
import contextlib
import math
import random
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence

import msgspec

CONNECTIONS = 256
# What has not been answered this long after the last request was due counts as never.
PATIENCE_S = 5.0


class Request(msgspec.Struct, frozen=True):
    """A request that is due `at_s` seconds after the start; `kind` names its sort in the outcome."""

    at_s: float
    kind: str
    data: bytes


class Answer(msgspec.Struct, frozen=True):
    """What came of a request: HTTP status, 0 for none (then the latency is infinite)."""

    kind: str
    due_s: float
    latency_s: float
    status: int


class Outcome(msgspec.Struct, frozen=True):
    """What came of a run, in the order of the answers."""

    answers: list[Answer]

    def ms(self, quantile: float, kind: str | None = None) -> float:
        """A quantile of the latencies, of all or of one sort, in milliseconds; NaN when there were none."""
        found = sorted(answer.latency_s for answer in self.answers if kind in (None, answer.kind))
        return found[min(len(found) - 1, int(quantile * len(found)))] * 1000 if found else math.nan

    @property
    def errors(self) -> int:
        """Answers other than 200, those that did not come among them."""
        return sum(answer.status != 200 for answer in self.answers)


def poisson(per_s: float, seconds: float, chance: random.Random) -> Iterator[float]:
    """The instants of a Poisson process: what independent visitors make together."""
    at_s = chance.expovariate(per_s)
    while at_s < seconds:
        yield at_s
        at_s += chance.expovariate(per_s)


class _Connection(asyncio.Protocol):
    """One connection with at most one request under way."""

    def __init__(self, free: Callable[["_Connection"], None], answered: Callable[[Request, int], None]) -> None:
        self._free = free
        self._answered = answered
        self._request: Request | None = None
        self._data = b""
        self._missing = -1
        self._status = 0
        self.transport: asyncio.Transport | None = None
        self.lost = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def send(self, request: Request) -> None:
        """Send `request`; the connection must be free."""
        assert self.transport is not None
        self._request = request
        self.transport.write(request.data)

    def data_received(self, data: bytes) -> None:
        if self._missing < 0:
            self._data += data
            head, found, body = self._data.partition(b"\r\n\r\n")
            if not found:
                return
            length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
            self._status = int(head[9:12])
            self._missing = int(length or 0) - len(body)
            self._data = b""
        else:
            self._missing -= len(data)
        if self._missing == 0:
            self._end(self._status)
            self._free(self)

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self.lost.set()
        if self._request is not None:
            self._end(0)

    def _end(self, status: int) -> None:
        request, self._request, self._missing = self._request, None, -1
        assert request is not None
        self._answered(request, status)


class _Run:
    """Requests under way. Those that are due while no connection is free wait for one, and their clocks run."""

    def __init__(self) -> None:
        self._idle: list[_Connection] = []
        self._waiting: deque[Request] = deque()
        self._pending: dict[int, Request] = {}
        self._opened: list[_Connection] = []
        self._started = 0.0
        self._sent = False
        self._all = asyncio.Event()
        self.answers: list[Answer] = []

    async def open(self, port: int, connections: int) -> None:
        loop = asyncio.get_running_loop()
        for _ in range(connections):
            _, connection = await loop.create_connection(self._connection, "127.0.0.1", port)
            self._idle.append(connection)
            self._opened.append(connection)

    def _connection(self) -> _Connection:
        return _Connection(self._free, self._answered)

    async def close(self) -> None:
        for connection in self._opened:
            assert connection.transport is not None
            connection.transport.abort()
            await connection.lost.wait()

    async def send(self, requests: Sequence[Request]) -> None:
        self._started = time.perf_counter()
        for request in requests:
            wait_s = request.at_s - self._now()
            if wait_s > 0:
                await asyncio.sleep(wait_s)
            self._pending[id(request)] = request
            if self._idle:
                self._idle.pop().send(request)
            else:
                self._waiting.append(request)
        self._sent = True
        if self._pending:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._all.wait(), PATIENCE_S)
        for request in list(self._pending.values()):
            self._answered(request, 0)

    def _now(self) -> float:
        return time.perf_counter() - self._started

    def _free(self, connection: _Connection) -> None:
        if self._waiting:
            connection.send(self._waiting.popleft())
        else:
            self._idle.append(connection)

    def _answered(self, request: Request, status: int) -> None:
        if self._pending.pop(id(request), None) is not None:
            latency_s = self._now() - request.at_s if status else math.inf
            self.answers.append(Answer(request.kind, request.at_s, latency_s, status))
        if self._sent and not self._pending:
            self._all.set()


async def run(port: int, requests: Sequence[Request], connections: int = CONNECTIONS) -> Outcome:
    """Send `requests`, which are in the order of their instants, to a server on loopback.

    Ends PATIENCE_S after the last is due at the latest. Raises OSError when the server does not take connections.
    """
    under_way = _Run()
    try:
        await under_way.open(port, connections)
        await under_way.send(requests)
    finally:
        await under_way.close()
    return Outcome(under_way.answers)
