"""A stream as server-sent events: one channel, an answer without an end, a comment now and then to keep proxies awake.

Source: html.spec.whatwg.org, "Server-sent events"; Mastodon's `:thump`.
"""

import asyncio

from litestar.types import Receive, Scope, Send

from heliograph.base import metrics
from heliograph.domain.feeds.channels import Channel
from heliograph.domain.feeds.listeners import Listeners, News
from heliograph.web.server import Cut, stream_on
from heliograph.web.streaming.outlet import QueuedOutlet

THUMP_EVERY_S = 15.0
_HEADERS = [
    (b"content-type", b"text/event-stream"),
    (b"cache-control", b"private, no-store"),
    # nginx would hold events back until it has a bufferful.
    (b"x-accel-buffering", b"no"),
]


class EventOutlet(QueuedOutlet):
    """Sends events as they are written in `text/event-stream`."""

    __slots__ = ("_send", "_thump")

    def __init__(self, send: Send, cut: Cut) -> None:
        super().__init__(cut)
        self._send = send
        self._thump: asyncio.TimerHandle | None = None

    def form(self, news: News, channel: Channel) -> str:  # noqa: ARG002 -- a stream of events has one channel only
        """`news` as an event. A payload is JSON or an id: it has no line breaks."""
        return f"event: {news.event}\ndata: {news.payload.decode()}\n\n"

    async def send(self, text: str) -> None:
        """Send events."""
        await self._send({"type": "http.response.body", "body": text.encode(), "more_body": True})

    async def close(self, reason: str) -> None:  # noqa: ARG002 -- nothing in the format says why
        """End the answer."""
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    def begin(self) -> None:
        """The head of the answer has been sent."""
        super().begin()
        self._next_thump()

    def gone(self) -> None:
        """The client is gone."""
        super().gone()
        if self._thump is not None:
            self._thump.cancel()

    def _next_thump(self) -> None:
        self._thump = asyncio.get_running_loop().call_later(THUMP_EVERY_S, self._beat)

    def _beat(self) -> None:
        self.push(":thump\n")
        self._next_thump()


class EventStream:
    """The answer (ASGI) that shows `channel` to whom `token` stands for, until either side ends it."""

    def __init__(self, listeners: Listeners, token: str, channel: Channel) -> None:
        self._listeners = listeners
        self._token = token
        self._channel = channel

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve it. Raises before the answer has begun what `Listeners.open` and `subscribe` raise."""
        outlet = EventOutlet(send, stream_on(scope))
        listener = await self._listeners.open(self._token, outlet)
        opened = metrics.streams_open.labels("events")
        opened.inc()
        try:
            await self._listeners.subscribe(listener, self._channel)
            await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
            await send({"type": "http.response.body", "body": b":)\n", "more_body": True})
            outlet.begin()
            while (await receive())["type"] != "http.disconnect":
                pass
        finally:
            opened.dec()
            self._listeners.close(listener)
            outlet.gone()
