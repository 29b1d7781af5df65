"""The site's own files: style, scripts, drawings. Served from memory, never from a path that a request names.

An address with the file's hash in it (`/static/<hash>/heliograph.css`) never changes its content and is kept for ever;
one without it (`/static/avatar.png`, which the API hands out) is asked for again after an hour.
"""

import gzip
import hashlib
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import PurePosixPath

import msgspec
from litestar import Response, get
from litestar.params import FromPath

from heliograph.base.errors import NotFoundError
from heliograph.stores.objects import IMMUTABLE
from heliograph.web.access import OPEN
from heliograph.web.request import Request

PREFIX = "/static/"
HASH_CHARACTERS = 12
AN_HOUR = "public, max-age=3600"
# The framework adds the charset to text.
TYPES = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
}


class Asset(msgspec.Struct, frozen=True):
    """One file: its bytes, the same gzipped, its content type, the hash of its bytes."""

    body: bytes
    gzipped: bytes
    content_type: str
    hash: str


@cache
def assets() -> dict[str, Asset]:
    """All files by name (`vendor/htmx.min.js`), read once a process."""
    return {
        name: _asset(name, file.read_bytes()) for name, file in _files(resources.files("heliograph.web") / "static")
    }


def address(name: str) -> str:
    """The address of the file `name`, with its hash. KeyError for a file that is not there."""
    return f"{PREFIX}{assets()[name].hash}/{name}"


def _files(folder: Traversable, prefix: str = "") -> list[tuple[str, Traversable]]:
    found: list[tuple[str, Traversable]] = []
    for item in folder.iterdir():
        if item.is_dir():
            found += _files(item, f"{prefix}{item.name}/")
        elif PurePosixPath(item.name).suffix in TYPES:
            found.append((prefix + item.name, item))
    return found


def _asset(name: str, body: bytes) -> Asset:
    digest = hashlib.sha256(body).hexdigest()[:HASH_CHARACTERS]
    return Asset(body, gzip.compress(body, mtime=0), TYPES[PurePosixPath(name).suffix], digest)


@get("/static/{name:path}", opt={"access": OPEN}, include_in_schema=False)
async def static_file(request: Request, name: FromPath[str]) -> Response[bytes]:
    """A file of ours, by its name, with or without its hash. An old hash gives the new file, for an hour."""
    wanted = name.lstrip("/")
    digest, _, rest = wanted.partition("/")
    asset = assets().get(wanted) or assets().get(rest)
    if asset is None:
        raise NotFoundError
    hashed = digest == asset.hash
    return _answer(request, asset, IMMUTABLE if hashed else AN_HOUR)


@get("/favicon.ico", opt={"access": OPEN}, include_in_schema=False)
async def favicon(request: Request) -> Response[bytes]:
    """The mark, for browsers that ask without having read a page."""
    return _answer(request, assets()["mark.svg"], AN_HOUR)


def _answer(request: Request, asset: Asset, kept: str) -> Response[bytes]:
    etag = f'"{asset.hash}"'
    headers = {"Cache-Control": kept, "ETag": etag, "Vary": "Accept-Encoding"}
    if etag in request.headers.get("if-none-match", ""):
        return Response(b"", status_code=304, headers=headers, media_type=asset.content_type)
    if "gzip" not in request.headers.get("accept-encoding", ""):
        return Response(asset.body, headers=headers, media_type=asset.content_type)
    return Response(asset.gzipped, headers=headers | {"Content-Encoding": "gzip"}, media_type=asset.content_type)


ROUTES = [static_file, favicon]
