"""Account and its kin."""

from datetime import datetime
from typing import Any

import msgspec

from heliograph.base.clock import iso
from heliograph.domain.accounts.account import Account
from heliograph.domain.posts.post import Visibility
from heliograph.domain.posts.text import to_html
from heliograph.stores.counts import Count
from heliograph.web.addresses import Addresses


class FieldEntity(msgspec.Struct, frozen=True):
    """A line of the table on a profile."""

    name: str
    value: str
    verified_at: str | None = None


class RoleEntity(msgspec.Struct, frozen=True):
    """What an account may do on this site."""

    id: str
    name: str
    color: str
    permissions: str
    highlighted: bool
    collection_limit: int = 0


class FeatureApprovalEntity(msgspec.Struct, frozen=True):
    """Who may feature an account in a collection: nobody, as there are none here."""

    automatic: list[str]
    manual: list[str]
    current_user: str


class AccountBody(msgspec.Struct, frozen=True, kw_only=True):
    """An account without its counts: what is cached."""

    id: str
    username: str
    acct: str
    url: str
    uri: str
    display_name: str
    note: str
    avatar: str
    avatar_static: str
    avatar_description: str = ""
    header: str
    header_static: str
    header_description: str = ""
    locked: bool
    fields: list[FieldEntity]
    emojis: list[dict[str, Any]]
    bot: bool
    group: bool = False
    discoverable: bool
    indexable: bool = False
    noindex: bool
    moved: None = None
    memorial: bool = False
    suspended: bool = False
    limited: bool = False
    created_at: str
    hide_collections: bool = False
    show_media: bool = True
    show_media_replies: bool = True
    show_featured: bool = True
    roles: list[RoleEntity]
    feature_approval: FeatureApprovalEntity


class AccountCounts(msgspec.Struct, frozen=True, kw_only=True):
    """The counts of an account: cached on their own."""

    statuses_count: int
    followers_count: int
    following_count: int
    last_status_at: str | None


class AccountEntity(AccountBody, frozen=True, kw_only=True):
    """An account as clients see it."""

    statuses_count: int
    followers_count: int
    following_count: int
    last_status_at: str | None


class MutedAccountEntity(AccountEntity, frozen=True, kw_only=True):
    """An account that one mutes, and until when; null for ever."""

    mute_expires_at: str | None


class SourceEntity(msgspec.Struct, frozen=True, kw_only=True):
    """What the owner of an account sees of its settings."""

    note: str
    fields: list[FieldEntity]
    privacy: str
    sensitive: bool
    language: str | None
    follow_requests_count: int
    hide_collections: bool
    discoverable: bool
    indexable: bool
    attribution_domains: list[str]
    quote_policy: str


class CredentialAccountEntity(AccountEntity, frozen=True, kw_only=True):
    """One's own account."""

    source: SourceEntity
    role: RoleEntity


MEMBER = RoleEntity(id="-99", name="", color="", permissions="0", highlighted=False)
_NOT_FEATURED = FeatureApprovalEntity([], [], "denied")
ADMIN = RoleEntity(id="3", name="Admin", color="", permissions="1", highlighted=True)


def account_body(account: Account, addresses: Addresses) -> AccountBody:
    """The body of `account`."""
    note = to_html(account.note, {}, addresses.tag)
    return AccountBody(
        id=str(account.id),
        username=account.username,
        acct=account.username,
        url=addresses.profile(account.username),
        uri=addresses.profile(account.username),
        display_name=account.display_name or account.username,
        note=note,
        avatar=addresses.avatar(account.avatar),
        avatar_static=addresses.avatar(account.avatar),
        header=addresses.header(account.header),
        header_static=addresses.header(account.header),
        locked=account.locked,
        fields=[FieldEntity(field.name, _field_html(field.value, addresses)) for field in account.fields],
        emojis=[],
        bot=account.bot,
        discoverable=account.discoverable,
        hide_collections=account.hide_collections,
        noindex=not account.discoverable,
        suspended=account.state == "suspended",
        created_at=iso(account.created_at.replace(hour=0, minute=0, second=0, microsecond=0)),
        roles=[ADMIN] if account.role == "admin" else [],
        feature_approval=_NOT_FEATURED,
    )


def _field_html(value: str, addresses: Addresses) -> str:
    return to_html(value, {}, addresses.tag).removeprefix("<p>").removesuffix("</p>")


def account_counts(counted: dict[Count, int], last_post_at: datetime | None) -> AccountCounts:
    """The counts of an account of which `counted` is known."""
    return AccountCounts(
        statuses_count=max(0, counted.get(Count.POSTS, 0)),
        followers_count=max(0, counted.get(Count.FOLLOWERS, 0)),
        following_count=max(0, counted.get(Count.FOLLOWING, 0)),
        last_status_at=last_post_at.date().isoformat() if last_post_at else None,
    )


def source(account: Account, follow_requests: int) -> SourceEntity:
    """The settings of `account` for its owner, and how many ask to follow it."""
    return SourceEntity(
        note=account.note,
        fields=[FieldEntity(field.name, field.value) for field in account.fields],
        privacy=Visibility(account.default_visibility).name.lower(),
        sensitive=account.default_sensitive,
        language=account.default_language or "",
        follow_requests_count=follow_requests,
        hide_collections=account.hide_collections,
        discoverable=account.discoverable,
        indexable=False,
        attribution_domains=[],
        quote_policy="nobody",
    )


def role(account: Account) -> RoleEntity:
    """The role of `account`."""
    return ADMIN if account.role == "admin" else MEMBER
