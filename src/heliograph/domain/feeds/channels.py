"""What a stream can be of: Mastodon's channels by their names, what they ask for, and which posts they carry.

Source: docs.joinmastodon.org/methods/streaming, and the errors that clients compare as Mastodon's server says them.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from heliograph.base.errors import InvalidInputError, NotFoundError
from heliograph.domain.graph.relations import tag_number

USER, NOTIFICATIONS, DIRECT = "user", "user:notification", "direct"
PUBLIC, PUBLIC_MEDIA = ("public", "public:local"), ("public:media", "public:local:media")
HASHTAG = ("hashtag", "hashtag:local")
# Known, and always silent: no post here is of another server.
REMOTE = ("public:remote", "public:remote:media")
_PERSONAL = (USER, NOTIFICATIONS, DIRECT)
_NAMES = frozenset((*_PERSONAL, *PUBLIC, *PUBLIC_MEDIA, *HASHTAG, *REMOTE))

# What makes two subscriptions the same: the name, and the account or the hashtag's number (0: neither).
Key = tuple[str, int]


class Channel(msgspec.Struct, frozen=True):
    """A channel as somebody has asked for it. `tag`: as they wrote it."""

    name: str
    tag: str = ""

    @property
    def scope(self) -> str:
        """The scope that it asks for."""
        return "read:notifications" if self.name == NOTIFICATIONS else "read:statuses"

    @property
    def labels(self) -> list[str]:
        """What a client knows it by."""
        return [self.name, self.tag] if self.tag else [self.name]

    def key(self, account_id: int) -> Key:
        """Its key, where `account_id` listens."""
        if self.name in _PERSONAL:
            return self.name, account_id
        return self.name, tag_number(normal(self.tag)) if self.tag else 0


def channel(name: object, parameters: Mapping[str, Any]) -> Channel:
    """The channel `name`; `parameters` may hold its `tag`. Raises InvalidInputError."""
    if name == "list":
        if not parameters.get("list"):
            raise InvalidInputError("Missing list name parameter")
        # Nobody has lists here.
        raise NotFoundError
    if not isinstance(name, str) or name not in _NAMES:
        raise InvalidInputError("Unknown stream type")
    if name not in HASHTAG:
        return Channel(name)
    tag = parameters.get("tag")
    if not isinstance(tag, str) or not normal(tag):
        raise InvalidInputError("Missing tag name parameter")
    return Channel(name, tag)


def normal(tag: str) -> str:
    """A hashtag as posts have it: lower case, without the sign."""
    return tag.strip().removeprefix("#").lower()
