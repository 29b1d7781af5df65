"""What templates ask of a photo (a MediaAttachment as a dict): its sizes, its colour before it is there, its focus.

A page may hold no style of its own (the site's policy refuses it), so colour travels as the fill of a drawing and focus as
one of a few classes.
"""

from typing import Any

_BASE83 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz#$%*+,-.:;=?@[]^_{|}~"
_NO_COLOUR = "#8886"
# A reel shows several photos in one frame, which takes the shape of the first.
_PORTRAIT, _LANDSCAPE = 0.9, 1.15
_FOCUS_STEPS = 4


def colour(blurhash: str | None) -> str:
    """The average colour of a photo as #rrggbb. Source: blurha.sh, the four digits after the size and the maximum."""
    if not blurhash or len(blurhash) < 6:
        return _NO_COLOUR
    value = 0
    for char in blurhash[2:6]:
        value = value * 83 + _BASE83.index(char)
    return f"#{value & 0xFFFFFF:06x}"


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
