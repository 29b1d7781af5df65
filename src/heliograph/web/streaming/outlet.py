"""The way to one client of a stream: a bounded queue, and a task that empties it while there is something in it.

Never: wait for a client. Whoever does not read as fast as things happen is dropped, and reads what it has missed from the
API.
"""

import asyncio
from abc import abstractmethod
from collections import deque

from heliograph.base import metrics
from heliograph.domain.feeds.channels import Channel
from heliograph.domain.feeds.listeners import REVOKED, SLOW, STOPPING, News, Outlet
from heliograph.web.server import Cut

MESSAGES_AT_MOST = 64
BYTES_AT_MOST = 512 * 1024
# How long a client may take to hear that this was all, by the reason for which it is; then the connection is cut.
PATIENCE_S = {SLOW: 5.0, REVOKED: 1.0, STOPPING: 0.5}


class QueuedOutlet(Outlet):
    """An outlet with its queue; the transport says how to send a message, and how to end."""

    __slots__ = ("_begun", "_bytes", "_cut", "_ended", "_queue", "_task")

    def __init__(self, cut: Cut) -> None:
        """`cut`: ends the connection at once. Nothing is sent before `begin`."""
        self._cut = cut
        self._queue: deque[str] = deque()
        self._bytes = 0
        self._ended = False
        # Before the beginning and while nothing is to be sent there is no task.
        self._task: asyncio.Task[None] | None = None
        self._begun = False

    @abstractmethod
    def form(self, news: News, channel: Channel) -> str:
        """`news` as the client reads them."""

    @abstractmethod
    async def send(self, text: str) -> None:
        """Send a message; returns when the connection takes more. Raises OSError when it is gone."""

    @abstractmethod
    async def close(self, reason: str) -> None:
        """Say that this was all."""

    def show(self, news: News, channel: Channel) -> None:
        """Send `news` as soon as the client takes it. A form is made once for all clients that get it."""
        if self._ended:
            return
        key = type(self), channel
        if (text := news.forms.get(key)) is None:
            text = news.forms[key] = self.form(news, channel)
        self.push(text)

    def push(self, text: str) -> None:
        """Send a message that is ready."""
        if self._ended:
            return
        self._bytes += len(text)
        if len(self._queue) >= MESSAGES_AT_MOST or self._bytes > BYTES_AT_MOST:
            metrics.streams_dropped.labels(SLOW).inc()
            self.end(SLOW)
            return
        self._queue.append(text)
        self._run()

    def begin(self) -> None:
        """The client is ready to read."""
        self._begun = True
        self._run()

    def end(self, reason: str) -> None:
        """Send nothing more: say so, and cut the connection of a client that does not listen to that either."""
        if self._ended:
            return
        self._ended = True
        self._queue.clear()
        self._task = asyncio.create_task(self._end(reason, self._task))

    def gone(self) -> None:
        """The client is gone."""
        self._ended = True
        self._queue.clear()

    def _run(self) -> None:
        if self._begun and self._queue and self._task is None:
            self._task = asyncio.create_task(self._empty())

    async def _empty(self) -> None:
        try:
            while self._queue:
                text = self._queue.popleft()
                self._bytes -= len(text)
                await self.send(text)
        except OSError:
            # Its receiving end notices, too, and tidies up.
            self.gone()
        if not self._ended:
            self._task = None

    async def _end(self, reason: str, sending: asyncio.Task[None] | None) -> None:
        try:
            async with asyncio.timeout(PATIENCE_S[reason]):
                if sending is not None:
                    await sending
                await self.close(reason)
        except TimeoutError:
            self._cut()
        except OSError:
            # It has gone by itself.
            return
