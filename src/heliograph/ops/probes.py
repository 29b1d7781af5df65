"""Asks a server whether it is alive, in its own protocol over its socket, without a driver.

Drivers belong to `stores`; a health check needs one question and one answer. A probe never raises
for a server that does not answer, and never asks for more than a sign of life.
"""

import asyncio
import struct
from enum import Enum
from pathlib import Path
from urllib.parse import urlsplit

READY = "00000"


class Health(Enum):
    """What a probe found."""

    READY = "ready"
    BUSY = "busy"  # alive, and says that it cannot serve yet: recovery, loading
    DOWN = "down"  # no answer


async def postgres(socket: Path, user: str, database: str, timeout_s: float) -> str | None:
    """`READY` when a session could be opened, else the SQLSTATE of the refusal; None without an answer.

    Source: PostgreSQL 18, chapter "Message Flow", start-up. A session that reaches ReadyForQuery has passed
    the postmaster, the fork, the catalogs and the buffer pool.
    """
    body = struct.pack("!i", 196608) + b"".join(
        word.encode() + b"\0" for word in ("user", user, "database", database, "")
    )
    try:
        async with asyncio.timeout(timeout_s):
            reader, writer = await asyncio.open_unix_connection(str(socket))
            try:
                writer.write(struct.pack("!i", len(body) + 4) + body)
                state = await _session_state(reader)
                writer.write(b"X\0\0\0\4")
                return state
            finally:
                writer.close()
    except (OSError, EOFError):
        return None


async def _session_state(reader: asyncio.StreamReader) -> str:
    while True:
        kind, length = struct.unpack("!ci", await reader.readexactly(5))
        message = await reader.readexactly(length - 4)
        if kind == b"Z":
            return READY
        if kind == b"E":
            fields = [field for field in message.split(b"\0") if field]
            return next((field[1:].decode() for field in fields if field[:1] == b"C"), "XX000")


async def valkey(socket: Path, timeout_s: float) -> str | None:
    """The first line of the answer to PING (`+PONG`, `-LOADING ...`, `-MISCONF ...`); None without an answer."""
    try:
        async with asyncio.timeout(timeout_s):
            reader, writer = await asyncio.open_unix_connection(str(socket))
            try:
                writer.write(b"PING\r\n")
                return (await reader.readline()).decode(errors="replace").strip() or None
            finally:
                writer.close()
    except (OSError, EOFError):
        return None


async def http(url: str, timeout_s: float) -> int | None:
    """The status of a GET of `url` (plain http); None without an answer."""
    parts = urlsplit(url)
    request = f"GET {parts.path or '/'} HTTP/1.1\r\nHost: {parts.netloc}\r\nConnection: close\r\n\r\n"
    try:
        async with asyncio.timeout(timeout_s):
            reader, writer = await asyncio.open_connection(parts.hostname, parts.port or 80)
            try:
                writer.write(request.encode())
                words = (await reader.readline()).split()
                return int(words[1])
            finally:
                writer.close()
    except (OSError, EOFError, IndexError, ValueError):
        return None
