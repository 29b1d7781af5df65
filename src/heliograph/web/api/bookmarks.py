"""Bookmarks: POST /api/v1/statuses/:id/bookmark and unbookmark, GET /api/v1/bookmarks."""

from litestar import Response
from litestar.params import FromPath
from litestar.response.base import ASGIResponse

from heliograph.web.access import product_of, user, viewer
from heliograph.web.api.marking import marked, unmarked
from heliograph.web.api.timelines import answer
from heliograph.web.entities.status import StatusEntity
from heliograph.web.pagination import Limit, MaxId, MinId, SinceId, page_of
from heliograph.web.request import Request
from heliograph.web.routes import api_get, api_post


@api_post("/api/v1/statuses/{status_id:str}/bookmark", user("write:bookmarks"), StatusEntity)
async def bookmark(request: Request, status_id: FromPath[str]) -> Response[bytes]:
    """Keep a post for yourself; nobody else hears of it."""
    return await marked(request, status_id, product_of(request).bookmarks.add)


@api_post("/api/v1/statuses/{status_id:str}/unbookmark", user("write:bookmarks"), StatusEntity)
async def unbookmark(request: Request, status_id: FromPath[str]) -> Response[bytes]:
    """Keep a post no longer."""
    return await unmarked(request, status_id, product_of(request).bookmarks.remove)


@api_get("/api/v1/bookmarks", user("read:bookmarks"), list[StatusEntity])
async def bookmarks(
    request: Request, max_id: MaxId = None, since_id: SinceId = None, min_id: MinId = None, limit: Limit = None
) -> ASGIResponse:
    """Posts that you keep, the latest kept first."""
    page = page_of(limit, max_id, since_id, min_id, default=20, most=40)
    return answer(request, await product_of(request).bookmarked.page(viewer(request), page))


ROUTES = [bookmark, unbookmark, bookmarks]
