"""Relationship: what two accounts are to each other; and whom one knows of those who follow another."""

import msgspec

from heliograph.base.clock import iso
from heliograph.domain.graph.relationships import Relationship
from heliograph.web.entities.account import AccountEntity


class RelationshipEntity(msgspec.Struct, frozen=True, kw_only=True):
    """What you are to the account `id`, and it to you."""

    id: str
    following: bool
    showing_reblogs: bool
    notifying: bool
    languages: list[str] | None = None
    followed_by: bool
    blocking: bool
    blocked_by: bool
    muting: bool
    muting_notifications: bool
    muting_expires_at: str | None
    requested: bool
    requested_by: bool
    domain_blocking: bool = False
    endorsed: bool = False
    note: str


class FamiliarFollowersEntity(msgspec.Struct, frozen=True):
    """Of those who follow the account `id`, whom you follow."""

    id: str
    accounts: list[AccountEntity]


def relationship(known: Relationship) -> RelationshipEntity:
    """The entity of `known`."""
    return RelationshipEntity(
        id=str(known.id),
        following=known.following,
        showing_reblogs=known.showing_reblogs,
        notifying=known.notifying,
        followed_by=known.followed_by,
        blocking=known.blocking,
        blocked_by=known.blocked_by,
        muting=known.muting,
        muting_notifications=known.muting_notifications,
        muting_expires_at=iso(known.muting_until) if known.muting_until else None,
        requested=known.requested,
        requested_by=known.requested_by,
        note=known.note,
    )
