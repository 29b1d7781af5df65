"""HEIC to pixels by libheif. Runs in the decoding child only.

The decoder's own buffer is handed on without a copy: a 48-megapixel photo is held once as YCbCr and once as RGB
while the one becomes the other (217 MiB), and nothing more.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pillow_heif
import pyvips

from heliograph.domain.media.headers import TooManyPixelsError

BANDS = {"RGB": 3, "RGBA": 4, "RGBa": 4, "L": 1, "LA": 2, "La": 2}
# ISO/IEC 23091-2: colour primaries 11 and 12 are Display P3's; without an ICC profile iPhones say so by number.
P3_PRIMARIES = frozenset({11, 12})


def read(path: str, max_pixels: int) -> tuple[pyvips.Image, str | None]:
    """(picture, profile) of the primary image, turned upright by libheif, 10 bits cut to 8.

    Raises TooManyPixelsError before decoding one that has more than `max_pixels`.
    """
    pillow_heif.options.DECODE_THREADS = 0
    pillow_heif.options.THUMBNAILS = pillow_heif.options.DEPTH_IMAGES = pillow_heif.options.AUX_IMAGES = False
    held = pillow_heif.open_heif(Path(path), convert_hdr_to_8bit=True)
    photo = held[held.primary_index]
    if photo.size[0] * photo.size[1] > max_pixels:
        raise TooManyPixelsError
    data, (width, height), mode = photo.data, photo.size, photo.mode
    image = pyvips.Image.new_from_memory(data, width, height, BANDS[mode], "uchar")
    image = image.copy(interpretation="srgb" if BANDS[mode] > 2 else "b-w")
    if mode.endswith("a"):
        image = image.unpremultiply().cast("uchar")
    return _with_profile(image, photo.info)


def _with_profile(image: pyvips.Image, info: Mapping[str, Any]) -> tuple[pyvips.Image, str | None]:
    if profile := info.get("icc_profile"):
        image.set_type(pyvips.GValue.blob_type, "icc-profile-data", profile)
        return image, "icc-profile-data"
    numbers = info.get("nclx_profile") or {}
    return image, "p3" if numbers.get("color_primaries") in P3_PRIMARIES else None
