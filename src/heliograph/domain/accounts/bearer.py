"""What a person, browser or app carries to prove itself: `<id>.<secret>`.

The id in front says where the row lives, so that the proof routes without a look-up. The secret is 256 random bits;
only its SHA-256 is stored, which needs no salt and no stretching.
"""

import hashlib
import secrets
from functools import lru_cache

import msgspec

from heliograph.base import ids

_SECRET_MAX = 64
# An id has 19 digits at most.
_TEXT_MAX = 19 + 1 + _SECRET_MAX


class Bearer(msgspec.Struct, frozen=True):
    """A parsed proof. `owner_id`: the account, or the app for a token of its own; `hash`: what the row is found by."""

    owner_id: int
    hash: bytes

    @property
    def slot(self) -> int:
        """Where its row lives."""
        return ids.slot_of(self.owner_id)

    @classmethod
    def parse(cls, text: str) -> "Bearer | None":
        """None when `text` cannot be one."""
        return _parsed(text) if len(text) <= _TEXT_MAX else None


# Who asks once mostly asks again; nothing is believed of a text because it is known here.
@lru_cache(4096)
def _parsed(text: str) -> Bearer | None:
    owner, _, secret = text.partition(".")
    owner_id = ids.parse(owner)
    if owner_id is None or not secret or len(secret) > _SECRET_MAX:
        return None
    return Bearer(owner_id, digest(secret))


def mint(owner_id: int) -> tuple[str, Bearer]:
    """A fresh proof: the text to hand out, once, and what is stored of it."""
    secret = secrets.token_urlsafe(32)
    return f"{owner_id}.{secret}", Bearer(owner_id, digest(secret))


def digest(secret: str) -> bytes:
    """SHA-256 of a random secret."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()
