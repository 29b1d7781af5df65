"""Which sizes of a photo are made. Pure arithmetic."""

# Widths in pixels; each is a rung that a page or an app picks by the room it has.
RUNGS_PX = (320, 640, 1080, 2048)
# A variant is at most this many times as high as its rung is wide: WebP's encoder takes 15 bytes a pixel, so that
# 2048 x 6144 is what fits into the decoding child's memory.
MAX_TALLNESS = 3


def ladder(width: int, height: int) -> list[tuple[int, int]]:
    """(width, height) of each variant of a photo that is `width` x `height` upright, the smallest first.

    Never larger than the photo: one that is narrower than a rung ends the ladder with its own size.
    """
    # By width, since a variant's file is named by it: of two that are equally narrow the higher one stays.
    heights: dict[int, int] = {}
    for rung in RUNGS_PX:
        scale = min(1.0, rung / width, rung * MAX_TALLNESS / height)
        heights[max(1, round(width * scale))] = max(1, round(height * scale))
    return list(heights.items())
