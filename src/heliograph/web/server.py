"""How the web server is set up: uvicorn, with answers in one go, and connections that can be made streams of, and cut.

ASGI has no word for giving up a client that does not read: to close politely means to wait until it has read all that is
on its way. So each connection tells its application its transport, which can.
"""

import asyncio
import contextlib
import gc
import socket
import struct
from collections.abc import Callable, Mapping
from typing import Any

import uvicorn
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send
from uvicorn._types import ASGISendEvent, HTTPResponseStartEvent
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request

BACKLOG = 2048
# New objects until those are looked through; such looks until older ones are; of those until all are.
COLLECTED_AFTER = (20_000, 20, 100)
# Longer than load balancers keep their connections to us: whoever closes first must not be the one who may get a request.
KEEP_ALIVE_S = 75
# Requests under way get this long; the supervisor would kill after 10 s.
GRACE_S = 8
# What clients say is a line of JSON.
SOCKET_MESSAGE_BYTES_AT_MOST = 16 * 1024
PING_EVERY_S = 30.0

# What the kernel holds back for a client of a stream. Left alone it would be megabytes, and a slow one noticed late.
STREAM_BUFFER_BYTES = 64 * 1024

_TRANSPORT = "heliograph.transport"
# struct linger: on, for 0 s.
_NO_LINGER = struct.pack("ii", 1, 0)

Cut = Callable[[], None]


class HttpConnection(HttpToolsProtocol):
    """A connection with requests."""

    def on_message_begin(self) -> None:
        """A request begins (called by the parser)."""
        super().on_message_begin()
        self.scope["extensions"] = {_TRANSPORT: self.transport}  # type: ignore[dict-item]  # of our own


class SocketConnection(WebSocketsSansIOProtocol):
    """A connection that has become a WebSocket. Without compression, which would cost ten times the memory of all else."""

    def handle_connect(self, event: Request) -> None:
        """The client asks for a WebSocket (called with what has been parsed); the application runs thereafter."""
        super().handle_connect(event)
        if hasattr(self, "scope"):
            self.scope["extensions"][_TRANSPORT] = self.transport  # type: ignore[assignment]  # the same

    async def send(self, message: ASGISendEvent) -> None:
        """Send on what the application says. Raises OSError when the connection is gone, or about to go."""
        if self._closing():
            # By the server itself: it is stopping, or has had no answer to its pings.
            raise ClientDisconnected
        await super().send(message)
        if self._closing():
            # A refusal is an answer, too; uvicorn would log that there was none.
            self.handshake_complete = True

    def _closing(self) -> bool:
        return self.close_sent


class Answer:
    """Sends the answer of one request cycle: at once where its length is known, since its body then follows its head.

    The long way uvicorn looks at each header by itself, which a read of a home feed feels (docs/design/hot-path.md).
    """

    __slots__ = ("_cycle", "_start")

    def __init__(self, cycle: RequestResponseCycle) -> None:
        self._cycle = cycle
        self._start: HTTPResponseStartEvent | None = None

    async def send(self, message: Any) -> None:
        """Take the next message of the application (ASGI)."""
        if message["type"] == "http.response.start":
            # The head of a stream must not wait for what comes later.
            if any(name == b"content-length" for name, _ in message["headers"]):
                self._start = message
                return
        elif self._start is not None:
            start, self._start = self._start, None
            if not message.get("more_body") and self._sent(start, message.get("body", b"")):
                return
            await self._cycle.send(start)
        await self._cycle.send(message)

    def _sent(self, start: HTTPResponseStartEvent, body: bytes) -> bool:
        """Send all of it, if that can be done at once."""
        cycle = self._cycle
        # Who reads slowly is waited for.
        if cycle.disconnected or cycle.flow.write_paused or not cycle.keep_alive or cycle.scope["method"] == "HEAD":
            return False
        headers = [*cycle.default_headers, *start["headers"]]
        lines = b"".join([b"%s: %s\r\n" % header for header in headers])
        # A value that holds the end of a line would begin a header of its own: the long way says what is wrong with it, and with
        # a body of another length. And who says how the connection goes on is listened to.
        whole = lines.count(b"content-length: %d\r\n" % len(body)) == 1
        if (
            not whole
            or not lines.count(b"\n") == lines.count(b"\r") == len(headers)
            or b"\nconnection:" in lines.lower()
        ):
            return False
        cycle.response_started = cycle.response_complete = True
        cycle.waiting_for_100_continue = False
        # Two writes, which the loop sends in one: to join them would be to copy the body.
        cycle.transport.write(b"%s%s\r\n" % (STATUS_LINE[start["status"]], lines))
        cycle.transport.write(body)
        cycle.message_event.set()
        cycle.on_response()
        return True


def in_one_go(app: ASGIApp) -> ASGIApp:
    """`app`, with its answers sent by `Answer`. To be called by uvicorn itself, with nothing in between."""

    async def answering(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == ScopeType.HTTP:
            send = Answer(send.__self__).send  # type: ignore[attr-defined]  # the cycle whose method it is
        await app(scope, receive, send)

    return answering


def stream_on(scope: Mapping[str, Any]) -> Cut:
    """Make the connection of `scope` one that carries a stream.

    What is given back ends it at once, whatever is still on its way; it may be called when it has ended.
    """
    transport: asyncio.Transport = scope["extensions"][_TRANSPORT]
    carrier = transport.get_extra_info("socket")
    carrier.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, STREAM_BUFFER_BYTES)

    def cut() -> None:
        # A ValueError: there is no connection any more.
        with contextlib.suppress(OSError, ValueError):
            # Else the kernel would keep what it holds, and go on offering it.
            carrier.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        transport.abort()

    return cut


def spare_collections() -> None:
    """Have Python look for garbage in circles rarely, and never among what is there at the start.

    A process keeps very many objects for good, and makes circles hardly ever; while it looks through all of them everybody waits.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECTED_AFTER)


def config(app: ASGIApp, **options: Any) -> uvicorn.Config:
    """The server that serves `app`; `options`: uvicorn's, where it listens among them."""
    return uvicorn.Config(
        in_one_go(app),
        http=HttpConnection,
        ws=SocketConnection,
        ws_per_message_deflate=False,
        ws_max_size=SOCKET_MESSAGE_BYTES_AT_MOST,
        ws_ping_interval=PING_EVERY_S,
        ws_ping_timeout=PING_EVERY_S,
        lifespan="off",
        backlog=BACKLOG,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=GRACE_S,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        **options,
    )
