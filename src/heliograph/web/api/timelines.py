"""GET /api/v1/timelines/*."""

from litestar.params import FromQuery
from litestar.response.base import ASGIResponse

from heliograph.domain.feeds import present
from heliograph.domain.feeds.home import Timeline
from heliograph.web.access import anyone, product_of, user, viewer, viewer_or_none
from heliograph.web.entities.status import StatusEntity
from heliograph.web.pagination import Limit, MaxId, MinId, SinceId, link, page_of
from heliograph.web.request import Request
from heliograph.web.routes import JSON, api_get

DEFAULT, MOST = 20, 40


def answer(request: Request, timeline: Timeline) -> ASGIResponse:
    """A timeline as a JSON array with its `Link` header; ready to be sent, since this is what is read most."""
    headers = link(request, timeline.newest, timeline.oldest, request.app.state.addresses.base)
    return ASGIResponse(body=present.array(timeline.items), headers=headers, media_type=JSON, status_code=200)


@api_get("/api/v1/timelines/home", user("read:statuses"), list[StatusEntity])
async def home(
    request: Request, max_id: MaxId = None, since_id: SinceId = None, min_id: MinId = None, limit: Limit = None
) -> ASGIResponse:
    """Posts of those whom you follow, and your own. 206 while the feed of somebody who was away is being rebuilt."""
    page = page_of(limit, max_id, since_id, min_id, default=DEFAULT, most=MOST)
    return answer(request, await product_of(request).home.page(viewer(request), page))


@api_get("/api/v1/timelines/public", anyone("read:statuses"), list[StatusEntity])
async def public(
    request: Request,
    max_id: MaxId = None,
    since_id: SinceId = None,
    min_id: MinId = None,
    limit: Limit = None,
    only_media: FromQuery[bool] = False,
    remote: FromQuery[bool] = False,
) -> ASGIResponse:
    """Everybody's public posts. There are no remote ones here."""
    page = page_of(limit, max_id, since_id, min_id, default=DEFAULT, most=MOST)
    if remote:
        return answer(request, Timeline([], 0, 0))
    timelines = product_of(request).timelines
    return answer(request, await timelines.public(viewer_or_none(request), page, media_only=only_media))


ROUTES = [home, public]
