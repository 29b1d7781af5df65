"""Liking: POST /api/v1/statuses/:id/favourite and unfavourite, GET /api/v1/favourites."""

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


@api_post("/api/v1/statuses/{status_id:str}/favourite", user("write:favourites"), StatusEntity)
async def favourite(request: Request, status_id: FromPath[str]) -> Response[bytes]:
    """Like a post."""
    return await marked(request, status_id, product_of(request).likes.like)


@api_post("/api/v1/statuses/{status_id:str}/unfavourite", user("write:favourites"), StatusEntity)
async def unfavourite(request: Request, status_id: FromPath[str]) -> Response[bytes]:
    """No longer like a post."""
    return await unmarked(request, status_id, product_of(request).likes.unlike)


@api_get("/api/v1/favourites", user("read:favourites"), list[StatusEntity])
async def favourites(
    request: Request, max_id: MaxId = None, since_id: SinceId = None, min_id: MinId = None, limit: Limit = None
) -> ASGIResponse:
    """Posts that you like, the latest like first."""
    page = page_of(limit, max_id, since_id, min_id, default=20, most=40)
    return answer(request, await product_of(request).timelines.favourites(viewer(request), page))


ROUTES = [favourite, unfavourite, favourites]
