"""How pages say times and numbers."""

from datetime import datetime

from heliograph.base import clock

_THOUSAND = 10_000
_MILLION = 1_000_000
_STEPS = ((60, 60, "m"), (3600, 24, "h"), (86400, 7, "d"))


def moment(text: str) -> datetime:
    """A time as entities write it."""
    return datetime.fromisoformat(text)


def ago(text: str) -> str:
    """How long ago, briefly (`now`, `5m`, `3h`, `2d`), or the date if that is a week or more."""
    then = moment(text)
    seconds = max(0, int((clock.now() - then).total_seconds()))
    if seconds < 60:
        return "now"
    for size, most, unit in _STEPS:
        if seconds // size < most:
            return f"{seconds // size}{unit}"
    return then.strftime("%-d %b" if then.year == clock.now().year else "%-d %b %Y")


def whole(text: str) -> str:
    """Date and time in full."""
    return moment(text).strftime("%-d %B %Y, %H:%M UTC")


def short(number: int) -> str:
    """A count that fits: `9999`, `12.3k`, `4.5M`."""
    if number < _THOUSAND:
        return str(number)
    if round(number, -2) < _MILLION:
        return f"{number / 1000:.1f}".removesuffix(".0") + "k"
    return f"{number / _MILLION:.1f}".removesuffix(".0") + "M"


def counted(number: int, one: str, many: str) -> str:
    """`1 photo`, `2 photos`."""
    return f"{short(number)} {one if number == 1 else many}"
