"""The first page: home for who is logged in, the site's door for others; everybody's photos."""

from litestar import Response

from heliograph.base.errors import PendingError
from heliograph.domain.feeds.home import Timeline
from heliograph.web.access import product_of, viewer_or_none
from heliograph.web.pages.forms import page_get
from heliograph.web.pages.shown import page_asked, part, shown, with_answered
from heliograph.web.request import Request

HOME_POSTS = 20
GRID_POSTS = 30


@page_get("/")
async def front_page(request: Request) -> Response[str]:
    """Home, or the door."""
    viewer = viewer_or_none(request)
    if viewer is None:
        return await _door(request)
    try:
        timeline = await product_of(request).home.page(viewer, page_asked(request, HOME_POSTS), talk=False)
    except PendingError:
        return await shown(request, "home.html", building=True, **part(Timeline([], 0, 0), 1))
    found = part(timeline, HOME_POSTS)
    posts = await with_answered(request, found["posts"])
    return await shown(request, "home.html", building=False, **{**found, "posts": posts})


async def _door(request: Request) -> Response[str]:
    timelines = product_of(request).timelines
    timeline = await timelines.public(None, page_asked(request, GRID_POSTS), media_only=True)
    return await shown(request, "front.html", **part(timeline, GRID_POSTS))


@page_get("/public")
async def public_page(request: Request) -> Response[str]:
    """Everybody's public photos, the newest first."""
    timelines = product_of(request).timelines
    timeline = await timelines.public(viewer_or_none(request), page_asked(request, GRID_POSTS), media_only=True)
    return await shown(request, "public.html", heading="Everybody's photos", **part(timeline, GRID_POSTS))


ROUTES = [front_page, public_page]
