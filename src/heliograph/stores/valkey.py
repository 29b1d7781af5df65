"""The connection to Valkey: waves of commands, server-side functions, generations.

A *wave* is a list of commands that travel together and come back together, one round trip. Every connection
learns at its start which run of the server it talks to, and keys are made with the prefixes of that run:

- `cache` prefix: the run id. After any restart or failover the cached values of before are not believed, since an
  invalidation may have been missed meanwhile; they run out by their time to live.
- `feed` prefix: the generation, which also changes with the run, unless whoever restarted the server vouched that
  no acknowledged write was lost (`Valkey.open(..., vouch=True)`).

Errors of the server or the connection become StoreUnavailableError, at once while it is known to be away.
"""

import asyncio
import hashlib
import secrets
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from importlib import resources
from typing import Any, Self

import valkey.asyncio as valkey_client
from valkey.asyncio.connection import AbstractConnection, BlockingConnectionPool
from valkey.exceptions import ResponseError, ValkeyError

from heliograph.base import ids, logs, metrics
from heliograph.base.errors import StoreUnavailableError

log = logs.get("valkey")

Command = tuple[str | bytes | int, ...]
Reply = Any

BUCKETS = 64
CONNECTIONS = 32
CONNECT_TIMEOUT_S = 0.5
REPLY_TIMEOUT_S = 1.0
# After a failure nobody knocks for this long: callers go to PostgreSQL at once in place of queueing on a dead server.
AWAY_S = 0.25
_GENERATION_KEY = "heliograph:generation"


class Keys:
    """Makes the keys of one run of the server. `{bNN}` keeps what belongs together in one slot of a cluster."""

    def __init__(self, run: str, generation: str) -> None:
        self.run = run
        self.generation = generation

    def cached(self, kind: str, ident: int) -> str:
        """The key of a cached fragment, e.g. `c4a1b2c3:post:{b17}:267…`."""
        return f"c{self.run}:{kind}:{{b{bucket_of(ident):02d}}}:{ident}"

    def list_prefix(self, kind: str, bucket: int) -> str:
        """What the keys of all id lists of `kind` in `bucket` begin with; 19 digits of account id follow."""
        return f"f{self.generation}:{kind}:{{b{bucket:02d}}}:"

    def id_list(self, kind: str, ident: int) -> str:
        """The key of the id list of `kind` of one account."""
        return f"{self.list_prefix(kind, bucket_of(ident))}{ident:019d}"


def bucket_of(ident: int) -> int:
    """Which of the 64 buckets the owner of `ident` is in."""
    return ids.slot_of(ident) % BUCKETS


def _library() -> tuple[str, str]:
    text = (resources.files("heliograph.stores") / "functions" / "heliograph.lua").read_text()
    suffix = hashlib.sha256(text.encode()).hexdigest()[:8]
    return suffix, f"#!lua name=heliograph_{suffix}\n" + text.replace("SUFFIX", suffix)


SUFFIX, LIBRARY = _library()


def function(name: str) -> str:
    """The full name of a server-side function of `functions/heliograph.lua`."""
    return f"{name}_{SUFFIX}"


class Valkey:
    """One Valkey server."""

    def __init__(self, url: str, *, vouch: bool = False) -> None:
        self._url = url
        self._vouch = vouch
        self._pool: BlockingConnectionPool = BlockingConnectionPool.from_url(
            url,
            max_connections=CONNECTIONS,
            timeout=REPLY_TIMEOUT_S,
            socket_timeout=REPLY_TIMEOUT_S,
            socket_connect_timeout=CONNECT_TIMEOUT_S,
            valkey_connect_func=self._greet,
        )
        self._keys = Keys("", "")
        self._away_until = 0.0

    @classmethod
    @asynccontextmanager
    async def open(cls, url: str, *, vouch: bool = False) -> AsyncIterator[Self]:
        """A client of the server at `url` (valkey://, unix://). It connects when first used.

        `vouch`: the caller knows that this run of the server has all that the last one acknowledged.
        """
        client = cls(url, vouch=vouch)
        try:
            yield client
        finally:
            await client._pool.disconnect()

    async def wave(self, build: Callable[[Keys], Sequence[Command]]) -> list[Reply]:
        """Send the commands that `build` makes, all at once; their replies in order.

        `build` gets the keys of the run that the connection talks to. An error reply to any of them raises.
        """
        if time.monotonic() < self._away_until:
            raise StoreUnavailableError("valkey")
        try:
            async with asyncio.timeout(REPLY_TIMEOUT_S + CONNECT_TIMEOUT_S):
                connection = await self._pool.get_connection("WAVE")  # type: ignore[no-untyped-call]
                try:
                    return await self._exchange(connection, build(self._keys))
                except BaseException:
                    # Replies may still be under way: this connection must not be used again.
                    await connection.disconnect(nowait=True)
                    raise
                finally:
                    await self._pool.release(connection)
        except (ValkeyError, OSError, TimeoutError) as error:
            self._away_until = time.monotonic() + AWAY_S
            metrics.store_errors.labels("valkey").inc()
            log.warning("valkey.unavailable", error=repr(error))
            raise StoreUnavailableError("valkey") from error

    @staticmethod
    async def _exchange(connection: AbstractConnection, commands: Sequence[Command]) -> list[Reply]:
        if not commands:
            return []
        await connection.send_packed_command(connection.pack_commands(commands), check_health=False)
        return [await connection.read_response(disconnect_on_error=False) for _ in commands]

    async def one(self, build: Callable[[Keys], Command]) -> Reply:
        """A wave of one command."""
        return (await self.wave(lambda keys: [build(keys)]))[0]

    async def ping(self) -> None:
        """StoreUnavailableError unless the server answers."""
        await self.one(lambda _: ("PING",))

    async def info(self) -> dict[str, str]:
        """The fields of INFO."""
        text: bytes = await self.one(lambda _: ("INFO",))
        return dict(line.split(":", 1) for line in text.decode().splitlines() if ":" in line)

    @asynccontextmanager
    async def listen(self, channel: str) -> AsyncIterator[Callable[[float], Any]]:
        """Subscribe to `channel`; yields `wait(timeout_s)`, which returns when something was said or time is up."""
        client = valkey_client.Valkey.from_url(self._url, socket_connect_timeout=CONNECT_TIMEOUT_S)
        subscription = client.pubsub(ignore_subscribe_messages=True)

        async def wait(timeout_s: float) -> None:
            try:
                if not subscription.subscribed:
                    await subscription.subscribe(channel)
                await subscription.get_message(timeout=timeout_s)
            except (ValkeyError, OSError):
                await asyncio.sleep(timeout_s)

        try:
            yield wait
        finally:
            await subscription.aclose()
            await client.aclose()

    async def _greet(self, connection: AbstractConnection) -> None:
        await connection.on_connect()
        await connection.send_command("INFO", "server", check_health=False)
        text: bytes = await connection.read_response()
        run = next(line for line in text.decode().splitlines() if line.startswith("run_id:")).removeprefix("run_id:")
        await connection.send_command("FUNCTION", "LOAD", LIBRARY, check_health=False)
        try:
            await connection.read_response()
        except ResponseError as error:
            if "already exists" not in str(error):
                raise
        if self._vouch:
            await connection.send_command("HSET", _GENERATION_KEY, "run", run, check_health=False)
            await connection.read_response()
        fresh = secrets.token_hex(4)
        call = ("FCALL", function("generation"), 1, _GENERATION_KEY, run, fresh)
        await connection.send_command(*call, check_health=False)
        generation: bytes = await connection.read_response()
        self._keys = Keys(run[:8], generation.decode())
