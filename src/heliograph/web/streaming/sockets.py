"""A stream as a WebSocket: as many channels as the client subscribes to, each message says of which it is.

Messages and errors are those of Mastodon's server (docs.joinmastodon.org/methods/streaming).
"""

import time
from collections import deque
from typing import Any

import msgspec
from litestar.exceptions import WebSocketDisconnect
from litestar.types import Message, Receive, Scope, Send

from heliograph.base import metrics
from heliograph.base.errors import HeliographError, InvalidInputError, ScopeError
from heliograph.domain.feeds.channels import Channel, channel
from heliograph.domain.feeds.listeners import REVOKED, SLOW, STOPPING, Listener, Listeners, News
from heliograph.web.problems import status_of
from heliograph.web.server import Cut, stream_on
from heliograph.web.streaming.outlet import QueuedOutlet

# RFC 6455, 7.4.1: policy violation, service restart; unsupported data.
CODES = {SLOW: 1008, REVOKED: 1008, STOPPING: 1012}
NOT_TEXT = 1003
REFUSED = 1008
# Each may make the process look up everybody whom the client follows.
ORDERS_A_SECOND = 40
REASONS = {SLOW: "Too slow", REVOKED: "The access token is invalid", STOPPING: "The server is restarting"}

_encode = msgspec.json.Encoder().encode


class SocketOutlet(QueuedOutlet):
    """Sends messages as frames of text."""

    __slots__ = ("_send",)

    def __init__(self, send: Send, cut: Cut) -> None:
        super().__init__(cut)
        self._send = send

    def form(self, news: News, channel: Channel) -> str:
        """`news` in Mastodon's envelope: JSON, in which the payload is a string."""
        envelope = {"stream": channel.labels, "event": news.event, "payload": news.payload.decode()}
        return _encode(envelope).decode()

    async def send(self, text: str) -> None:
        """Send a message."""
        await self._tell({"type": "websocket.send", "text": text, "bytes": None})

    async def close(self, reason: str) -> None:
        """Begin to close the WebSocket."""
        await self._tell({"type": "websocket.close", "code": CODES[reason], "reason": REASONS[reason]})

    async def _tell(self, message: Message) -> None:
        try:
            await self._send(message)
        except WebSocketDisconnect as gone:
            raise ConnectionResetError from gone


class Socket:
    """A WebSocket (ASGI) for whom `token` stands for. `parameters`: of its address; they may name a first channel."""

    def __init__(self, listeners: Listeners, token: str, parameters: dict[str, str], protocol: str | None) -> None:
        self._listeners = listeners
        self._token = token
        self._parameters = parameters
        self._protocol = protocol

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve it, from the handshake to its end. Raises before the handshake what `Listeners.open` raises."""
        await receive()
        outlet = SocketOutlet(send, stream_on(scope))
        listener = await self._listeners.open(self._token, outlet)
        opened = metrics.streams_open.labels("websocket")
        opened.inc()
        try:
            if self._parameters.get("stream"):
                await self._obey("subscribe", self._parameters, listener, outlet)
            await send({"type": "websocket.accept", "subprotocol": self._protocol, "headers": []})
            outlet.begin()
            await self._listen(listener, outlet, receive, send)
        except OSError:
            # The client has gone in the middle of a word.
            return
        finally:
            opened.dec()
            self._listeners.close(listener)
            outlet.gone()

    async def _listen(self, listener: Listener, outlet: SocketOutlet, receive: Receive, send: Send) -> None:
        orders: deque[float] = deque([float("-inf")] * ORDERS_A_SECOND, maxlen=ORDERS_A_SECOND)
        while (message := await receive())["type"] == "websocket.receive":
            text = message.get("text")
            if text is None:
                reason = "The server does not support binary messages"
                await send({"type": "websocket.close", "code": NOT_TEXT, "reason": reason})
                return
            if time.monotonic() - orders[0] < 1.0:
                await send({"type": "websocket.close", "code": REFUSED, "reason": "Too many requests"})
                return
            orders.append(time.monotonic())
            said = _said(str(text))
            await self._obey(said.get("type"), said, listener, outlet)

    async def _obey(self, order: Any, parameters: dict[str, Any], listener: Listener, outlet: SocketOutlet) -> None:
        """Subscribe or unsubscribe, as the client says; whatever else it says is passed over."""
        try:
            if order == "subscribe":
                await self._listeners.subscribe(listener, channel(_first(parameters.get("stream")), parameters))
            elif order == "unsubscribe":
                self._listeners.unsubscribe(listener, channel(_first(parameters.get("stream")), parameters))
        except HeliographError as error:
            outlet.push(_encode(_complaint(error)).decode())


def _said(text: str) -> dict[str, Any]:
    """What a client says; {} for what is no JSON object."""
    try:
        return msgspec.json.decode(text, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return {}


def _first(value: Any) -> Any:
    """Some clients send the name of a channel as a list of one."""
    return value[0] if isinstance(value, list) and value else value


def _complaint(error: HeliographError) -> dict[str, Any]:
    """`error` in the words of Mastodon's streaming server, which has its own for some."""
    if isinstance(error, ScopeError):
        return {"error": "Access token does not have the required scopes", "status": 401}
    if isinstance(error, InvalidInputError):
        return {"error": error.message, "status": 400}
    return {"error": error.message, "status": status_of(error)}
