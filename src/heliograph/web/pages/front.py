"""The first page: home for who is logged in, the site's door for others; everybody's photos, photos with a hashtag."""

from litestar import Response
from litestar.params import FromPath

from heliograph.base.errors import NotFoundError, PendingError
from heliograph.domain.feeds.home import Timeline
from heliograph.domain.posts.text import hashtags
from heliograph.web.access import product_of, viewer_or_none
from heliograph.web.pages import feeds
from heliograph.web.pages.forms import page_get
from heliograph.web.pages.shown import page_asked, part, shown
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
        timeline = await product_of(request).home.page(viewer, page_asked(request, HOME_POSTS))
    except PendingError:
        return await shown(request, "home.html", building=True, **part(Timeline([], 0, 0), 1))
    return await shown(request, "home.html", building=False, **part(timeline, HOME_POSTS))


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


@page_get("/tags/{name:str}")
async def tag_page(request: Request, name: FromPath[str]) -> Response[str] | Response[bytes]:
    """Recent public posts with a hashtag, and their feeds `/tags/name.rss` and `/tags/name.atom`."""
    name, feed = feeds.asked(name)
    if hashtags(f"#{name}") != [name.lower()]:
        raise NotFoundError
    if feed:
        return await feeds.of_hashtag(request, name.lower(), feed)
    timelines = product_of(request).timelines
    timeline = await timelines.tag(viewer_or_none(request), name, page_asked(request, GRID_POSTS))
    return await shown(
        request, "public.html", heading=f"#{name}", feed=f"/tags/{name.lower()}", **part(timeline, GRID_POSTS)
    )


ROUTES = [front_page, public_page, tag_page]
