"""Groups of notifications: the same thing, done by several people to the same post within some hours, told as one."""

import msgspec

from heliograph.domain.notifications.notification import Kind, Notification


class Group(msgspec.Struct, frozen=True):
    """The notifications of one group that a page holds, newest first; never empty."""

    key: str
    told: list[Notification]

    @property
    def newest(self) -> Notification:
        """The latest of them."""
        return self.told[0]

    @property
    def oldest(self) -> Notification:
        """The earliest of them."""
        return self.told[-1]


def grouped(told: list[Notification], kinds: frozenset[Kind], at_most: int | None = None) -> list[Group]:
    """`told`, in order of ids whichever way, as groups; what is not of `kinds` is a group of its own.

    With `at_most` it ends where one group more would begin, so that what is left out lies beyond all that is not.
    """
    by_key: dict[str, list[Notification]] = {}
    for each in told:
        key = each.group_key if each.kind in kinds else each.own_key
        if key not in by_key and len(by_key) == at_most:
            break
        by_key.setdefault(key, []).append(each)
    return [Group(key, sorted(some, key=lambda each: each.id, reverse=True)) for key, some in by_key.items()]
