"""The few tools that the scenes are painted with: coordinates, colour ramps, noise, ridges, layers.

Images are float and in 0..1, one band (masks, heights) or three (colour, sRGB). Coordinates: u from 0 (left) to 1, v from
0 (top) to 1. Everything is libvips, which works outside Python's lock, so that several pictures are drawn at once.
"""

import random
from array import array
from collections.abc import Sequence
from functools import lru_cache
from itertools import chain, pairwise
from typing import Any

import pyvips

Image = Any  # pyvips.Image; the binding has no types
Colour = tuple[float, float, float]
Stops = Sequence[tuple[float, str]]

RAMP_STEPS = 1024
GRAIN = 0.012
VIGNETTE = 0.35


def colour(text: str) -> Colour:
    """`#rrggbb` as three numbers in 0..1."""
    return tuple(int(text[at : at + 2], 16) / 255 for at in (1, 3, 5))  # type: ignore[return-value]


class Canvas:
    """A picture in the making: its size in pixels, its coordinates, its own source of chance."""

    def __init__(self, width: int, height: int, seed: str) -> None:
        """`seed` decides everything."""
        self.width, self.height = width, height
        self.chance = random.Random(seed)  # noqa: S311 -- art, not secrets
        grid = pyvips.Image.xyz(width, height)
        self.u = (grid[0] / (width - 1)).copy_memory()
        self.v = (grid[1] / (height - 1)).copy_memory()
        self.aspect = height / width

    def flat(self, shade: Colour) -> Image:
        """One colour everywhere."""
        return self.u * 0 + list(shade)

    def distance(self, u: float, v: float) -> Image:
        """How far each pixel is from (u, v), in widths of the picture."""
        return (((self.u - u) ** 2) + (((self.v - v) * self.aspect) ** 2)) ** 0.5

    def noise(self, cell: float, width: int = 0, height: int = 0) -> Image:
        """Smooth noise about 0 (-1..1) in cells of `cell` widths of the picture."""
        size = max(2, round(cell * self.width))
        image = pyvips.Image.perlin(
            width or self.width, height or self.height, cell_size=size, seed=self.chance.randrange(2**31)
        )
        return image.copy(interpretation="b-w")

    def clouds(self, cell: float, octaves: int = 4, squeeze: float = 1.0) -> Image:
        """Noise of several sizes, about 0; `squeeze` above 1 draws it out sideways."""
        total = None
        for octave in range(octaves):
            layer = self._squeezed(cell / 2**octave, squeeze) * 0.5**octave
            total = layer if total is None else total + layer
        assert total is not None
        return total.copy_memory()

    def _squeezed(self, cell: float, squeeze: float) -> Image:
        if squeeze == 1.0:
            return self.noise(cell)
        drawn = self.noise(cell / squeeze, max(2, round(self.width / squeeze)), self.height)
        return drawn.resize(self.width / drawn.width, vscale=1, kernel="linear").crop(0, 0, self.width, self.height)

    def profile(self, cell: float, octaves: int = 5) -> Image:
        """A line of hills: heights about 0 for each u, the same in every row."""
        total = None
        for octave in range(octaves):
            size = max(2, round(cell / 2**octave * self.width))
            seed = self.chance.randrange(2**31)
            row = pyvips.Image.perlin(self.width, size, cell_size=size, seed=seed).crop(0, size // 2, self.width, 1)
            layer = row.copy(interpretation="b-w") * 0.5**octave
            total = layer if total is None else total + layer
        assert total is not None
        return total.copy_memory().replicate(1, self.height)

    def below(self, line: Image | float) -> Image:
        """1 below the line (a v for each pixel), 0 above, smooth over two pixels."""
        return clamp((self.v - line) * (self.height / 2) + 0.5)

    def specks(self, share: float, blur_px: float = 0.6) -> Image:
        """Single bright dots on about `share` of the pixels: stars, glitter."""
        seed = self.chance.randrange(2**31)
        dots = pyvips.Image.gaussnoise(self.width, self.height, mean=0, sigma=1, seed=seed)
        limit = 3.0 if share < 0.002 else 2.4
        lit = clamp((dots - limit) * 2)
        return lit.gaussblur(blur_px) * 2 if blur_px else lit


def clamp(image: Image) -> Image:
    """`image` kept within 0..1."""
    return image.clamp(min=0, max=1)


def ramp(position: Image, stops: Stops) -> Image:
    """Colours for positions in 0..1, blended between `stops` (position, `#rrggbb`)."""
    steps = array("f", chain.from_iterable(_row(stops, at / (RAMP_STEPS - 1)) for at in range(RAMP_STEPS)))
    lut = pyvips.Image.new_from_memory(steps.tobytes(), RAMP_STEPS, 1, 3, "float")
    return (clamp(position) * (RAMP_STEPS - 1)).cast("ushort").maplut(lut)


def _row(stops: Stops, at: float) -> list[float]:
    first, last = stops[0], stops[-1]
    if at <= first[0]:
        return list(colour(first[1]))
    for (low, a), (high, b) in pairwise(stops):
        if at <= high:
            share = (at - low) / (high - low or 1)
            return [x + (y - x) * share for x, y in zip(colour(a), colour(b), strict=True)]
    return list(colour(last[1]))


def over(ground: Image, layer: Image | Colour, mask: Image) -> Image:
    """`layer` painted over `ground` where `mask` is 1."""
    top = list(layer) if isinstance(layer, tuple) else layer
    return (ground * (1 - mask) + mask * top).copy_memory()


def light(ground: Image, shade: Colour, mask: Image) -> Image:
    """Light of colour `shade` added to `ground`, as strong as `mask`; never above white (screen)."""
    return (1 - (1 - ground) * (1 - clamp(mask) * list(shade))).copy_memory()


def finished(image: Image, width: int, height: int) -> Image:
    """The picture as a camera would give it, `width` x `height` pixels: darker corners, grain; 8 bits a band."""
    image = image.resize(width / image.width, vscale=height / image.height, kernel="cubic")
    corners, grain = _film(width, height)
    return (clamp(image * corners + grain) * 255).cast("uchar").copy(interpretation="srgb")


@lru_cache
def _film(width: int, height: int) -> tuple[Image, Image]:
    """How much light reaches each pixel, and the grain; the same for all pictures of a size, as nobody will notice."""
    canvas = Canvas(width, height, "film")
    noise = pyvips.Image.gaussnoise(width, height, mean=0, sigma=GRAIN, seed=1)
    return (1 - canvas.distance(0.5, 0.5) ** 2 * VIGNETTE).copy_memory(), noise.copy_memory()
