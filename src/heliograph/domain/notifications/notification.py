"""What a notification is, and which ones belong into one group."""

from datetime import datetime
from enum import IntEnum

import msgspec

from heliograph.base import ids


class Kind(IntEnum):
    """What somebody is told of. The names are those of the API; the numbers are stored."""

    MENTION = 1
    STATUS = 2
    REBLOG = 3
    FOLLOW = 4
    FOLLOW_REQUEST = 5
    FAVOURITE = 6

    @property
    def type(self) -> str:
        """As clients know it."""
        return self.name.lower()


OF_POSTS = frozenset({Kind.MENTION, Kind.STATUS, Kind.REBLOG, Kind.FAVOURITE})
GROUPED = frozenset({Kind.REBLOG, Kind.FOLLOW, Kind.FAVOURITE})
TYPES = {kind.type: kind for kind in Kind}
# What happens to the same post (or, for follows, to the same account) within this time is one group.
GROUP_S = 12 * 3600
_STEP = GROUP_S * 1000 << 22


class Notification(msgspec.Struct, frozen=True, array_like=True):
    """That `from_id` has done something of `kind` to the post `subject_id` (0: to the account that is told)."""

    id: int
    kind: Kind
    from_id: int
    subject_id: int

    @property
    def created_at(self) -> datetime:
        """When it was told, UTC."""
        return ids.time_of(self.id)

    @property
    def group_key(self) -> str:
        """The group that it belongs to."""
        if self.kind not in GROUPED:
            return self.own_key
        subject = f"{self.subject_id}-" if self.subject_id else ""
        return f"{self.kind.type}-{subject}{self.id // _STEP}"

    @property
    def own_key(self) -> str:
        """The group of this one alone."""
        return f"ungrouped-{self.id}"


class GroupRange(msgspec.Struct, frozen=True):
    """Where the notifications of a group are: of `kinds`, about `subject_id`, with an id from `first` to `last`."""

    kinds: list[Kind]
    subject_id: int | None
    first: int
    last: int


def group_range(key: str) -> GroupRange | None:
    """What the group key stands for; None when it cannot be one (a client may send anything)."""
    name, *numbers = key.split("-")
    parsed = [number for number in map(ids.parse, numbers) if number is not None]
    if len(parsed) != len(numbers) or not parsed:
        return None
    if name == "ungrouped" and len(parsed) == 1:
        return GroupRange(list(Kind), None, parsed[0], parsed[0])
    kind = TYPES.get(name)
    if kind not in GROUPED or len(parsed) != 1 + (kind in OF_POSTS) or parsed[-1] > ids.MAX_ID // _STEP:
        return None
    first = parsed[-1] * _STEP
    return GroupRange([kind], parsed[0] if kind in OF_POSTS else 0, first, min(first + _STEP - 1, ids.MAX_ID))
