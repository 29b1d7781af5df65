"""One photograph from a motif, a seed and a guise, as the bytes of a JPEG.

Painting costs more than all else of a made-up community, so a painting is made once and photographed several times: each
guise frames it differently and has its own colours, as if somebody had come back on another day.
"""

import math
import random
from functools import lru_cache

from heliograph.lab.pictures.canvas import Canvas, Image, clamp, finished
from heliograph.lab.pictures.scenes import SCENES
from heliograph.lab.pictures.studies import STUDIES

MOTIFS = SCENES | STUDIES
# Painted smaller than shown and grained when enlarged: it looks no less like a photograph and takes a third of the time.
PAINTED_PX = 448
PAINTINGS_KEPT = 256
QUALITY = 88
GREY_SHARE = 0.08
CLOSEST = 0.78
SIGN = (0, -1, 1)


def draw(motif: str, seed: int, guise: int, width: int, height: int) -> bytes:
    """The JPEG of `motif` (a key of MOTIFS), `width` x `height` pixels. The same arguments give the same picture."""
    name = f"{motif} {seed} {guise}"
    chance = random.Random(name)  # noqa: S311 -- art, not secrets
    image = _framed(_painted(motif, seed), chance, guise, height / width)
    if guise:
        image = _graded(image, chance)
    image = finished(image, width, height)
    if chance.random() < GREY_SHARE:
        image = image.colourspace("b-w")
    data: bytes = image.jpegsave_buffer(Q=QUALITY)
    return data


@lru_cache(PAINTINGS_KEPT)
def _painted(motif: str, seed: int) -> Image:
    """The painting, square, 8 bits a band."""
    image = MOTIFS[motif](Canvas(PAINTED_PX, PAINTED_PX, f"{motif} {seed}"))
    return (clamp(image) * 255).rint().cast("uchar").copy_memory()


def _framed(painting: Image, chance: random.Random, guise: int, aspect: float) -> Image:
    """The part of `painting` that is seen, in 0..1: all that fits at first, later from nearer and mirrored."""
    closeness = chance.uniform(CLOSEST, 0.95) if guise else 1.0
    wide = round(PAINTED_PX * closeness * min(1, 1 / aspect))
    high = round(PAINTED_PX * closeness * min(1, aspect))
    left = round((PAINTED_PX - wide) * chance.uniform(0.2, 0.8))
    top = round((PAINTED_PX - high) * chance.uniform(0.4, 0.7))
    image = painting.crop(left, top, wide, high)
    return (image.fliphor() if guise % 2 else image) / 255


def _graded(image: Image, chance: random.Random) -> Image:
    """Other colours: the hues turned a little, more or less of them, another warmth, lighter or darker."""
    turn, strength = math.radians(chance.uniform(-35, 35)), chance.uniform(0.7, 1.25)
    warmth, gain = chance.uniform(-0.07, 0.07), chance.uniform(0.85, 1.15)
    balance = (gain * (1 + warmth), gain, gain * (1 - warmth))
    matrix = [[value * balance[row] for value in line] for row, line in enumerate(_turned(turn, strength))]
    return image.recomb(matrix)


def _turned(turn: float, strength: float) -> list[list[float]]:
    """The matrix that turns colours by `turn` radians about grey and scales their distance from it by `strength`."""
    along, across = strength * math.cos(turn), strength * math.sin(turn) / math.sqrt(3)
    third = (1 - along) / 3
    return [[third + (along if row == column else 0) + across * SIGN[(column - row) % 3] for column in range(3)]
            for row in range(3)]  # fmt: skip
