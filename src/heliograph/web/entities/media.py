"""MediaAttachment."""

import msgspec

from heliograph.domain.media.attachments import Attachment, Variant
from heliograph.web.addresses import Addresses

# What a grid of a timeline shows; a screen at twice the density of a 320 px column.
PREVIEW_PX = 640
# Kept in single precision, in which 0.1 is 0.10000000149.
FOCUS_DIGITS = 5


class SizeEntity(msgspec.Struct, frozen=True):
    """The pixels of one size of a photo."""

    width: int
    height: int
    size: str
    aspect: float


class FocusEntity(msgspec.Struct, frozen=True):
    """The focal point, from -1 to 1 on both axes."""

    x: float
    y: float


class MetaEntity(msgspec.Struct, frozen=True):
    """The sizes and the focal point of a photo. `widths`: of all its variants, which differ in their file's name (ours)."""

    original: SizeEntity
    small: SizeEntity
    focus: FocusEntity
    widths: list[int]


class MediaEntity(msgspec.Struct, frozen=True, kw_only=True):
    """A photo. `url` is null while it is being processed."""

    id: str
    type: str = "image"
    url: str | None
    preview_url: str | None
    remote_url: None = None
    preview_remote_url: None = None
    text_url: None = None
    meta: MetaEntity | None
    description: str | None
    blurhash: str | None


def media(photo: Attachment, addresses: Addresses) -> MediaEntity:
    """The entity of `photo`; without addresses while it has not been decoded."""
    if not photo.variants:
        return MediaEntity(
            id=str(photo.id), url=None, preview_url=None, meta=None, description=photo.description, blurhash=None
        )
    largest, preview = photo.variants[-1], preview_of(photo)
    return MediaEntity(
        id=str(photo.id),
        url=addresses.media(f"{photo.name}/{largest.file}"),
        preview_url=addresses.media(f"{photo.name}/{preview.file}"),
        meta=MetaEntity(
            _size(largest),
            _size(preview),
            FocusEntity(round(photo.focus_x, FOCUS_DIGITS), round(photo.focus_y, FOCUS_DIGITS)),
            [variant.width for variant in photo.variants],
        ),
        description=photo.description,
        blurhash=photo.blurhash,
    )


def preview_of(photo: Attachment) -> Variant:
    """The smallest variant that is wide enough for a preview."""
    return next((variant for variant in photo.variants if variant.width >= PREVIEW_PX), photo.variants[-1])


def _size(variant: Variant) -> SizeEntity:
    return SizeEntity(
        variant.width, variant.height, f"{variant.width}x{variant.height}", round(variant.width / variant.height, 5)
    )
