"""A zip that comes out in chunks while it is being made: nothing of it is kept but its table of contents.

Made for somebody who waits: it goes to a file or into an answer, which cannot be written to again further up.
"""

import zipfile
from collections.abc import AsyncIterator
from datetime import datetime
from typing import IO, cast


class _Sink:
    """Takes what the zip writes, until it is taken away. It cannot seek, and zipfile then never asks for that."""

    def __init__(self) -> None:
        self._held = bytearray()

    def write(self, data: bytes) -> int:
        self._held += data
        return len(data)

    def flush(self) -> None:
        return

    def taken(self) -> bytes:
        held = bytes(self._held)
        self._held.clear()
        return held


class Archive:
    """A zip with entries of `made_at`. What each method yields are its bytes, in order."""

    def __init__(self, made_at: datetime) -> None:
        self._sink = _Sink()
        self._zip = zipfile.ZipFile(cast("IO[bytes]", self._sink), "w")
        self._made_at = made_at.timetuple()[:6]

    async def packed(self, name: str, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """The file `name`, compressed, of any size."""
        async for data in self._entry(self._info(name, zipfile.ZIP_DEFLATED), chunks, large=True):
            yield data

    async def stored(self, name: str, size: int, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """The file `name` of `size` bytes, as it is: photos are compressed already."""
        info = self._info(name, zipfile.ZIP_STORED)
        info.file_size = size
        async for data in self._entry(info, chunks, large=False):
            yield data

    def end(self) -> bytes:
        """The table of contents."""
        self._zip.close()
        return self._sink.taken()

    def _info(self, name: str, compression: int) -> zipfile.ZipInfo:
        info = zipfile.ZipInfo(name, self._made_at)
        info.compress_type = compression
        return info

    async def _entry(self, info: zipfile.ZipInfo, chunks: AsyncIterator[bytes], *, large: bool) -> AsyncIterator[bytes]:
        with self._zip.open(info, "w", force_zip64=large) as entry:
            async for chunk in chunks:
                entry.write(chunk)
                if data := self._sink.taken():
                    yield data
        yield self._sink.taken()
