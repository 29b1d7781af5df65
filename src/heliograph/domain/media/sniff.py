"""What an upload is, by its first bytes, and whether it may be a photo here.

The check at the door: it costs no decoding, and what it refuses never reaches a decoder. The file's name and
the type that the client declared are not looked at: only the bytes count.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from heliograph.base.errors import ValidationError
from heliograph.domain.media import headers, heic
from heliograph.domain.media.limits import MAX_SIDE_PX, Limits

EXPECTED = "JPEG, PNG, WebP, GIF or HEIC was expected"
TRUNCATED = "The photo is truncated: the file ends before the picture does. Please upload it again."
HEAD_BYTES = 1024

READERS: dict[str, Callable[[BinaryIO], headers.Extent]] = {
    "jpeg": headers.jpeg,
    "png": headers.png,
    "webp": headers.webp,
    "gif": headers.gif,
    "heic": headers.heif,
}

# What people upload by mistake, named so that they know what happened.
STRANGERS: tuple[tuple[bytes, str], ...] = (
    (b"%PDF-", "a PDF document"),
    (b"PK\x03\x04", "a ZIP archive or an office document"),
    (b"BM", "a BMP picture"),
    (b"II*\x00", "a TIFF picture or a camera's raw file"),
    (b"MM\x00*", "a TIFF picture or a camera's raw file"),
    (b"FUJIFILM", "a camera's raw file"),
    (b"\xff\x0a", "a JPEG XL picture"),
    (b"\x00\x00\x00\x0cJXL ", "a JPEG XL picture"),
    (b"\x00\x00\x00\x0cjP  ", "a JPEG 2000 picture"),
    (b"\x1aE\xdf\xa3", "a video"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
    (b"\x1f\x8b", "a compressed archive"),
)


@dataclass(frozen=True)
class Sniffed:
    """What the header says: `kind` is jpeg, png, webp, gif or heic; pixels as stored, before rotation."""

    kind: str
    width: int
    height: int
    frames: int
    size_bytes: int


def refusal(sentence: str) -> ValidationError:
    """The error for an upload that is refused; `sentence` is shown to the uploader."""
    return ValidationError(sentence, {"file": [("ERR_INVALID", sentence)]})


def kind_of(head: bytes) -> str | None:
    """Which accepted format starts with `head` (32 bytes are enough for all), or None."""
    if head.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if head.startswith((b"GIF87a", b"GIF89a")):
        return "gif"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "webp"
    found = heic.brands(head)
    hevc = bool(heic.HEVC_BRANDS.intersection(found))
    return "heic" if found and hevc and found[0] in heic.HEVC_BRANDS | heic.CONTAINER_BRANDS else None


def sniff(path: Path, limits: Limits) -> Sniffed:
    """Read the header of the file at `path`: a few reads, no decoding. Blocking; a GIF is walked to count frames.

    Raises ValidationError with a sentence for the uploader when it cannot be a photo that is accepted here.
    """
    with path.open("rb") as file:
        size_bytes = headers.size_of(file)
        if size_bytes == 0:
            raise refusal("The file is empty (0 bytes): a photo was expected.")
        if size_bytes > limits.max_bytes:
            raise refusal(
                f"The photo is too large: {_mib(size_bytes)}, but at most {_mib(limits.max_bytes)} is accepted."
            )
        head = file.read(HEAD_BYTES)
        kind = kind_of(head)
        if kind is None:
            raise refusal(f"The file is {describe(head)}, not a photo that can be shown here: {EXPECTED}.")
        file.seek(0)
        extent = _extent(kind, file)
    _check(extent, limits)
    return Sniffed(kind, extent.width, extent.height, extent.frames, size_bytes)


def _extent(kind: str, file: BinaryIO) -> headers.Extent:
    try:
        return READERS[kind](file)
    except headers.TruncatedError:
        raise refusal(
            "The photo is truncated: the file ends before the picture does. Please upload it again."
        ) from None
    except headers.MalformedError as error:
        raise refusal(f"The photo is damaged: {error}.") from None


def _check(extent: headers.Extent, limits: Limits) -> None:
    if not extent.width or not extent.height:
        raise refusal(f"The photo is damaged: it says that it is {extent.width} x {extent.height} pixels large.")
    size = f"{extent.width} x {extent.height} pixels"
    if max(extent.width, extent.height) > MAX_SIDE_PX:
        raise refusal(f"The photo is too large: {size}, but a side may have at most {MAX_SIDE_PX} pixels.")
    allowed = f"{limits.max_pixels / 1e6:g} megapixels"
    if extent.frames > headers.MAX_FRAMES:
        raise refusal(f"The animation is too long: it has more than {headers.MAX_FRAMES} frames.")
    pixels = extent.width * extent.height * extent.frames
    if pixels <= limits.max_pixels:
        return
    if extent.frames > 1:
        counted = f"{extent.frames} frames of {size} ({pixels / 1e6:.1f} megapixels in all)"
        raise refusal(f"The animation is too large: {counted}, but at most {allowed} are accepted.")
    raise refusal(
        f"The photo is too large: {size} ({pixels / 1e6:.1f} megapixels), but at most {allowed} are accepted."
    )


def describe(head: bytes) -> str:
    """In words, what a file that starts with `head` is; for the sentence that refuses it."""
    if found := heic.brands(head):
        return "an AVIF picture" if heic.AVIF_BRANDS.intersection(found) else "a video"
    for magic, words in STRANGERS:
        if head.startswith(magic):
            return words
    return _describe_text(head) or "of an unknown type"


def _describe_text(head: bytes) -> str | None:
    # A multi-byte character may be cut at the end of what was read.
    text = head.decode("utf-8", errors="ignore")
    if "\x00" in text or len(text.encode()) < len(head) - 3:
        return None
    start = text.lstrip("\ufeff \t\r\n").lower()
    if "<svg" in start:
        return "an SVG drawing"
    if start.startswith(("<!doctype html", "<html")) or "<script" in start:
        return "a web page"
    return "an XML document" if start.startswith("<?xml") else "a text file"


def _mib(size_bytes: int) -> str:
    return f"{size_bytes / 1024 / 1024:.1f} MiB" if size_bytes >= 1024 * 1024 // 10 else f"{size_bytes} bytes"
