"""Relationship: what two accounts are to each other."""

import msgspec


class RelationshipEntity(msgspec.Struct, frozen=True, kw_only=True):
    """What you are to the account `id`, and it to you."""

    id: str
    following: bool
    followed_by: bool
    showing_reblogs: bool
    notifying: bool = False
    languages: list[str] | None = None
    blocking: bool = False
    blocked_by: bool = False
    muting: bool = False
    muting_notifications: bool = False
    muting_expires_at: str | None = None
    requested: bool = False
    requested_by: bool = False
    domain_blocking: bool = False
    endorsed: bool = False
    note: str = ""
