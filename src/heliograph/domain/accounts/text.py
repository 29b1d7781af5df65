"""Text as people send it, made fit to be kept: no control characters (PostgreSQL refuses NUL), no outer space."""

import unicodedata

_KEPT = frozenset("\n\t")
# Controls and lone surrogates. What this Python's Unicode does not know yet stays: it may be next year's emoji.
_DROPPED = frozenset({"Cc", "Cs"})


def plain(text: str) -> str:
    """`text` of possibly many lines: every newline is one LF, control characters are gone, NFC."""
    unified = text.replace("\r\n", "\n").replace("\r", "\n")
    kept = "".join([char for char in unified if char in _KEPT or unicodedata.category(char) not in _DROPPED])
    return unicodedata.normalize("NFC", kept).strip()


def line(text: str) -> str:
    """`text` as a single line: any run of space is one space."""
    return " ".join(plain(text).split())
