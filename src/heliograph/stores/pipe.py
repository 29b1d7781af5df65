"""One connection to a Valkey server that all requests of a process share.

What tasks send within one turn of the event loop travels in one write, and comes back in as few reads as the server
makes: at 16 requests under way that is a fraction of the system calls of a pool of connections (figures in
docs/design/decisions.md). Replies come in the order of the commands; nobody waits longer than the deadline, since a
connection whose oldest reply is late is given up whole.

The server also says, unasked and between replies, which keys have changed that were read to be kept (`near.py`). That is
heard where it stands in the order of replies, so whoever keeps something must put it away where its reply stands (`arrived`). What
is heard in the middle of a wave's replies is heard once more at its end, when these have been put away.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Any, cast
from urllib.parse import parse_qs, unquote, urlsplit

import libvalkey
import msgspec

from heliograph.base.errors import ConfigError

Command = tuple[str | bytes | int, ...]
# Called with the replies to a wave the moment they are complete, before anything that comes later is heard.
Arrived = Callable[[list[Any]], None]

# Waves under way at most: beyond, the server is too slow to be worth queueing for.
MAX_WAVES = 20_000
# Before a command that reads: have the server say when the keys of that command change.
KEEP: Command = ("CLIENT", "CACHING", "YES")
_CHANGED = b"invalidate"
_MORE = object()


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

    __slots__ = ("arrived", "due", "expected", "future", "replies")

    def __init__(self, expected: int, future: "asyncio.Future[list[Any]]", due: float, arrived: Arrived | None) -> None:
        self.expected = expected
        self.future = future
        self.due = due
        self.arrived = arrived
        self.replies: list[Any] = []


class Pipe(asyncio.Protocol):
    """A connection. `timeout_s`: how long a reply may take. Every failure of it is a ConnectionError for all who wait.

    `on_changed` is told of keys that were read to be kept and have changed (None: all), and when the connection is lost.
    """

    def __init__(self, timeout_s: float, on_changed: Callable[[Iterable[bytes] | None], None]) -> None:
        self._timeout_s = timeout_s
        self._on_changed = on_changed
        self._loop = asyncio.get_running_loop()
        self._reader = libvalkey.Reader(replyError=ReplyError, notEnoughData=_MORE)
        # Heard since the first reply to a wave that is not complete.
        self._heard_midway: list[bytes] = []
        self._hearers: list[asyncio.Future[None]] = []
        self._transport: asyncio.Transport | None = None
        self._outgoing: list[bytes] = []
        self._waves: deque[Wave] = deque()
        self._watch: asyncio.TimerHandle | None = None
        self.closed = asyncio.Event()

    @classmethod
    async def connect(
        cls, address: Address, timeout_s: float, on_changed: Callable[[Iterable[bytes] | None], None]
    ) -> "Pipe":
        """Connect, authenticate, choose the database and ask to be told of changes. Raises OSError, ReplyError."""
        loop = asyncio.get_running_loop()
        if address.path:
            _, pipe = await loop.create_unix_connection(lambda: cls(timeout_s, on_changed), address.path)
        else:
            _, pipe = await loop.create_connection(
                lambda: cls(timeout_s, on_changed), address.host, address.port, ssl=address.tls or None
            )
        try:
            who = ("AUTH", address.username or "default", address.password) if address.password else ()
            await pipe.exchange([("HELLO", 3, *who)])
            if address.database:
                await pipe.exchange([("SELECT", address.database)])
            await pipe.exchange([("CLIENT", "TRACKING", "ON", "OPTIN")])
        except BaseException:
            pipe.close()
            raise
        return pipe

    async def exchange(self, commands: Sequence[Command], arrived: Arrived | None = None) -> list[Any]:
        """Send `commands`; their replies in order. Raises ConnectionError, and ReplyError for the first error reply."""
        if not commands:
            return []
        replies = await self._send(commands, arrived)
        for reply in replies:
            if isinstance(reply, ReplyError):
                raise reply
        return replies

    def heard(self) -> "asyncio.Future[None]":
        """Done once the server has answered something that is sent from now on. Fails with ConnectionError."""
        hearer: asyncio.Future[None] = self._loop.create_future()
        # All who ask within one turn of the event loop share one command.
        if not self._hearers:
            hearers = self._hearers
            self._send([("PING",)], lambda _: _done(hearers)).add_done_callback(lambda wave: _failed(hearers, wave))
        self._hearers.append(hearer)
        return hearer

    def _send(self, commands: Sequence[Command], arrived: Arrived | None) -> "asyncio.Future[list[Any]]":
        if self.closed.is_set() or len(self._waves) >= MAX_WAVES:
            # Who was to hear of changes and could not must find nothing to believe.
            self._on_changed(None)
            raise ConnectionError("the connection to Valkey is closed or too busy")
        wave = Wave(len(commands), self._loop.create_future(), self._loop.time() + self._timeout_s, arrived)
        if not self._outgoing:
            self._loop.call_soon(self._flush)
        self._outgoing += [libvalkey.pack_command(command) for command in commands]
        self._waves.append(wave)
        if self._watch is None:
            self._watch = self._loop.call_at(wave.due, self._check)
        return wave.future

    def close(self) -> None:
        """Close at once; whoever waits gets a ConnectionError."""
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by the event loop."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Called by the event loop with what the server sent: hand out complete replies, and hear of changes."""
        self._reader.feed(data)
        gets = self._reader.gets
        try:
            while (reply := gets()) is not _MORE:
                # No reply to a command of ours looks like this.
                if type(reply) is list and len(reply) == 2 and reply[0] == _CHANGED:
                    self._hear(reply[1])
                elif self._waves:
                    self._take(reply)
        except libvalkey.ProtocolError:
            self.close()

    def _hear(self, keys: list[bytes] | None) -> None:
        """Hear that `keys` have changed (None: all)."""
        self._on_changed(keys)
        if keys is not None and self._waves and self._waves[0].replies:
            self._heard_midway += keys

    def _take(self, reply: Any) -> None:
        """Add a reply to the wave that it belongs to."""
        wave = self._waves[0]
        wave.replies.append(reply)
        if len(wave.replies) == wave.expected:
            self._waves.popleft()
            try:
                if wave.arrived is not None:
                    wave.arrived(wave.replies)
            except Exception as error:  # noqa: BLE001 -- theirs who asked, not that of all who share the connection
                _fail(wave.future, error)
                return
            finally:
                if self._heard_midway:
                    keys, self._heard_midway = self._heard_midway, []
                    self._on_changed(keys)
            if not wave.future.done():
                wave.future.set_result(wave.replies)

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by the event loop: nobody will get a reply any more, nor hear of changes."""
        self.closed.set()
        self._on_changed(None)
        if self._watch is not None:
            self._watch.cancel()
        for wave in self._waves:
            _fail(wave.future, ConnectionError(f"the connection to Valkey was lost: {exc}"))
        self._waves.clear()

    def _flush(self) -> None:
        outgoing, self._outgoing = b"".join(self._outgoing), []
        self._hearers = []
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


def _fail(future: "asyncio.Future[list[Any]]", error: Exception) -> None:
    if not future.done():
        future.set_exception(error)


def _done(hearers: "list[asyncio.Future[None]]") -> None:
    for hearer in hearers:
        if not hearer.done():
            hearer.set_result(None)


def _failed(hearers: "list[asyncio.Future[None]]", wave: "asyncio.Future[list[Any]]") -> None:
    error = wave.exception()
    for hearer in hearers:
        if error is not None and not hearer.done():
            hearer.set_exception(error)
