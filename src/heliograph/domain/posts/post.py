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
from heliograph.domain.graph.relations import tag_number
from heliograph.domain.media.attachments import Attachment

# The numbers grow with the layout, so that what an older version has cached is not read as if it were new.
POST = "post3"
POST_COUNTS = "counts2"

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
    """A post as its author's shard has it, with its photos in order.

    `root_id`: what the thread began with, for a reply. A reblog has nothing of its own but its visibility; what it shows is
    the post `reblog_of_id`.
    """

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
    in_reply_to_id: int | None = None
    in_reply_to_account_id: int | None = None
    root_id: int | None = None
    reblog_of_id: int | None = None
    reblog_of_account_id: int | None = None
    edited_at: datetime | None = None

    @property
    def created_at(self) -> datetime:
        """When it was written, UTC."""
        return ids.time_of(self.id)


class Header(msgspec.Struct, frozen=True):
    """What the rules need of a post: who wrote it, who may see it.

    `reply_to`: whose post it answers, in the thread that began with `root`; `original` and `original_author`: what it
    reblogs; 0 for none. `tags`: its hashtags, by `tag_number`. `gone`: there is no such post (any more). `plain`: it is there,
    for followers at least, and neither an answer nor a reblog, as most are; False decides nothing.
    """

    id: int
    author: int
    visibility: Visibility
    mentioned: tuple[int, ...]
    gone: bool
    reply_to: int = 0
    root: int = 0
    original: int = 0
    original_author: int = 0
    tags: tuple[int, ...] = ()
    has_photos: bool = False
    plain: bool = False


_HEADER = struct.Struct(">BqBqqqqHH")
_GONE = 1
_PHOTOS = 2
_VISIBILITIES = tuple(Visibility)

GONE = _HEADER.pack(_GONE, 0, 0, 0, 0, 0, 0, 0, 0)


def pack(post: Post, body: bytes) -> bytes:
    """The cached form of `post`: header, then `body`."""
    numbers = [*(mention.id for mention in post.mentions), *map(tag_number, post.tags)]
    head = _HEADER.pack(
        _PHOTOS if post.photos else 0,
        post.account_id,
        post.visibility,
        post.in_reply_to_account_id or 0,
        post.root_id or 0,
        post.reblog_of_id or 0,
        post.reblog_of_account_id or 0,
        len(post.mentions),
        len(post.tags),
    )
    return head + struct.pack(f">{len(numbers)}q", *numbers) + body


def unpack(post_id: int, data: bytes) -> tuple[Header, bytes]:
    """Header and body of a cached post."""
    flags, author, visibility, reply_to, root, original, original_author, mentions, tags = _HEADER.unpack_from(data)
    end = _HEADER.size + 8 * (mentions + tags)
    numbers = struct.unpack_from(f">{mentions + tags}q", data, _HEADER.size) if mentions + tags else ()
    header = Header(
        post_id,
        author,
        _VISIBILITIES[visibility],
        numbers[:mentions],
        bool(flags & _GONE),
        reply_to,
        root,
        original,
        original_author,
        numbers[mentions:],
        bool(flags & _PHOTOS),
        plain=not (flags & _GONE or reply_to or original or visibility == Visibility.DIRECT),
    )
    return header, data[end:]
