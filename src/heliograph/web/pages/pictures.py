"""What templates ask of a photo (a MediaAttachment as a dict): its sizes, its colour before it is there, its focus.

A page may hold no style of its own (the site's policy refuses it), so colour travels as the fill of a drawing and focus as
one of a few classes.
"""

import math
from typing import Any

_BASE83 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz#$%*+,-.:;=?@[]^_{|}~"
_NO_COLOUR = "#8886"
# A reel shows several photos in one frame, which takes the shape of the first.
_PORTRAIT, _LANDSCAPE = 0.9, 1.15
_FOCUS_STEPS = 4
HAZE_COLUMNS, HAZE_ROWS = 6, 4


def colour(blurhash: str | None) -> str:
    """The average colour of a photo as #rrggbb. Source: blurha.sh, the four digits after the size and the maximum."""
    if not blurhash or len(blurhash) < 6:
        return _NO_COLOUR
    return f"#{_value(blurhash[2:6]) & 0xFFFFFF:06x}"


def haze(blurhash: str | None) -> list[str]:
    """What can be told of a photo without showing it: HAZE_ROWS rows of HAZE_COLUMNS colours as #rrggbb, one after another.

    Source: the algorithm of blurha.sh.
    """
    if not blurhash or len(blurhash) < 6:
        return [_NO_COLOUR] * (HAZE_COLUMNS * HAZE_ROWS)
    across, down = _value(blurhash[0]) % 9 + 1, _value(blurhash[0]) // 9 + 1
    most = (_value(blurhash[1]) + 1) / 166
    waves = [_average(_value(blurhash[2:6]))]
    waves += [_wave(_value(blurhash[at : at + 2]), most) for at in range(6, 4 + 2 * across * down, 2)]
    return [
        _mixed(waves, across, (column + 0.5) / HAZE_COLUMNS, (row + 0.5) / HAZE_ROWS)
        for row in range(HAZE_ROWS)
        for column in range(HAZE_COLUMNS)
    ]


def _value(digits: str) -> int:
    value = 0
    for digit in digits:
        value = value * 83 + _BASE83.index(digit)
    return value


def _average(value: int) -> tuple[float, ...]:
    return tuple(_linear(value >> shift & 255) for shift in (16, 8, 0))


def _wave(value: int, most: float) -> tuple[float, ...]:
    parts = (value // 361 - 9, value // 19 % 19 - 9, value % 19 - 9)
    return tuple(math.copysign((part / 9) ** 2, part) * most for part in parts)


def _mixed(waves: list[tuple[float, ...]], across: int, x: float, y: float) -> str:
    """The colour at (`x`, `y`), each from 0 to 1."""
    basis = [math.cos(math.pi * x * (n % across)) * math.cos(math.pi * y * (n // across)) for n in range(len(waves))]
    parts = [sum(wave[part] * much for wave, much in zip(waves, basis, strict=True)) for part in range(3)]
    return "#" + "".join(f"{_gamma(part):02x}" for part in parts)


def _linear(value: int) -> float:
    part = value / 255
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4


def _gamma(part: float) -> int:
    part = min(1.0, max(0.0, part))
    return round(255 * (part * 12.92 if part <= 0.0031308 else 1.055 * part ** (1 / 2.4) - 0.055))


def srcset(photo: dict[str, Any]) -> str:
    """The photo in all its widths, as an `srcset`: variants differ in their file's name, which is their width."""
    folder, _, file = photo["url"].rpartition("/")
    suffix = file.partition(".")[2]
    return ", ".join(f"{folder}/{width}.{suffix} {width}w" for width in photo["meta"]["widths"])


def focus(photo: dict[str, Any]) -> str:
    """The classes that keep the focal point within a crop: `fx0` (left) to `fx4`, `fy0` (top) to `fy4`."""
    point = photo["meta"]["focus"]
    across = round((point["x"] + 1) / 2 * _FOCUS_STEPS)
    down = round((1 - point["y"]) / 2 * _FOCUS_STEPS)
    return f"fx{across} fy{down}"


def shape(photo: dict[str, Any]) -> str:
    """Whether the photo is `portrait`, `landscape` or `square`."""
    aspect = photo["meta"]["original"]["aspect"]
    if aspect < _PORTRAIT:
        return "portrait"
    return "landscape" if aspect > _LANDSCAPE else "square"


def smallest(photo: dict[str, Any]) -> str:
    """The address of the smallest variant."""
    return srcset(photo).partition(" ")[0]
