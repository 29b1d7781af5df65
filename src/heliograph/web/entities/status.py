"""Status: a post as clients see it."""

from typing import Any, Optional

import msgspec

from heliograph.base.clock import iso
from heliograph.domain.posts.post import Post
from heliograph.domain.posts.text import to_html
from heliograph.stores.counts import Count
from heliograph.web.addresses import Addresses
from heliograph.web.entities.account import AccountEntity
from heliograph.web.entities.media import MediaEntity, media


class MentionEntity(msgspec.Struct, frozen=True):
    """An account named in a post."""

    id: str
    username: str
    url: str
    acct: str


class TagEntity(msgspec.Struct, frozen=True):
    """A hashtag of a post."""

    name: str
    url: str


class ApplicationEntity(msgspec.Struct, frozen=True):
    """The app that a post was written with."""

    name: str
    website: str | None = None


class QuoteApprovalEntity(msgspec.Struct, frozen=True):
    """Who may quote a post: nobody, here."""

    automatic: list[str]
    manual: list[str]
    current_user: str


class StatusBody(msgspec.Struct, frozen=True, kw_only=True):
    """A post without its account, its counts and its viewer's flags: what is cached."""

    id: str
    uri: str
    url: str
    created_at: str
    edited_at: str | None = None
    content: str
    visibility: str
    sensitive: bool
    spoiler_text: str
    language: str | None
    media_attachments: list[MediaEntity]
    application: ApplicationEntity | None
    mentions: list[MentionEntity]
    tags: list[TagEntity]
    emojis: list[dict[str, Any]]
    in_reply_to_id: str | None = None
    in_reply_to_account_id: str | None = None
    poll: None = None
    card: None = None
    quote: None = None
    # Only in the answer to a deletion.
    text: str | None = None
    quote_approval: QuoteApprovalEntity
    tagged_collections: list[dict[str, Any]]


class StatusCounts(msgspec.Struct, frozen=True, kw_only=True):
    """The counts of a post: cached on their own."""

    replies_count: int
    reblogs_count: int
    quotes_count: int = 0
    favourites_count: int


class StatusEntity(StatusBody, frozen=True, kw_only=True):
    """A post as clients see it. The flags are there for somebody who is logged in.

    `reblog`: the post that this one shares; its counts and flags are then those of that post.
    """

    account: AccountEntity
    reblog: Optional["StatusEntity"] = None
    replies_count: int
    reblogs_count: int
    quotes_count: int
    favourites_count: int
    favourited: bool | None = None
    reblogged: bool | None = None
    muted: bool | None = None
    bookmarked: bool | None = None
    pinned: bool | None = None
    filtered: list[dict[str, Any]] | None = None


_NO_QUOTES = QuoteApprovalEntity([], [], "denied")


def status_body(post: Post, addresses: Addresses) -> StatusBody:
    """The body of `post`."""
    profiles = {mention.username.lower(): addresses.profile(mention.username) for mention in post.mentions}
    return StatusBody(
        id=str(post.id),
        uri=addresses.post_by_id(post.id),
        url=addresses.post_by_id(post.id),
        created_at=iso(post.created_at),
        edited_at=iso(post.edited_at) if post.edited_at else None,
        content=to_html(post.text, profiles, addresses.tag),
        visibility=post.visibility.name.lower(),
        sensitive=post.sensitive,
        spoiler_text=post.spoiler_text,
        language=post.language,
        media_attachments=[media(photo, addresses) for photo in post.photos],
        application=ApplicationEntity(**post.application) if post.application else None,
        mentions=[
            MentionEntity(str(mention.id), mention.username, addresses.profile(mention.username), mention.username)
            for mention in post.mentions
        ],
        tags=[TagEntity(name, addresses.tag(name)) for name in post.tags],
        emojis=[],
        in_reply_to_id=_text(post.in_reply_to_id),
        in_reply_to_account_id=_text(post.in_reply_to_account_id),
        quote_approval=_NO_QUOTES,
        tagged_collections=[],
    )


def status_counts(counted: dict[Count, int]) -> StatusCounts:
    """The counts of a post of which `counted` is known."""
    return StatusCounts(
        replies_count=max(0, counted.get(Count.REPLIES, 0)),
        reblogs_count=max(0, counted.get(Count.REBLOGS, 0)),
        favourites_count=max(0, counted.get(Count.LIKES, 0)),
    )


def _text(ident: int | None) -> str | None:
    return None if ident is None else str(ident)
