"""What is known of a hashtag: who it is, how it was used in the last week, what it is to whoever looks."""

from datetime import UTC, datetime, time, timedelta

import msgspec

from heliograph.base import ids

HISTORY_DAYS = 7


class Day(msgspec.Struct, frozen=True):
    """How a hashtag was used on one day: the midnight (UTC) that it began with, posts, and their authors."""

    begins: datetime
    uses: int = 0
    accounts: int = 0


class Hashtag(msgspec.Struct, frozen=True, kw_only=True):
    """A hashtag by its name, lower case and without the sign. `id` is 0 for one that nobody has used.

    `history`: HISTORY_DAYS days, today first. `following`, `featuring`: None for somebody who is not logged in.
    """

    name: str
    id: int
    history: tuple[Day, ...]
    following: bool | None = None
    featuring: bool | None = None

    @property
    def uses(self) -> int:
        """How often it was used in the days of `history`."""
        return sum(day.uses for day in self.history)


def days(now: datetime) -> list[datetime]:
    """The midnights that the days of a history begin with, today's first."""
    today = datetime.combine(now.astimezone(UTC), time(), UTC)
    return [today - timedelta(days=back) for back in range(HISTORY_DAYS)]


def history(now: datetime, counted: dict[datetime, tuple[int, int]]) -> tuple[Day, ...]:
    """The history up to `now`; `counted`: midnight -> (uses, accounts) of the days that have any."""
    return tuple(Day(begins, *counted.get(begins, (0, 0))) for begins in days(now))


def since(now: datetime) -> int:
    """The id from which on posts belong to the history."""
    return ids.first_at(days(now)[-1])
