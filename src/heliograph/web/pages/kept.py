"""What one keeps for oneself: saved posts, liked posts. Nobody else sees these pages."""

from collections.abc import Awaitable, Callable

from litestar import Response

from heliograph.base.paging import Page
from heliograph.domain.feeds.home import Timeline
from heliograph.web.access import product_of, viewer_or_none
from heliograph.web.pages.forms import page_get
from heliograph.web.pages.shown import log_in_first, page_asked, part, shown
from heliograph.web.request import Request

GRID_POSTS = 30


@page_get("/bookmarks")
async def saved_page(request: Request) -> Response[str]:
    """What one has saved, the latest first."""
    viewer = viewer_or_none(request)
    if viewer is None:
        return log_in_first(request, "/bookmarks")
    bookmarked = product_of(request).bookmarked
    return await _shown(request, "Saved", lambda page: bookmarked.page(viewer, page))


@page_get("/favourites")
async def liked_page(request: Request) -> Response[str]:
    """What one likes, the latest first."""
    viewer = viewer_or_none(request)
    if viewer is None:
        return log_in_first(request, "/favourites")
    timelines = product_of(request).timelines
    return await _shown(request, "Liked", lambda page: timelines.favourites(viewer, page))


async def _shown(request: Request, heading: str, kept: Callable[[Page], Awaitable[Timeline]]) -> Response[str]:
    timeline = await kept(page_asked(request, GRID_POSTS))
    # A page is short where posts are no longer to be seen: that says nothing of what lies beyond.
    beyond = timeline.oldest and (await kept(Page(limit=1, max_id=timeline.oldest))).oldest
    older = f"max_id={timeline.oldest}" if beyond else ""
    return await shown(request, "kept.html", heading=heading, **part(timeline, GRID_POSTS) | {"older": older})


ROUTES = [saved_page, liked_page]
