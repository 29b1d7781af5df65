"""The names under which photos are kept.

A name is a capability: 128 random bits, never derived from the upload, never shared by two uploads.
"""

import re
import secrets

PREFIX = "media/"
_VARIANT = re.compile(r"media/([0-9a-f]{2}/){2}[0-9a-f]{32}/[a-z0-9]+\.[a-z0-9]+")


def new_name() -> str:
    """A fresh folder for one photo, `media/ab/cd/<32 hex>`; two levels keep folders of a file system small."""
    token = secrets.token_hex(16)
    return f"{PREFIX}{token[:2]}/{token[2:4]}/{token}"


def variant_name(name: str, file: str) -> str:
    """The object that holds one variant (`640.webp`) of the photo `name`."""
    return f"{name}/{file}"


def is_variant_name(text: str) -> bool:
    """Whether `text`, from a client, can name a variant; what cannot is not worth asking the store."""
    return _VARIANT.fullmatch(text) is not None
