"""Pages of things ordered by id, as the Mastodon API asks for them (`max_id`, `since_id`, `min_id`, `limit`).

`max_id`: only older than it. `since_id`: only newer, the newest first. `min_id`: only newer, the
page that follows it immediately. A page is always shown newest first.
"""

import msgspec

from heliograph.base.ids import MAX_ID

# So many are looked at in one go at most.
WIDEST = 320


class Page(msgspec.Struct, frozen=True):
    """What part of an ordered list is wanted. All bounds are exclusive ids."""

    limit: int = 20
    max_id: int | None = None
    since_id: int | None = None
    min_id: int | None = None

    @property
    def below(self) -> int:
        """Ids must be smaller than this."""
        return MAX_ID if self.max_id is None else self.max_id

    @property
    def above(self) -> int:
        """Ids must be larger than this."""
        return max(self.since_id or 0, self.min_id or 0)

    @property
    def ascending(self) -> bool:
        """Whether the page is the one just above its lower bound (`min_id`) and not the newest one."""
        return self.min_id is not None

    @property
    def is_first(self) -> bool:
        """Whether the newest of all are wanted, without a bound."""
        return self.max_id is None and self.since_id is None and self.min_id is None

    def of(self, limit: int) -> "Page":
        """The same page with another limit."""
        return Page(limit, self.max_id, self.since_id, self.min_id)

    def admits(self, ident: int) -> bool:
        """Whether `ident` lies within the bounds."""
        return self.above < ident < self.below

    def beyond(self, idents: list[int]) -> "Page":
        """The page that follows when `idents` (newest first, not empty) have been looked at."""
        if self.ascending:
            return msgspec.structs.replace(self, min_id=idents[0])
        return msgspec.structs.replace(self, max_id=idents[-1])

    def cut(self, idents: list[int]) -> list[int]:
        """At most `limit` of `idents` (any order, may repeat) that the page admits, newest first."""
        below, above = self.below, self.above
        admitted = sorted({ident for ident in idents if above < ident < below}, reverse=True)
        return admitted[-self.limit :] if self.ascending else admitted[: self.limit]


def wider(page: Page) -> Page:
    """`page` with twice the limit: for who has to look on, since much of what was found may not be shown."""
    return msgspec.structs.replace(page, limit=max(page.limit, min(2 * page.limit, WIDEST)))
