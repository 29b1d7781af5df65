"""GET /api/v1/timelines/*."""

from litestar.params import FromPath, FromQuery
from litestar.response.base import ASGIResponse

from heliograph.domain.feeds import present
from heliograph.domain.feeds.home import Timeline
from heliograph.domain.feeds.timelines import TagFilter
from heliograph.domain.posts.text import hashtag_named
from heliograph.web.access import anyone, product_of, user, viewer, viewer_or_none
from heliograph.web.api.tags import tag_in
from heliograph.web.entities.status import StatusEntity
from heliograph.web.pagination import Limit, MaxId, MinId, SinceId, link, page_of
from heliograph.web.request import Request
from heliograph.web.routes import JSON, api_get

DEFAULT, MOST = 20, 40
MORE_TAGS = 4
HOME = user("read:statuses")


def answer(request: Request, timeline: Timeline) -> ASGIResponse:
    """A timeline as a JSON array with its `Link` header; ready to be sent, since this is what is read most."""
    headers = link(request, timeline.newest, timeline.oldest, request.app.state.addresses.base)
    return ASGIResponse(body=present.array(timeline.items), headers=headers, media_type=JSON, status_code=200)


@api_get("/api/v1/timelines/home", HOME, list[StatusEntity], pending=[206])
async def home(
    request: Request, max_id: MaxId = None, since_id: SinceId = None, min_id: MinId = None, limit: Limit = None
) -> ASGIResponse:
    """Posts of those whom you follow, and your own. 206 while the feed of somebody who was away is being rebuilt."""
    # Mostly answered by `web/hot.py`, before it comes here.
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


@api_get(
    "/api/v1/timelines/tag/{name:str}",
    anyone("read:statuses"),
    list[StatusEntity],
    texts=["any", "all", "none"],
)
async def tag(
    request: Request,
    name: FromPath[str],
    max_id: MaxId = None,
    since_id: SinceId = None,
    min_id: MinId = None,
    limit: Limit = None,
    only_media: FromQuery[bool] = False,
    remote: FromQuery[bool] = False,
) -> ASGIResponse:
    """Public posts with a hashtag, or with one of `any[]`; with all of `all[]`, with none of `none[]`, four of each at most."""
    page = page_of(limit, max_id, since_id, min_id, default=DEFAULT, most=MOST)
    only = TagFilter(_tags(request, "any"), _tags(request, "all"), _tags(request, "none"), only_media)
    main = tag_in(name)
    if remote:
        return answer(request, Timeline([], 0, 0))
    return answer(request, await product_of(request).timelines.tag(viewer_or_none(request), main, page, only))


def _tags(request: Request, key: str) -> tuple[str, ...]:
    """The hashtags that the query names as `key[]`; what cannot be one is passed over."""
    query = request.query_params
    given = [*query.getall(f"{key}[]", []), *query.getall(key, [])]
    found = [name for name in map(hashtag_named, given) if name is not None]
    return tuple(dict.fromkeys(found))[:MORE_TAGS]


ROUTES = [home, public, tag]
