"""Valkey: waves of commands, server-side functions, generations.

A *wave* is a list of commands that travel together and come back together, one round trip. A connection learns at its
start which run of the server it talks to, and keys are made with the prefixes of that run:

- `cache` prefix: the run id. After any restart or failover the cached values of before are not believed, since an
  invalidation may have been missed meanwhile; they run out by their time to live.
- `feed` prefix: the generation, which also changes with the run, unless whoever restarted the server vouched that
  no acknowledged write was lost (`Valkey.open(..., vouch=True)`).

Errors of the server or the connection become StoreUnavailableError, at once while it is known to be away.
"""

import asyncio
import contextlib
import hashlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from importlib import resources
from typing import Any, Self

import valkey.asyncio as valkey_client
from valkey.exceptions import ValkeyError

from heliograph.base import ids, logs, metrics
from heliograph.base.errors import StoreUnavailableError
from heliograph.stores.near import Near
from heliograph.stores.pipe import Address, Arrived, Command, Pipe, ReplyError

log = logs.get("valkey")

Reply = Any

BUCKETS = 64
_BUCKET_MASK = BUCKETS - 1
CONNECT_TIMEOUT_S = 1.0
REPLY_TIMEOUT_S = 1.0
# After a failure nobody knocks for this long: callers go to PostgreSQL at once in place of queueing on a dead server.
AWAY_S = 0.25
# A subscriber asks for a sign of life this often, and believes to be deaf after that long without one.
PING_S = 0.5
SILENCE_S = 1.5
FULL = ("OOM", "MISCONF")
_GENERATION_KEY = "heliograph:generation"
NEAR_BYTES = 32_000_000


class Keys:
    """Makes the keys of one run of the server. `{bNN}` keeps what belongs together in one slot of a cluster."""

    def __init__(self, run: str, generation: str) -> None:
        self.run = run
        self.generation = generation
        self._prefixes: dict[str, list[str]] = {}

    def cached(self, kind: str, idents: Iterable[int]) -> list[str]:
        """The keys of cached fragments, e.g. `c4a1b2c3:post:{b17}:267…`."""
        prefixes = self._prefixes.get(kind)
        if prefixes is None:
            prefixes = [f"c{self.run}:{kind}:{{b{bucket:02d}}}:" for bucket in range(BUCKETS)]
            self._prefixes[kind] = prefixes
        # The bucket of each id, as `bucket_of` says; this runs for eighty keys a page.
        return [f"{prefixes[(ident >> 12) & _BUCKET_MASK]}{ident}" for ident in idents]

    def list_prefix(self, kind: str, bucket: int) -> str:
        """What the keys of all id lists of `kind` in `bucket` begin with; 19 digits of account id follow."""
        return f"f{self.generation}:{kind}:{{b{bucket:02d}}}:"

    def id_list(self, kind: str, ident: int) -> str:
        """The key of the id list of `kind` of one account."""
        return f"{self.list_prefix(kind, bucket_of(ident))}{ident:019d}"


def bucket_of(ident: int) -> int:
    """Which of the 64 buckets the owner of `ident` is in."""
    return ids.slot_of(ident) & _BUCKET_MASK


def _library() -> tuple[str, str]:
    text = (resources.files("heliograph.stores") / "functions" / "heliograph.lua").read_text()
    suffix = hashlib.sha256(text.encode()).hexdigest()[:8]
    return suffix, f"#!lua name=heliograph_{suffix}\n" + text.replace("SUFFIX", suffix)


SUFFIX, LIBRARY = _library()


def function(name: str) -> str:
    """The full name of a server-side function of `functions/heliograph.lua`."""
    return f"{name}_{SUFFIX}"


class Valkey:
    """One Valkey server. `near`: what this process keeps of it."""

    def __init__(self, url: str, *, vouch: bool = False) -> None:
        self._url = url
        self._address = Address.parse(url)
        self.near = Near(NEAR_BYTES)
        self._vouch = vouch
        self._pipe: Pipe | None = None
        self._connecting: asyncio.Task[Pipe] | None = None
        self._keys = Keys("", "")
        self._away_until = 0.0

    @classmethod
    @asynccontextmanager
    async def open(cls, url: str, *, vouch: bool = False) -> AsyncIterator[Self]:
        """A client of the server at `url` (see `Address.parse`). It connects when first used.

        `vouch`: the caller knows that this run of the server has all that the last one acknowledged.
        """
        client = cls(url, vouch=vouch)
        try:
            yield client
        finally:
            await client._close()

    @property
    def run(self) -> str:
        """Which run of the server the last connection was made to; empty before the first."""
        return self._keys.run

    @property
    def away(self) -> bool:
        """Whether it failed us when we last asked, and no connection has been made since."""
        return self._away_until > 0 and (self._pipe is None or self._pipe.closed.is_set())

    async def wave(self, build: Callable[[Keys], Sequence[Command]], arrived: Arrived | None = None) -> list[Reply]:
        """Send the commands that `build` makes, all at once; their replies in order.

        `build` gets the keys of the run that the connection talks to. An error reply to any of them raises. `arrived` is
        called with the replies, errors among them, before anything is heard that the server said later.
        """
        pipe = self._pipe
        if pipe is None or pipe.closed.is_set():
            pipe = await self._connected()
        try:
            return await pipe.exchange(build(self._keys), arrived)
        except ConnectionError as error:
            raise self._away(error, pipe) from error
        except ReplyError as error:
            # The server is there but cannot do this. A full one still reads; one that is loading, or has lost our
            # functions, has to be greeted again.
            if not str(error).startswith(FULL):
                pipe.close()
            log.warning("valkey.refused", error=str(error))
            raise StoreUnavailableError("valkey") from error

    async def one(self, build: Callable[[Keys], Command]) -> Reply:
        """A wave of one command."""
        return (await self.wave(lambda keys: [build(keys)]))[0]

    async def heard(self) -> None:
        """Come back once the server has answered something sent after this call: then `near` may be believed."""
        pipe = self._pipe
        if pipe is None or pipe.closed.is_set():
            pipe = await self._connected()
        try:
            await pipe.heard()
        except ConnectionError as error:
            raise self._away(error, pipe) from error

    async def ping(self) -> None:
        """StoreUnavailableError unless the server answers."""
        await self.one(lambda _: ("PING",))

    async def info(self) -> dict[str, str]:
        """The fields of INFO."""
        text: bytes = await self.one(lambda _: ("INFO",))
        return _fields(text)

    @asynccontextmanager
    async def listen(self, channel: str) -> AsyncIterator[Callable[[float], Awaitable[bytes | None]]]:
        """Subscribe to `channel`; yields `wait(timeout_s)`: the next message, or None when time is up.

        `wait` raises StoreUnavailableError while nobody could be heard, a server that has gone silent among it.
        """
        client = valkey_client.Valkey.from_url(self._url, socket_connect_timeout=CONNECT_TIMEOUT_S)
        subscription = client.pubsub(ignore_subscribe_messages=True)

        asked_at = answered_at = 0.0

        async def message(timeout_s: float) -> bytes | None:
            nonlocal asked_at, answered_at
            if not subscription.subscribed:
                await subscription.subscribe(channel)
                asked_at = answered_at = time.monotonic()
            elif time.monotonic() - asked_at > PING_S:
                asked_at = time.monotonic()
                await subscription.ping()
            heard = await subscription.get_message(timeout=timeout_s)
            if heard:
                answered_at = time.monotonic()
            if time.monotonic() - answered_at > SILENCE_S:
                raise ConnectionError("the server has gone silent")
            return heard["data"] if heard and heard["type"] == "message" else None

        async def wait(timeout_s: float) -> bytes | None:
            try:
                return await message(timeout_s)
            except (ValkeyError, OSError) as error:
                # Closing waits for the other end, which may be why we close.
                with contextlib.suppress(ValkeyError, OSError):
                    await subscription.aclose()
                raise StoreUnavailableError("valkey") from error

        try:
            yield wait
        finally:
            await subscription.aclose()
            await client.aclose()

    async def _connected(self) -> Pipe:
        """The connection, made anew if need be: by one task for all who wait."""
        if time.monotonic() < self._away_until:
            raise StoreUnavailableError("valkey")
        if self._connecting is None:
            self._connecting = asyncio.create_task(self._connect())
            self._connecting.add_done_callback(self._connected_or_not)
        try:
            return await asyncio.shield(self._connecting)
        except (ReplyError, OSError, TimeoutError) as error:
            raise self._away(error) from error

    def _connected_or_not(self, task: asyncio.Task[Pipe]) -> None:
        self._connecting = None
        if not task.cancelled():
            task.exception()

    async def _connect(self) -> Pipe:
        async with asyncio.timeout(CONNECT_TIMEOUT_S):
            pipe = await Pipe.connect(self._address, REPLY_TIMEOUT_S, self._changed)
            try:
                self._keys = await self._greet(pipe)
            except BaseException:
                pipe.close()
                raise
        self._pipe = pipe
        return pipe

    def _changed(self, keys: Iterable[bytes] | None) -> None:
        """Hear which keys have changed. When all are gone, the generation of feeds is too, and has to be agreed on anew."""
        self.near.changed(keys)
        pipe = self._pipe
        if keys is None and pipe is not None and not pipe.closed.is_set():
            self._pipe = None
            pipe.close()

    async def _greet(self, pipe: Pipe) -> Keys:
        """Learn which run this is, see that it has our functions, and agree on the generation of feeds."""
        (text,) = await pipe.exchange([("INFO", "server")])
        run = _fields(text)["run_id"]
        try:
            await pipe.exchange([("FUNCTION", "LOAD", LIBRARY)])
        except ReplyError as error:
            # A full server says so before it looks; if it does not have them, the next command says it.
            if "already exists" not in str(error) and not str(error).startswith(FULL):
                raise
        if self._vouch:
            await pipe.exchange([("HSET", _GENERATION_KEY, "run", run)])
        # Derived, not drawn: should the server be emptied, those who stay connected and those who come agree.
        fresh = run[:8]
        (generation,) = await pipe.exchange([("FCALL", function("generation"), 1, _GENERATION_KEY, run, fresh)])
        return Keys(run[:8], generation.decode())

    def _away(self, error: Exception, pipe: Pipe | None = None) -> StoreUnavailableError:
        # A connection that we have given up ourselves, or replaced already, says nothing of the server.
        if pipe is self._pipe or pipe is None:
            self._away_until = time.monotonic() + AWAY_S
        metrics.store_errors.labels("valkey").inc()
        log.warning("valkey.unavailable", error=repr(error))
        return StoreUnavailableError("valkey")

    async def _close(self) -> None:
        if self._connecting is not None:
            self._connecting.cancel()
        if self._pipe is not None:
            self._pipe.close()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._pipe.closed.wait(), timeout=1)


def _fields(text: bytes) -> dict[str, str]:
    return dict(line.split(":", 1) for line in text.decode().splitlines() if ":" in line)
