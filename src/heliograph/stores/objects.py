"""The object store: photos as immutable files, in a folder (`file:///...`) or a bucket (`s3://...`).

Names and content types are ours; nothing that an uploader sent becomes a name or a type. On a file system a put is
whole, on disk and named, or has not happened.
"""

import asyncio
import contextlib
import errno
import re
from collections.abc import AsyncIterator, Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Self
from urllib.parse import unquote, urlsplit

import msgspec
import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, S3Store

from heliograph.base import logs, metrics
from heliograph.base.errors import (
    ConfigError,
    HeliographError,
    NotFoundError,
    StartError,
    StoreFullError,
    StoreUnavailableError,
)
from heliograph.stores import files

log = logs.get("objects")

STORE = "objects"
CHUNK_BYTES = 256 * 1024
IMMUTABLE = "public, max-age=31536000, immutable"
CONTENT_TYPES = {".webp": "image/webp"}
OTHER_TYPE = "application/octet-stream"
NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(?:/[A-Za-z0-9_-][A-Za-z0-9._-]*)*")
NAME_MAX = 512


class ObjectInfo(msgspec.Struct, frozen=True):
    """What is known of an object without reading it. `etag` is quoted, as HTTP wants it."""

    name: str
    size: int
    etag: str
    last_modified: datetime

    @property
    def content_type(self) -> str:
        """The type by our own extension."""
        return content_type(self.name)


class Opened(msgspec.Struct, frozen=True):
    """An object being read: its info, the bytes that `chunks` will give (`start` to `stop`, exclusive), and they."""

    info: ObjectInfo
    start: int
    stop: int
    chunks: AsyncIterator[bytes]


def content_type(name: str) -> str:
    """The content type of the object `name`: an image type that we write, or plain bytes."""
    return CONTENT_TYPES.get(Path(name).suffix, OTHER_TYPE)


class Objects:
    """An object store. Every method raises StoreUnavailableError when the store does not answer."""

    def __init__(self, store: LocalStore | S3Store, root: Path | None) -> None:
        self._store = store
        # Set when the store is a folder.
        self._root = root

    @classmethod
    async def open(cls, url: str) -> Self:
        """The store at `url`: `file:///folder` (made when missing) or `s3://bucket/prefix`.

        The endpoint and the credentials of S3 come from the usual AWS_* variables. Raises ConfigError for another
        kind of URL, StartError for a folder that cannot be used. The bucket is not asked until it is needed.
        """
        parts = urlsplit(url)
        if parts.scheme == "file" and not parts.netloc and parts.path.startswith("/"):
            return await asyncio.to_thread(cls._folder, Path(unquote(parts.path)))
        if parts.scheme == "s3" and parts.netloc:
            return cls(_bucket(parts.netloc, parts.path.strip("/")), None)
        raise ConfigError(f"media_store_url = {url!r}: expected file:///folder or s3://bucket/prefix")

    @classmethod
    def _folder(cls, root: Path) -> Self:
        try:
            root.mkdir(parents=True, exist_ok=True)
            files.sweep(root)
        except OSError as error:
            raise StartError(f"The photo folder {root} cannot be used: {error.strerror}.") from error
        return cls(LocalStore(root, automatic_cleanup=True), root)

    async def put(self, name: str, source: Path | bytes, content_type: str = "") -> None:
        """Store `source` (a file, which stays, or bytes) as `name`, replacing what was there.

        On return it is on disk. `content_type` is told to a bucket; by default the one of our extension. Raises
        StoreFullError when there is no room; then nothing is left behind.
        """
        with _translated(_checked(name)):
            if self._root is not None:
                await asyncio.to_thread(_write, self._root, name, source)
                return
            kind = content_type or CONTENT_TYPES.get(Path(name).suffix, OTHER_TYPE)
            await obstore.put_async(
                self._store, name, source, attributes={"Content-Type": kind, "Cache-Control": IMMUTABLE}
            )

    async def head(self, name: str) -> ObjectInfo:
        """What is known of the object `name`. Raises NotFoundError."""
        with _translated(_checked(name)):
            return _info(await obstore.head_async(self._store, name))

    async def get(self, name: str, span: tuple[int, int] | None = None) -> Opened:
        """Open the object `name`, whole or from `span[0]` to `span[1]` (exclusive; must lie within it). Raises NotFoundError."""
        with _translated(_checked(name)):
            found = await obstore.get_async(self._store, name, options={"range": span} if span else None)
            start, stop = found.range
            return Opened(_info(found.meta), start, stop, _chunks(name, found.stream(CHUNK_BYTES)))

    async def fetch(self, name: str, target: Path) -> None:
        """Write the object `name` into the file `target`. Raises NotFoundError."""
        opened = await self.get(name)
        with _translated(name), await asyncio.to_thread(target.open, "wb") as file:
            async for chunk in opened.chunks:
                await asyncio.to_thread(file.write, chunk)

    async def delete(self, names: Iterable[str]) -> None:
        """Remove the objects `names`, and the folders that this leaves empty. What is not there is no error."""
        gone = [_checked(name) for name in names]
        if self._root is None:
            with _translated("delete"):
                await obstore.delete_async(self._store, gone)
            return
        for name in gone:
            with contextlib.suppress(NotFoundError), _translated(name):
                await obstore.delete_async(self._store, name)

    async def list(self, prefix: str) -> AsyncIterator[ObjectInfo]:
        """The objects below the folder `prefix`, in no order."""
        with _translated(prefix):
            async for page in obstore.list(self._store, prefix=prefix.rstrip("/") or None):
                for meta in page:
                    if not meta["path"].startswith(files.STAGING):
                        yield _info(meta)


def _write(root: Path, name: str, source: Path | bytes) -> None:
    try:
        files.write(root, name, source)
    except FileNotFoundError as error:  # the store's own folder is gone: not an object that is missing
        raise NotADirectoryError(error.errno, error.strerror) from error


def _bucket(bucket: str, prefix: str) -> S3Store:
    return S3Store(
        bucket,
        prefix=prefix or None,
        # Plain HTTP happens only when the endpoint in the environment says http://.
        client_options={"allow_http": True, "connect_timeout": "2s", "timeout": "60s"},
        retry_config={"max_retries": 3, "retry_timeout": timedelta(seconds=10)},
    )


def _checked(name: str) -> str:
    """`name`, if it can be one of ours; a name from a client may be anything, and is then not found."""
    if len(name) > NAME_MAX or not NAME.fullmatch(name):
        raise NotFoundError
    return name


def _info(meta: "obstore.ObjectMeta") -> ObjectInfo:
    return ObjectInfo(
        name=meta["path"], size=meta["size"], etag=meta["e_tag"] or "", last_modified=meta["last_modified"]
    )


async def _chunks(name: str, stream: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    with _translated(name):
        async for chunk in stream:
            yield bytes(chunk)


@contextlib.contextmanager
def _translated(name: str) -> Iterator[None]:
    """The driver's errors as ours. The text of the driver's may carry addresses, so only the log has it."""
    try:
        yield
    except FileNotFoundError:
        raise NotFoundError from None
    except HeliographError:
        raise
    except (BaseError, OSError) as error:
        full = getattr(error, "errno", None) in {errno.ENOSPC, errno.EDQUOT} or "StorageFull" in str(error)
        metrics.store_errors.labels(STORE).inc()
        log.warning("objects.full" if full else "objects.unavailable", name=name, error=str(error).split("\n", 1)[0])
        raise (StoreFullError(STORE, retry_after_s=60) if full else StoreUnavailableError(STORE)) from error
