"""What a request says in its body: JSON, form or multipart, with nested keys as Rails writes them.

`media_ids[]=1&media_ids[]=2` is a list, `source[privacy]=public` an object, `fields[0][name]=x` a numbered object. Files are
streamed to disk and live as long as the `async with` in which they were received.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO, TypeVar, get_args
from urllib.parse import parse_qsl

import msgspec
from litestar.exceptions import ClientException, InternalServerException
from multipart import MultipartError, ParserLimitReached, PushMultipartParser, parse_options_header

from heliograph.base.errors import InvalidInputError, StoreUnavailableError, TooLargeError, ValidationError
from heliograph.domain.media.scratch import scratch
from heliograph.web.access import product_of
from heliograph.web.queries import expected
from heliograph.web.request import Request

MAX_TEXT_BYTES = 1024 * 1024
MAX_PARTS = 200
# No parameter of the API lies deeper than `poll[options][]` or `fields_attributes[0][name]`.
MAX_DEPTH = 8
_KEY = re.compile(r"^([^\[\]]+)((?:\[[^\[\]]*\])*)$")
_STEP = re.compile(r"\[([^\[\]]*)\]")

# Besides `true`, `false`, `1` and `0`, which msgspec knows.
_SWITCHES = {"on": True, "t": True, "off": False, "f": False}

T = TypeVar("T")


class Given:
    """The fields of a body, and its files by field name."""

    def __init__(self, fields: dict[str, Any], files: dict[str, Path]) -> None:
        self.fields = fields
        self.files = files

    def to(self, kind: type[T]) -> T:
        """The fields as `kind`, a Struct; unknown fields are passed over. Raises InvalidInputError, which names the field."""
        try:
            return msgspec.convert(_with_flags(self.fields, kind), kind, strict=False)
        except msgspec.ValidationError as error:
            message, _, place = str(error).partition(" - at `$.")
            raise InvalidInputError(f"{place.rstrip('`') or 'The body'}: {expected(message)}") from error


@asynccontextmanager
async def given(request: Request, files: Collection[str] = ()) -> AsyncIterator[Given]:
    """Read the body; of its files those that are named in `files`, the last of each name.

    Raises InvalidInputError, TooLargeError; ValidationError for a file over the size limit.
    """
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    if kind == "multipart/form-data":
        product = product_of(request)
        async with scratch(product.scratch_root) as folder:
            receiver = _Receiver(folder, files, product.settings.upload_max_bytes)
            yield await _multipart(request, options.get("boundary", ""), receiver)
        return
    body = await _text(request)
    if kind == "application/json" or (body[:1] == b"{" and kind != "application/x-www-form-urlencoded"):
        yield Given(_json(body), {})
    elif kind in ("application/x-www-form-urlencoded", ""):
        yield Given(nested(_pairs(body)), {})
    else:
        raise InvalidInputError(f"content type {kind[:60]!r}: expected JSON, a form or multipart/form-data")


async def fields(request: Request, kind: type[T]) -> T:
    """The fields of the body and of the query string as `kind`; the body wins. For bodies without files."""
    async with given(request) as body:
        query = nested(list(request.query_params.multi_items()))
        return Given(query | body.fields, {}).to(kind)


def ids_given(request: Request) -> list[str]:
    """The ids in the query string: `id[]=1&id[]=2`, or `id=1` as some clients write it."""
    query = request.query_params
    found: list[str] = [*query.getall("id[]", []), *query.getall("id", [])]
    return found


def nested(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Keys with brackets as lists and objects. Raises InvalidInputError when two keys contradict each other."""
    result: dict[str, Any] = {}
    for key, value in pairs:
        match = _KEY.match(key)
        path = [match[1], *_STEP.findall(match[2])] if match else [key]
        if len(path) > MAX_DEPTH:
            raise InvalidInputError(f"{key[:60]}: nested too deeply")
        _place(result, path, value, key)
    return result


def _with_flags(given_fields: dict[str, Any], kind: Any) -> dict[str, Any]:
    """`given_fields` with the switches of forms as `kind` wants them: `on`, `off`, and empty for not given."""
    result = dict(given_fields)
    for name, is_flag, inner in _flags_of(kind):
        value = result.get(name)
        if isinstance(value, dict) and inner is not None:
            result[name] = _with_flags(value, inner)
        elif isinstance(value, str) and is_flag:
            if value == "":
                del result[name]
            else:
                result[name] = _SWITCHES.get(value.lower(), value)
    return result


@cache
def _flags_of(kind: Any) -> list[tuple[str, bool, Any]]:
    """(name, whether it is a switch, the Struct inside it or None) of each field of `kind` that is one of the two."""
    found = []
    for field in msgspec.structs.fields(kind):
        types = (field.type, *get_args(field.type))
        inner = next((each for each in types if isinstance(each, type(msgspec.Struct))), None)
        if bool in types or inner is not None:
            found.append((field.encode_name, bool in types, inner))
    return found


def _place(target: dict[str, Any], path: list[str], value: Any, key: str) -> None:
    name = path[0]
    if len(path) == 1:
        target[name] = value
    elif path[1] == "":
        items = target.setdefault(name, [])
        if not isinstance(items, list) or len(path) > 3:
            raise InvalidInputError(f"{key[:60]}: contradicts another key of the same name")
        _append(items, path[2:], value)
    else:
        inner = target.setdefault(name, {})
        if not isinstance(inner, dict):
            raise InvalidInputError(f"{key[:60]}: contradicts another key of the same name")
        _place(inner, path[1:], value, key)


def _append(items: list[Any], rest: list[str], value: Any) -> None:
    """`a[]=x` adds x; `a[][name]=x` fills the last object, or begins the next when it has a name already."""
    if not rest:
        items.append(value)
    elif items and isinstance(items[-1], dict) and rest[0] not in items[-1]:
        items[-1][rest[0]] = value
    else:
        items.append({rest[0]: value})


def _json(body: bytes) -> dict[str, Any]:
    try:
        return msgspec.json.decode(body or b"{}", type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidInputError(f"The body is not a JSON object: {error}") from error
    except RecursionError as error:
        raise InvalidInputError("The body is nested too deeply") from error


def _pairs(body: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MAX_PARTS)
    except ValueError as error:
        raise InvalidInputError("The form is not UTF-8, or has too many fields") from error


async def _stream(request: Request) -> AsyncIterator[bytes]:
    try:
        async for chunk in request.stream():
            yield chunk
    # A connection that closes in the middle is, to the framework, an error of the server.
    except (ClientException, InternalServerException) as error:
        raise InvalidInputError("The request ended before its body was complete") from error


async def _text(request: Request) -> bytes:
    body = bytearray()
    async for chunk in _stream(request):
        body += chunk
        if len(body) > MAX_TEXT_BYTES:
            raise TooLargeError(f"The body is larger than {MAX_TEXT_BYTES} bytes")
    return bytes(body)


async def _multipart(request: Request, boundary: str, receiver: "_Receiver") -> Given:
    try:
        with PushMultipartParser(boundary, max_segment_count=MAX_PARTS) as parser:
            async for chunk in _stream(request):
                for event in parser.parse(chunk):
                    await receiver.take(event)
    except ParserLimitReached as error:
        raise TooLargeError(f"The form is too large: {error}") from error
    except MultipartError as error:
        raise InvalidInputError(f"The body is not multipart/form-data as announced: {error}") from error
    except OSError as error:
        raise StoreUnavailableError("scratch") from error
    finally:
        receiver.close()
    return Given(nested(receiver.pairs), receiver.files)


class _Receiver:
    """Takes the events of the multipart parser: text into memory, files to disk.

    Files that nobody asked for are passed over, and count as text: else anybody could fill the disk, at any address.
    """

    def __init__(self, folder: Path, wanted: Collection[str], max_bytes: int) -> None:
        self._folder = folder
        self._wanted = wanted
        self._max_bytes = max_bytes
        self._segment: Any = None
        self._text = bytearray()
        self._text_bytes = 0
        self._file: BinaryIO | None = None
        self.pairs: list[tuple[str, Any]] = []
        self.files: dict[str, Path] = {}

    async def take(self, event: Any) -> None:
        if event is None:
            self._end()
        elif isinstance(event, bytes | bytearray):
            await self._data(bytes(event))
        else:
            self._begin(event)

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def _begin(self, segment: Any) -> None:
        self._segment = segment
        if segment.filename is not None and segment.name in self._wanted:
            path = self.files.setdefault(segment.name, self._folder / f"upload-{len(self.files)}")
            self._file = path.open("wb")

    async def _data(self, data: bytes) -> None:
        if self._file is None:
            self._text += data
            self._text_bytes += len(data)
            if self._text_bytes > MAX_TEXT_BYTES:
                raise TooLargeError(f"The text of the form is larger than {MAX_TEXT_BYTES} bytes")
            return
        await asyncio.to_thread(self._file.write, data)
        if self._file.tell() > self._max_bytes:
            raise ValidationError(
                f"Validation failed: the file is too large: at most {self._max_bytes // 2**20} MiB are taken"
            )

    def _end(self) -> None:
        if self._file is not None:
            # What a browser sends for a file input in which nothing was chosen is no file.
            if not self._segment.filename and not self._file.tell():
                del self.files[self._segment.name]
            self.close()
            return
        text = bytes(self._text)
        self._text.clear()
        if self._segment.filename is not None:
            return
        try:
            self.pairs.append((self._segment.name, text.decode()))
        except UnicodeDecodeError as error:
            raise InvalidInputError(f"{self._segment.name[:60]}: the text is not UTF-8") from error
