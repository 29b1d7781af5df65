"""The names under which photos are kept.

A name is a capability: 128 random bits, never derived from the upload, never shared by two uploads.
"""

import secrets

PREFIX = "media/"


def new_name() -> str:
    """A fresh folder for one photo, `media/ab/cd/<32 hex>`; two levels keep folders of a file system small."""
    token = secrets.token_hex(16)
    return f"{PREFIX}{token[:2]}/{token[2:4]}/{token}"


def variant_name(name: str, file: str) -> str:
    """The object that holds one variant (`640.webp`) of the photo `name`."""
    return f"{name}/{file}"
