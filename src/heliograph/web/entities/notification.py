"""Notification and its kin. Those of version 1 are put together in the domain; groups are put together here."""

from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from heliograph.base.clock import iso
from heliograph.domain.notifications.groups import Group
from heliograph.domain.notifications.inbox import GroupPage
from heliograph.domain.notifications.markers import Marker
from heliograph.domain.notifications.notification import OF_POSTS
from heliograph.web.entities.account import AccountEntity
from heliograph.web.entities.status import StatusEntity

# As many as Mastodon shows of those who belong to a group.
SAMPLE = 8


class NotificationEntity(msgspec.Struct, frozen=True, kw_only=True):
    """That somebody has done something which concerns you."""

    id: str
    type: str
    created_at: str
    group_key: str
    account: AccountEntity
    status: StatusEntity | UnsetType = UNSET


class PartialAccountEntity(msgspec.Struct, frozen=True, kw_only=True):
    """As much of an account as its picture needs."""

    id: str
    acct: str
    locked: bool
    bot: bool
    url: str
    avatar: str
    avatar_static: str


class NotificationGroupEntity(msgspec.Struct, frozen=True, kw_only=True):
    """Notifications that belong together. What begins with `page`, and the time, only in lists."""

    group_key: str
    notifications_count: int
    type: str
    most_recent_notification_id: str
    page_min_id: str | UnsetType = UNSET
    page_max_id: str | UnsetType = UNSET
    latest_page_notification_at: str | UnsetType = UNSET
    sample_account_ids: list[str]
    status_id: str | UnsetType = UNSET


class GroupedNotificationsEntity(msgspec.Struct, frozen=True, kw_only=True):
    """Groups, and once each what they show."""

    accounts: list[AccountEntity]
    partial_accounts: list[PartialAccountEntity] | UnsetType = UNSET
    statuses: list[StatusEntity]
    notification_groups: list[NotificationGroupEntity]


class CountEntity(msgspec.Struct, frozen=True):
    """How many."""

    count: int


class MarkerEntity(msgspec.Struct, frozen=True):
    """How far a timeline was read."""

    last_read_id: str
    version: int
    updated_at: str


class ConversationEntity(msgspec.Struct, frozen=True, kw_only=True):
    """A thread of direct posts."""

    id: str
    unread: bool
    accounts: list[AccountEntity]
    last_status: StatusEntity


def marker(mark: Marker) -> MarkerEntity:
    """The entity of `mark`."""
    return MarkerEntity(str(mark.last_read_id), mark.version, iso(mark.updated_at))


def grouped(page: GroupPage, *, listed: bool, partial: bool = False) -> bytes:
    """A page of groups as JSON; `partial`: of accounts that are not the latest of a group, their pictures only."""
    latest = {group.newest.from_id: None for group in page.groups}
    sampled = {ident: None for group in page.groups for ident in _sample(group)}
    full = latest if partial else sampled
    subjects = {group.newest.subject_id: None for group in page.groups if group.newest.kind in OF_POSTS}
    answer: dict[str, Any] = {
        "accounts": [msgspec.Raw(page.accounts[ident]) for ident in full],
        "statuses": [msgspec.Raw(page.statuses[ident]) for ident in subjects],
        "notification_groups": [_group(group, listed=listed) for group in page.groups],
    }
    if partial:
        answer["partial_accounts"] = [
            msgspec.json.decode(page.accounts[ident], type=PartialAccountEntity)
            for ident in sampled
            if ident not in full
        ]
    return msgspec.json.encode(answer)


def _sample(group: Group) -> list[int]:
    """Who has done it, the latest first."""
    return list(dict.fromkeys(each.from_id for each in group.told))[:SAMPLE]


def _group(group: Group, *, listed: bool) -> NotificationGroupEntity:
    newest = group.newest
    return NotificationGroupEntity(
        group_key=group.key,
        notifications_count=len(group.told),
        type=newest.kind.type,
        most_recent_notification_id=str(newest.id),
        page_min_id=str(group.oldest.id) if listed else UNSET,
        page_max_id=str(newest.id) if listed else UNSET,
        latest_page_notification_at=iso(newest.created_at) if listed else UNSET,
        sample_account_ids=[str(ident) for ident in _sample(group)],
        status_id=str(newest.subject_id) if newest.kind in OF_POSTS else UNSET,
    )
