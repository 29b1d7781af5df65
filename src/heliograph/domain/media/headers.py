"""How large a picture says it is, read from its header without decoding anything.

Each reader takes an open file and answers an `Extent`. It raises `TruncatedError` when the file ends before its
header does and `MalformedError` when the header makes no sense; it never allocates what the header asks for.
"""

import os
import struct
from dataclasses import dataclass
from typing import BinaryIO

from heliograph.domain.media import heic

# A header is walked in Python: these bound its time (under half a second) whatever a hostile file repeats.
MAX_SEGMENTS = 4096
MAX_BLOCKS = 400_000
MAX_FRAMES = 2000


class TruncatedError(Exception):
    """The file ends inside its own header."""


class MalformedError(Exception):
    """The header contradicts the format; the message says how, to follow "The photo is damaged:"."""


class TooManyPixelsError(Exception):
    """The picture has more pixels than may be decoded (the decoder found them, whatever the header said)."""


@dataclass(frozen=True)
class Extent:
    """Width and height in pixels as stored (before any rotation), and the number of frames."""

    width: int
    height: int
    frames: int = 1


def take(file: BinaryIO, count: int) -> bytes:
    """Exactly `count` bytes from `file`; raises TruncatedError when there are fewer."""
    data = file.read(count)
    if len(data) != count:
        raise TruncatedError
    return data


def size_of(file: BinaryIO) -> int:
    """The length of the open `file` in bytes."""
    return os.fstat(file.fileno()).st_size


def skip(file: BinaryIO, count: int) -> None:
    """Move `count` bytes forward; raises TruncatedError when that is beyond the end."""
    if file.seek(count, os.SEEK_CUR) > size_of(file):
        raise TruncatedError


def jpeg(file: BinaryIO) -> Extent:
    """The frame header (SOFn) of a JPEG (ITU-T T.81, B.2.2), wherever metadata has pushed it."""
    skip(file, 2)
    for _ in range(MAX_SEGMENTS):
        marker = take(file, 2)
        if marker == b"\xff\xff":  # a fill byte may precede a marker
            file.seek(-1, os.SEEK_CUR)
            continue
        if marker[0] != 0xFF:
            raise MalformedError("its segments do not follow one another")
        code = marker[1]
        if code in {0xD9, 0xDA}:
            raise MalformedError("it has no frame header")
        (length,) = struct.unpack(">H", take(file, 2))
        if 0xC0 <= code <= 0xCF and code not in {0xC4, 0xC8, 0xCC}:
            height, width = struct.unpack(">xHH", take(file, 5))
            return Extent(width, height)
        skip(file, max(0, length - 2))
    raise MalformedError("it has too many segments before the picture")


def png(file: BinaryIO) -> Extent:
    """The IHDR chunk of a PNG (it must come first). Of an animated PNG the still picture counts."""
    head = take(file, 26)
    if head[12:16] != b"IHDR":
        raise MalformedError("its first chunk is not IHDR")
    return Extent(*struct.unpack(">II", head[16:24]))


def webp(file: BinaryIO) -> Extent:
    """The first chunk of a WebP (RFC 9649), and the frames of an animated one."""
    head = take(file, 20)
    if struct.unpack("<I", head[4:8])[0] + 8 > size_of(file):
        raise TruncatedError
    kind = head[12:16]
    body = take(file, 5 if kind == b"VP8L" else 10)
    if kind == b"VP8 ":
        width, height = struct.unpack("<HH", body[6:10])
        return Extent(width & 0x3FFF, height & 0x3FFF)
    if kind == b"VP8L":
        (bits,) = struct.unpack("<I", body[1:5])
        return Extent((bits & 0x3FFF) + 1, ((bits >> 14) & 0x3FFF) + 1)
    if kind != b"VP8X":
        raise MalformedError("its first chunk is not a picture")
    width, height = (int.from_bytes(body[at : at + 3], "little") + 1 for at in (4, 7))
    animated = bool(body[0] & 0x02)
    return Extent(width, height, max(1, _webp_frames(file)) if animated else 1)


def _webp_frames(file: BinaryIO) -> int:
    file.seek(12)
    end, frames = size_of(file), 0
    for _ in range(MAX_SEGMENTS):
        if file.tell() + 8 > end or frames > MAX_FRAMES:
            break
        kind, length = struct.unpack("<4sI", take(file, 8))
        frames += kind == b"ANMF"
        skip(file, min(length + (length & 1), end - file.tell()))
    return frames


def gif(file: BinaryIO) -> Extent:
    """The screen of a GIF (89a, section 18) and its frames, counted by walking its blocks without unpacking any."""
    width, height, flags = struct.unpack("<HHB", take(file, 13)[6:11])
    _skip_palette(file, flags)
    frames = blocks = 0
    while (kind := file.read(1)) not in {b"", b";"} and frames <= MAX_FRAMES:
        if kind == b"!":
            take(file, 1)
        elif kind == b",":
            left, top, frame_width, frame_height, flags = struct.unpack("<HHHHB", take(file, 9))
            # A first frame that sticks out of the screen enlarges it, as in browsers.
            width, height = max(width, left + frame_width), max(height, top + frame_height)
            frames += 1
            _skip_palette(file, flags)
            take(file, 1)
        else:
            raise MalformedError("its blocks do not follow one another")
        blocks = _skip_sub_blocks(file, blocks)
    if not frames:
        raise TruncatedError
    return Extent(width, height, frames)


def _skip_palette(file: BinaryIO, flags: int) -> None:
    if flags & 0x80:
        skip(file, 3 << ((flags & 7) + 1))


def _skip_sub_blocks(file: BinaryIO, blocks: int) -> int:
    while length := take(file, 1)[0]:
        take(file, length)
        blocks += 1
        if blocks > MAX_BLOCKS:
            break
    if blocks > MAX_BLOCKS:
        raise MalformedError("it is cut into too many blocks")
    return blocks + 1


def heif(file: BinaryIO) -> Extent:
    """The largest extent that the `meta` box of a HEIC declares."""
    end = size_of(file)
    for _ in range(MAX_SEGMENTS):
        start = file.tell()
        if start + 8 > end:
            break
        size, kind = struct.unpack(">I4s", take(file, 8))
        header = 8
        if size == 1:
            (size,), header = struct.unpack(">Q", take(file, 8)), 16
        size = size or end - start
        if size < header:
            raise MalformedError("one of its boxes has an impossible length")
        if kind == b"meta":
            return _meta_extent(file, size - header)
        file.seek(start + size)
    raise TruncatedError


def _meta_extent(file: BinaryIO, length: int) -> Extent:
    if length > heic.META_MAX_BYTES:
        raise MalformedError("its header is larger than any camera's")
    meta = take(file, length)
    try:
        found, data_end = heic.largest_extent(meta), heic.data_end(meta)
    except struct.error:
        raise MalformedError("its header ends too early") from None
    if found is None:
        raise MalformedError("its header does not say how large the picture is")
    if data_end > size_of(file):
        raise TruncatedError
    return Extent(*found)
