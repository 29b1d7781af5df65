"""Writes the variants of one photo as WebP, and its blurhash. Runs in the decoding child only.

Nothing but pixels is written: no EXIF, XMP, IPTC, ICC profile or thumbnail (untagged WebP is sRGB).
"""

from pathlib import Path
from typing import Any

import blurhash
import pyvips

from heliograph.domain.media.ladder import ladder
from heliograph.domain.media.pixels import fit

# Chosen by eye and figure on detailed landscapes: above 39 dB at about 1 bit a pixel; 80 loses 1.5 dB in foliage.
QUALITY = 85
ALPHA_QUALITY = 95
# 5 and 6 cost up to twice the time and save 3 percent.
EFFORT = 4
BLUR_LONG_COMPONENTS, BLUR_SHORT_COMPONENTS = 4, 3
BLUR_SIDE_PX = 32
PAPER = [255, 255, 255]


def save(image: pyvips.Image, file: Path, **options: Any) -> dict[str, Any]:
    """Write `image` to `file` and say what was written: file, width, height (of one frame, px), size_bytes."""
    # smart_subsample keeps thin red and blue edges from bleeding (WebP halves the colour's resolution).
    settings = {"Q": QUALITY, "alpha_q": ALPHA_QUALITY, "effort": EFFORT, "smart_subsample": True} | options
    image.webpsave(str(file), keep="none", **settings)
    height = settings.get("page_height", image.height)
    return {"file": file.name, "width": image.width, "height": height, "size_bytes": file.stat().st_size}


def write_all(image: pyvips.Image, own: tuple[int, int], out_dir: Path) -> list[dict[str, Any]]:
    """Write each variant of `image` (sRGB, as large as the largest variant of a photo of size `own`), smallest first."""
    sizes = ladder(*own)
    return [save(fit(image, *size), out_dir / f"{size[0]}.webp", preset="photo") for size in sizes]


def blur(image: pyvips.Image) -> str:
    """The blurhash of `image` (sRGB; transparent parts on white), with more components along the longer side."""
    scale = min(1.0, BLUR_SIDE_PX / max(image.width, image.height))
    small = fit(image, max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    small = small.flatten(background=PAPER) if small.hasalpha() else small
    data, row = small.cast("uchar").write_to_memory(), small.width * 3
    lines = [data[at : at + row] for at in range(0, len(data), row)]
    pixels = [[tuple(line[at : at + 3]) for at in range(0, row, 3)] for line in lines]
    wide = image.width >= image.height
    across, down = BLUR_LONG_COMPONENTS, BLUR_SHORT_COMPONENTS
    return str(blurhash.encode(pixels, *((across, down) if wide else (down, across))))
