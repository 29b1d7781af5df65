"""Ids that are sortable by time and say where they live.

63 bits: 41 of milliseconds since 2025-01-01Z, 10 of slot, 12 of sequence. They are minted in the
database (`stores/migrations`); here they are only taken apart. JSON carries them as strings.
"""

import hashlib
from datetime import UTC, datetime, timedelta

EPOCH = datetime(2025, 1, 1, tzinfo=UTC)
EPOCH_MS = 1_735_689_600_000
SLOTS = 1024
# The last 16 slots stay empty until an account is large enough to need one of its own.
SHARED_SLOTS = SLOTS - 16
MAX_ID = (1 << 63) - 1


def slot_of(ident: int) -> int:
    """The slot (0..1023) of the account that owns `ident`."""
    return (ident >> 12) & 1023


def time_of(ident: int) -> datetime:
    """The moment at which `ident` was minted, UTC, to the millisecond."""
    return EPOCH + timedelta(milliseconds=ident >> 22)


def first_at(moment: datetime) -> int:
    """The smallest id that could have been minted at `moment`: a bound for ranges in time."""
    return max(0, round((moment - EPOCH) / timedelta(milliseconds=1))) << 22


def slot_of_name(name: str) -> int:
    """The slot of the directory row of a global name (username, e-mail, client id, hashtag)."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big") % SHARED_SLOTS


def parse(text: object) -> int | None:
    """An id from a client's text; None when it cannot be one (a client may send anything)."""
    if isinstance(text, int) and not isinstance(text, bool):
        return text if 0 <= text <= MAX_ID else None
    if isinstance(text, str) and text.isascii() and text.isdigit() and len(text) <= 19:
        number = int(text)
        return number if number <= MAX_ID else None
    return None
