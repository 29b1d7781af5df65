"""StatusEdit and StatusSource: what a post was, and as what it was typed."""

from typing import Any

import msgspec

from heliograph.base.clock import iso
from heliograph.domain.posts.edit import Edit
from heliograph.domain.posts.post import Post
from heliograph.domain.posts.text import to_html
from heliograph.web.addresses import Addresses
from heliograph.web.entities.account import AccountEntity
from heliograph.web.entities.media import MediaEntity, media


class StatusEditBody(msgspec.Struct, frozen=True, kw_only=True):
    """A revision of a post, without its account."""

    content: str
    spoiler_text: str
    sensitive: bool
    created_at: str
    media_attachments: list[MediaEntity]
    emojis: list[dict[str, Any]]


class StatusEditEntity(StatusEditBody, frozen=True, kw_only=True):
    """A revision of a post. `created_at`: when it became so."""

    account: AccountEntity


class StatusSourceEntity(msgspec.Struct, frozen=True):
    """A post as it was typed."""

    id: str
    text: str
    spoiler_text: str


def edit_body(edit: Edit, addresses: Addresses) -> StatusEditBody:
    """The body of `edit`."""
    profiles = {mention.username.lower(): addresses.profile(mention.username) for mention in edit.mentions}
    return StatusEditBody(
        content=to_html(edit.text, profiles, addresses.tag),
        spoiler_text=edit.spoiler_text,
        sensitive=edit.sensitive,
        created_at=iso(edit.created_at),
        media_attachments=[media(photo, addresses) for photo in edit.photos],
        emojis=[],
    )


def source(post: Post) -> StatusSourceEntity:
    """The source of `post`."""
    return StatusSourceEntity(str(post.id), post.text, post.spoiler_text)
