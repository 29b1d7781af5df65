"""From the file to upright sRGB pixels of the largest variant's size. Runs in the decoding child only.

Memory decides how: a picture is read top to bottom and shrunk on the way, so that the whole of it is held only
where its format leaves no choice (progressive JPEG, interlaced PNG, lossless WebP, HEIC). No metadata leaves here.
"""

from collections.abc import Callable
from typing import Any

import pyvips

from heliograph.domain.media.headers import TooManyPixelsError
from heliograph.domain.media.ladder import ladder

# What is left to do for the good (Lanczos) filter after a decoder's own, rougher shrinking.
FINE_SHRINK = 2
# Above this, a WebP is shrunk by its own decoder all the way: what it unpacks must be held whole, 4 bytes a pixel.
WEBP_FINE_MAX_PX = 24_000_000
UNTRUSTED_ROOT = "VipsForeignLoad"
LOADER_CLASSES = {"jpeg": "Jpeg", "png": "Png", "webp": "Webp", "gif": "Nsgif"}
# Orientations that lay the picture on its side (EXIF 2.32, tag 274).
SIDEWAYS = range(5, 9)


def only(kind: str) -> None:
    """Leave libvips the one loader for `kind` (none for HEIC, which another library reads)."""
    pyvips.cache_set_max(0)
    pyvips.block_untrusted_set(True)
    pyvips.operation_block_set(UNTRUSTED_ROOT, True)
    if kind in LOADER_CLASSES:
        pyvips.operation_block_set(UNTRUSTED_ROOT + LOADER_CLASSES[kind], False)


def read(kind: str, path: str, max_pixels: int) -> tuple[pyvips.Image, tuple[int, int]]:
    """The still photo at `path`: upright, 8-bit sRGB with or without alpha, in memory; and its own upright size."""
    if kind == "heic":
        image, icc = _read_heic(path, max_pixels)
        own, turn = (image.width, image.height), 1
    else:
        header = _load(kind, path)
        if header.width * header.height > max_pixels:
            raise TooManyPixelsError
        own, turn = upright_size(header), orientation(header)
        image = _load_shrunk(kind, path, header)
        icc = "icc-profile-data" if header.get_typeof("icc-profile-data") else None
    width, height = ladder(*own)[-1]
    stored = (height, width) if turn in SIDEWAYS else (width, height)
    shrunk = fit(image, *stored).copy_memory()
    # Only now: turning a picture needs all of it.
    return to_srgb(_turned(shrunk, turn), icc).copy_memory(), own


def orientation(image: pyvips.Image) -> int:
    """The EXIF orientation, 1 (upright) to 8."""
    value = image.get("orientation") if image.get_typeof("orientation") else 1
    return value if 1 <= value <= 8 else 1


def upright_size(image: pyvips.Image) -> tuple[int, int]:
    """(width, height) as a viewer shall see it."""
    sideways = orientation(image) in SIDEWAYS
    return (image.height, image.width) if sideways else (image.width, image.height)


def _load(kind: str, path: str, **options: Any) -> pyvips.Image:
    loader: Callable[..., pyvips.Image] = getattr(pyvips.Image, f"{kind}load")
    return loader(path, access="sequential", fail_on="error", **options)


def _load_shrunk(kind: str, path: str, header: pyvips.Image) -> pyvips.Image:
    width, height = upright_size(header)
    factor = width / ladder(width, height)[-1][0]
    if kind == "jpeg" and factor >= 2 * FINE_SHRINK:
        return _load(kind, path, shrink=next(step for step in (8, 4, 2) if step <= factor / FINE_SHRINK))
    if kind == "webp":
        scale = 1 / factor if width * height > WEBP_FINE_MAX_PX else min(1.0, FINE_SHRINK / factor)
        return _load(kind, path, scale=scale) if scale < 1 else header
    return header


def _read_heic(path: str, max_pixels: int) -> tuple[pyvips.Image, str | None]:
    from heliograph.domain.media import heic_pixels  # noqa: PLC0415 -- 20 ms that only a HEIC shall pay

    return heic_pixels.read(path, max_pixels)


def fit(image: pyvips.Image, width: int, height: int) -> pyvips.Image:
    """`image` resized to exactly `width` x `height`, of the same kind of pixels. Lanczos; edges of alpha stay clean."""
    if (image.width, image.height) == (width, height):
        return image
    alpha, form = image.hasalpha(), image.format
    if alpha:
        # Cast at once: in floating point the lines in flight of a wide picture take 140 MiB instead of 35.
        image = image.premultiply().cast(form)
    image = image.resize(width / image.width, vscale=height / image.height)
    return image.unpremultiply().cast(form) if alpha else image


def _turned(image: pyvips.Image, turn: int) -> pyvips.Image:
    if turn == 1:
        return image
    image = image.copy()
    image.set_type(pyvips.GValue.gint_type, "orientation", turn)
    return image.autorot()


def to_srgb(image: pyvips.Image, icc: str | None) -> pyvips.Image:
    """`image` as 8-bit sRGB. `icc`: "icc-profile-data" for the embedded profile, a profile that libvips knows by name, or None.

    A profile that cannot be used (broken, or of another kind of picture) is passed over, as browsers do.
    """
    if icc:
        try:
            converted = image.icc_transform("srgb", **_profile(icc), intent="relative", black_point_compensation=True)
            return _plain(converted.copy_memory())
        except pyvips.Error:
            pass
    return _plain(image)


def _profile(icc: str) -> dict[str, Any]:
    return {"embedded": True} if icc == "icc-profile-data" else {"input_profile": icc}


def _plain(image: pyvips.Image) -> pyvips.Image:
    image = image.colourspace("srgb").cast("uchar")
    if image.hasalpha() and image[image.bands - 1].min() == 255:
        return image[:3]
    return image
