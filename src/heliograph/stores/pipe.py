"""One connection to a Valkey server that all requests of a process share.

What tasks send within one turn of the event loop travels in one write, and comes back in as few reads as the server
makes: at 16 requests under way that is a fraction of the system calls of a pool of connections (figures in
docs/design/decisions.md). Replies come in the order of the commands; nobody waits longer than the deadline, since a
connection whose oldest reply is late is given up whole.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Any, cast
from urllib.parse import parse_qs, unquote, urlsplit

import libvalkey
import msgspec

from heliograph.base.errors import ConfigError

Command = tuple[str | bytes | int, ...]

# Waves under way at most: beyond, the server is too slow to be worth queueing for.
MAX_WAVES = 5_000


class ReplyError(Exception):
    """The server answered a command with an error."""


class Address(msgspec.Struct, frozen=True):
    """Where a server listens (`path`, or `host` and `port`), and how to be let in."""

    path: str
    host: str
    port: int
    username: str
    password: str
    database: int
    tls: bool

    @classmethod
    def parse(cls, url: str) -> "Address":
        """From `unix:///path?db=0`, `valkey://user:password@host:port/0` or `valkeys://` (TLS). Raises ConfigError."""
        try:
            parts = urlsplit(url)
            database = int(parse_qs(parts.query).get("db", ["0"])[0] if parts.scheme == "unix" else parts.path[1:] or 0)
            known = parts.scheme in ("unix", "valkey", "valkeys", "redis", "rediss")
            port = parts.port or 6379
        except ValueError:
            known = False
        if not known or (parts.scheme == "unix" and not parts.path):
            raise ConfigError("valkey_url: expected unix:///socket, valkey://host:port/0 or valkeys://host:port/0")
        return cls(
            path=parts.path if parts.scheme == "unix" else "",
            host=parts.hostname or "localhost",
            port=port,
            username=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
            database=database,
            tls=parts.scheme in ("valkeys", "rediss"),
        )


class Wave:
    """Commands that travel together: how many replies are still to come, and who waits for them."""

    __slots__ = ("due", "expected", "future", "replies")

    def __init__(self, expected: int, future: "asyncio.Future[list[Any]]", due: float) -> None:
        self.expected = expected
        self.future = future
        self.due = due
        self.replies: list[Any] = []


class Pipe(asyncio.Protocol):
    """A connection. `timeout_s`: how long a reply may take. Every failure of it is a ConnectionError for all who wait."""

    def __init__(self, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self._loop = asyncio.get_running_loop()
        self._reader = libvalkey.Reader(replyError=ReplyError)
        self._transport: asyncio.Transport | None = None
        self._outgoing: list[bytes] = []
        self._waves: deque[Wave] = deque()
        self._watch: asyncio.TimerHandle | None = None
        self.closed = asyncio.Event()

    @classmethod
    async def connect(cls, address: Address, timeout_s: float) -> "Pipe":
        """Connect, authenticate and choose the database. Raises OSError, ReplyError."""
        loop = asyncio.get_running_loop()
        if address.path:
            _, pipe = await loop.create_unix_connection(lambda: cls(timeout_s), address.path)
        else:
            _, pipe = await loop.create_connection(
                lambda: cls(timeout_s), address.host, address.port, ssl=address.tls or None
            )
        try:
            if address.password:
                who = (address.username, address.password) if address.username else (address.password,)
                await pipe.exchange([("AUTH", *who)])
            if address.database:
                await pipe.exchange([("SELECT", address.database)])
        except BaseException:
            pipe.close()
            raise
        return pipe

    async def exchange(self, commands: Sequence[Command]) -> list[Any]:
        """Send `commands`; their replies in order. Raises ConnectionError, and ReplyError for the first error reply."""
        if not commands:
            return []
        if self.closed.is_set() or len(self._waves) >= MAX_WAVES:
            raise ConnectionError("the connection to Valkey is closed or too busy")
        wave = Wave(len(commands), self._loop.create_future(), self._loop.time() + self._timeout_s)
        if not self._outgoing:
            self._loop.call_soon(self._flush)
        self._outgoing += [libvalkey.pack_command(command) for command in commands]
        self._waves.append(wave)
        if self._watch is None:
            self._watch = self._loop.call_at(wave.due, self._check)
        replies = await wave.future
        for reply in replies:
            if isinstance(reply, ReplyError):
                raise reply
        return replies

    def close(self) -> None:
        """Close at once; whoever waits gets a ConnectionError."""
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by the event loop."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Called by the event loop with what the server sent: hand out complete replies."""
        self._reader.feed(data)
        try:
            while self._waves:
                reply = self._reader.gets()
                if reply is False:
                    return
                wave = self._waves[0]
                wave.replies.append(reply)
                if len(wave.replies) == wave.expected:
                    self._waves.popleft()
                    if not wave.future.done():
                        wave.future.set_result(wave.replies)
        except libvalkey.ProtocolError:
            self.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by the event loop: nobody will get a reply any more."""
        self.closed.set()
        if self._watch is not None:
            self._watch.cancel()
        for wave in self._waves:
            if not wave.future.done():
                wave.future.set_exception(ConnectionError(f"the connection to Valkey was lost: {exc}"))
        self._waves.clear()

    def _flush(self) -> None:
        outgoing, self._outgoing = b"".join(self._outgoing), []
        if self._transport is not None and not self.closed.is_set():
            self._transport.write(outgoing)

    def _check(self) -> None:
        """Give the connection up when its oldest reply is late; else look again when the next is due."""
        self._watch = None
        if not self._waves:
            return
        if self._waves[0].due <= self._loop.time():
            self.close()
        else:
            self._watch = self._loop.call_at(self._waves[0].due, self._check)
