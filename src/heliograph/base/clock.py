"""The one source of wall-clock time, so that a reader finds every use of it."""

from datetime import UTC, datetime


def now() -> datetime:
    """The current time, aware, in UTC."""
    return datetime.now(UTC)


def iso(moment: datetime) -> str:
    """`moment` as Mastodon writes it: `2026-01-31T12:00:00.000Z` (UTC, milliseconds)."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def iso_at(seconds: float) -> str:
    """The moment `seconds` after 1970 began, as `iso` writes it."""
    return iso(datetime.fromtimestamp(seconds, UTC))
