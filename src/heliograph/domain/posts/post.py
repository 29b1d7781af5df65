"""What a post is, and the small header in front of its cached body that the domain reads.

A cached post is a header and an opaque body without counts and without the account: the body is made by the web's
renderer, the domain decides by the header alone who may see it.
"""

import struct
from datetime import datetime
from enum import IntEnum
from typing import Any

import msgspec

from heliograph.base import ids
from heliograph.domain.media.attachments import Attachment

POST = "post"
POST_COUNTS = "counts"

MAX_PHOTOS = 10
MAX_CHARACTERS = 2000


class Visibility(IntEnum):
    """Who sees a post: everybody; everybody who looks; followers; those who are mentioned."""

    PUBLIC = 0
    UNLISTED = 1
    PRIVATE = 2
    DIRECT = 3


class Mention(msgspec.Struct, frozen=True):
    """An account named in a post, as resolved when it was written."""

    id: int
    username: str


class Post(msgspec.Struct, frozen=True):
    """A post as its author's shard has it, with its photos in order."""

    id: int
    account_id: int
    text: str
    spoiler_text: str
    visibility: Visibility
    sensitive: bool
    language: str | None
    tags: list[str]
    mentions: list[Mention]
    application: dict[str, Any] | None
    photos: list[Attachment]

    @property
    def created_at(self) -> datetime:
        """When it was written, UTC."""
        return ids.time_of(self.id)


class Header(msgspec.Struct, frozen=True):
    """What the rules need of a post: who wrote it, who may see it. `gone`: there is no such post (any more)."""

    id: int
    author: int
    visibility: Visibility
    mentioned: tuple[int, ...]
    gone: bool


_HEADER = struct.Struct(">BqBH")
_GONE = 1
_VISIBILITIES = tuple(Visibility)

GONE = _HEADER.pack(_GONE, 0, 0, 0)


def pack(post: Post, body: bytes) -> bytes:
    """The cached form of `post`: header, then `body`."""
    head = _HEADER.pack(0, post.account_id, post.visibility, len(post.mentions))
    return head + struct.pack(f">{len(post.mentions)}q", *(mention.id for mention in post.mentions)) + body


def unpack(post_id: int, data: bytes) -> tuple[Header, bytes]:
    """Header and body of a cached post."""
    flags, author, visibility, count = _HEADER.unpack_from(data)
    end = _HEADER.size + 8 * count
    mentioned = struct.unpack_from(f">{count}q", data, _HEADER.size) if count else ()
    return Header(post_id, author, _VISIBILITIES[visibility], mentioned, bool(flags & _GONE)), data[end:]
