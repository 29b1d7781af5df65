"""How large a HEIC picture says it is, and where it ends, from the boxes of its header (ISO/IEC 14496-12, 23008-12).

Reads the `meta` box only, never the picture. Trusts no length: each is checked against the bytes at hand.
"""

import struct
from collections.abc import Iterator

META_MAX_BYTES = 1024 * 1024
# Extents may be of zero bytes: without a bound, a small box could list billions.
MAX_EXTENTS = 65_536
HEVC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"})
# mif1 and msf1 name the container, not the codec: the compatible brands say whether HEVC is inside.
CONTAINER_BRANDS = frozenset({b"mif1", b"mif2", b"msf1"})
AVIF_BRANDS = frozenset({b"avif", b"avis"})


def brands(head: bytes) -> list[bytes]:
    """The brands of the `ftyp` box at the start of `head`, the major one first; empty without such a box."""
    if len(head) < 16 or head[4:8] != b"ftyp":
        return []
    size = min(struct.unpack(">I", head[:4])[0], len(head))
    return [head[8:12], *(head[at : at + 4] for at in range(16, size - 3, 4))]


def boxes(data: bytes, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """(type, start of content, end of content) of each box within `data[start:end]`; stops at a bad length."""
    while start + 8 <= end:
        size, kind = struct.unpack_from(">I4s", data, start)
        header = 8
        if size == 1 and start + 16 <= end:
            size, header = struct.unpack_from(">Q", data, start + 8)[0], 16
        elif size == 0:
            size = end - start
        if size < header or start + size > end:
            return
        yield kind, start + header, start + size
        start += size


def largest_extent(meta: bytes) -> tuple[int, int] | None:
    """(width, height) of the largest picture that the content of a `meta` box declares.

    The largest, not the primary: tiles, thumbnails and depth maps are smaller than the picture, and
    what is larger than it would have to be decoded all the same.
    """
    found: list[tuple[int, int]] = []
    for kind, start, end in boxes(meta, 4, len(meta)):
        if kind != b"iprp":
            continue
        for inner, inner_start, inner_end in boxes(meta, start, end):
            if inner == b"ipco":
                found += [
                    struct.unpack_from(">II", meta, at + 4)
                    for name, at, stop in boxes(meta, inner_start, inner_end)
                    if name == b"ispe" and stop - at >= 12
                ]
    return max(found, key=lambda size: size[0] * size[1], default=None)


def data_end(meta: bytes) -> int:
    """The offset in the file at which the last byte of the items in a `meta` box's content stands (`iloc`).

    A file that ends before is truncated. libheif would not say so: it leaves the tiles that are missing grey.
    Raises struct.error when the box ends inside its own list, or the list is longer than MAX_EXTENTS.
    """
    places = [(start, end) for kind, start, end in boxes(meta, 4, len(meta)) if kind == b"iloc"]
    return max((end for start, stop in places for end in _extent_ends(meta[start:stop])), default=0)


class _Numbers:
    """Reads big-endian numbers of 0 to 8 bytes one after the other."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def __call__(self, size: int) -> int:
        self._at += size
        if self._at > len(self._data):
            raise struct.error
        return int.from_bytes(self._data[self._at - size : self._at], "big")


def _extent_ends(iloc: bytes) -> Iterator[int]:
    number = _Numbers(iloc)
    version = number(4) >> 24
    sizes = number(2)
    offset_size, length_size, base_size, index_size = (sizes >> shift & 15 for shift in (12, 8, 4, 0))
    wide = 4 if version >= 2 else 2
    left = MAX_EXTENTS
    for _ in range(number(wide)):
        number(wide)
        # Method 0 counts from the start of the file; the others count inside the header.
        method = number(2) & 15 if version else 0
        number(2)
        base = number(base_size)
        count = number(2)
        left -= count
        if left < 0:
            raise struct.error
        for _ in range(count):
            number(index_size if version else 0)
            end = base + number(offset_size) + number(length_size)
            if method == 0:
                yield end
