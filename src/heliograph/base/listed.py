"""Pages of what is kept as a list of its newest ids: from the list as far down as it goes, from elsewhere below it."""

from collections.abc import Awaitable, Callable, Sequence

from heliograph.base.paging import Page

Candidates = Callable[[Page], Awaitable[list[int]]]


async def page_of(kept: Sequence[int], floor: int, page: Page, rest: Candidates) -> list[int]:
    """The ids that `page` asks for, newest first: of `kept`, which are all above `floor`, and by `rest` of what lies below."""
    if page.ascending and page.above < floor:
        return await rest(page)
    found = page.cut([ident for ident in kept if ident > floor])
    if page.ascending or len(found) >= page.limit or page.above >= floor:
        return found
    below = Page(limit=page.limit - len(found), max_id=min(page.below, floor + 1), since_id=page.above)
    return [*found, *await rest(below)]
