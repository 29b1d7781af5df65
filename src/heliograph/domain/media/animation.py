"""Animated GIF and WebP become animated WebP. Runs in the decoding child only.

Frames are read one after the other; what is held is one variant's frames, never the source's.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyvips

from heliograph.domain.media import variants
from heliograph.domain.media.headers import TooManyPixelsError
from heliograph.domain.media.ladder import ladder
from heliograph.domain.media.pixels import fit, to_srgb

# Encoding takes most of the time, and there are many frames: half the work for a tenth more bytes.
EFFORT = 2
QUALITY = 80
BANDS = 4


def write_all(
    kind: str, path: str, out_dir: Path, max_pixels: int
) -> tuple[list[dict[str, Any]], pyvips.Image, tuple[int, int]]:
    """(variants, smallest first; first frame; size of a frame in px) of the animation at `path`."""
    header = _load(kind, path)
    if header.width * header.height > max_pixels:
        raise TooManyPixelsError
    own = (header.width, header.get_page_height())
    timing = {name: header.get(name) for name in ("delay", "loop") if header.get_typeof(name)}
    written = [_write(kind, path, size, timing, out_dir) for size in ladder(*own)]
    return written, next(_frames(kind, path)).copy_memory(), own


def _load(kind: str, path: str) -> pyvips.Image:
    loader = pyvips.Image.gifload if kind == "gif" else pyvips.Image.webpload
    return loader(path, n=-1, access="sequential", fail_on="error")


def _frames(kind: str, path: str) -> Iterator[pyvips.Image]:
    """Each frame as sRGB with alpha; must be read in order, each before the next is asked for."""
    for frame in _gif_frames(path) if kind == "gif" else _webp_frames(path):
        icc = "icc-profile-data" if frame.get_typeof("icc-profile-data") else None
        shown = to_srgb(frame, icc)
        yield shown if shown.hasalpha() else shown.addalpha()


def _gif_frames(path: str) -> Iterator[pyvips.Image]:
    roll = _load("gif", path)
    height = roll.get_page_height()
    for top in range(0, roll.height, height):
        yield roll.crop(0, top, roll.width, height).copy_memory()


def _webp_frames(path: str) -> Iterator[pyvips.Image]:
    """By Pillow: libvips would unpack all frames of a WebP before it gives the first."""
    from PIL import Image, ImageSequence  # noqa: PLC0415 -- 30 ms that only an animated WebP shall pay

    with Image.open(path, formats=("WEBP",)) as pictures:
        for picture in ImageSequence.Iterator(pictures):
            data = picture.convert("RGBA").tobytes()
            frame = pyvips.Image.new_from_memory(data, *picture.size, BANDS, "uchar").copy(interpretation="srgb")
            if profile := picture.info.get("icc_profile"):
                frame.set_type(pyvips.GValue.blob_type, "icc-profile-data", profile)
            yield frame


def _write(kind: str, path: str, size: tuple[int, int], timing: dict[str, Any], out_dir: Path) -> dict[str, Any]:
    width, height = size
    frame_bytes = width * height * BANDS
    count = 0
    roll = bytearray()
    for frame in _frames(kind, path):
        roll += fit(frame, width, height).write_to_memory()
        count += 1
    assert len(roll) == frame_bytes * count
    image = pyvips.Image.new_from_memory(roll, width, height * count, BANDS, "uchar").copy(interpretation="srgb")
    for name, value in timing.items():
        image.set_type(pyvips.GValue.array_int_type if name == "delay" else pyvips.GValue.gint_type, name, value)
    options = {"page_height": height, "effort": EFFORT, "Q": QUALITY, "smart_subsample": False}
    return variants.save(image, out_dir / f"{width}.webp", **options)
