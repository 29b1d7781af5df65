"""Which part of a stored photo a request wants, and whether it wants any (RFC 9110, sections 13 and 14).

Pure functions on header values. A header that makes no sense is passed over, as the RFC asks, never an error.
"""

import re
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime

import msgspec

# One range only: several would need a multipart answer, which no browser asks of a picture; they get it whole.
RANGE = re.compile(r"bytes[ \t]*=[ \t]*([0-9]*)-([0-9]*)[ \t]*", re.IGNORECASE)
TAG = re.compile(r'(W/)?("[\x21\x23-\x7e\x80-\xff]*")')
# More digits than any size has: int() refuses thousands of them.
DIGITS_MAX = 18


class Answer(msgspec.Struct, frozen=True):
    """How to answer: the status, the bytes `start` to `stop` (exclusive) to send, and headers to add."""

    status: int
    start: int
    stop: int
    headers: dict[str, str]


class Wanted(msgspec.Struct, frozen=True):
    """The request's conditional headers; None where there is none."""

    range: str | None = None
    if_range: str | None = None
    if_none_match: str | None = None
    if_modified_since: str | None = None


def answer(wanted: Wanted, size: int, etag: str, last_modified: datetime) -> Answer:
    """The answer to a GET or HEAD of an object of `size` bytes: 200, 206, 304 or 416.

    etag: quoted and strong. last_modified: aware. The precedence is that of RFC 9110, 13.2.2.
    """
    headers = {"ETag": etag, "Last-Modified": http_date(last_modified), "Accept-Ranges": "bytes"}
    if not_modified(wanted, etag, last_modified):
        return Answer(304, 0, 0, headers)
    if wanted.range is None or not _still_the_same(wanted.if_range, etag, last_modified):
        return Answer(200, 0, size, headers)
    span = parse(wanted.range, size)
    if span is None:
        return Answer(200, 0, size, headers)
    start, stop = span
    if start >= stop:
        return Answer(416, 0, 0, headers | {"Content-Range": f"bytes */{size}"})
    return Answer(206, start, stop, headers | {"Content-Range": f"bytes {start}-{stop - 1}/{size}"})


def parse(header: str, size: int) -> tuple[int, int] | None:
    """The span (start, stop exclusive) that a Range header asks of `size` bytes.

    None: the header is to be ignored (another unit, several ranges, nonsense). An empty span: no byte of
    the object is asked for, which is a 416.
    """
    match = RANGE.fullmatch(header.strip())
    if match is None or max(map(len, match.groups())) > DIGITS_MAX:
        return None
    first, last = match.groups()
    if not first:
        return (max(0, size - int(last)), size) if last else None
    if last and int(last) < int(first):
        return None
    start, stop = int(first), min(size, int(last) + 1) if last else size
    return (start, stop) if start < size else (0, 0)


def not_modified(wanted: Wanted, etag: str, last_modified: datetime) -> bool:
    """Whether the client's copy is current: by If-None-Match, which counts alone when it is there, else by date."""
    if wanted.if_none_match is not None:
        if wanted.if_none_match.strip() == "*":
            return True
        return any(tag == etag for _, tag in TAG.findall(wanted.if_none_match))
    since = _date(wanted.if_modified_since)
    return since is not None and last_modified.replace(microsecond=0) <= since


def http_date(moment: datetime) -> str:
    """`moment` (aware) as an HTTP date: `Sat, 31 Jan 2026 12:00:00 GMT`."""
    return format_datetime(moment.astimezone(UTC).replace(microsecond=0), usegmt=True)


def _still_the_same(if_range: str | None, etag: str, last_modified: datetime) -> bool:
    """If-Range holds only for the strong tag or the exact date; a weak tag never matches (13.1.5)."""
    if if_range is None:
        return True
    value = if_range.strip()
    if value.startswith(('"', "W/")):
        return value == etag
    return _date(value) == last_modified.replace(microsecond=0)


def _date(header: str | None) -> datetime | None:
    if header is None:
        return None
    try:
        moment = parsedate_to_datetime(header)
    except ValueError:
        return None
    # Without a zone it is not an HTTP date.
    return moment if moment.tzinfo is not None else None
