"""Who asks to follow you: GET /api/v1/follow_requests, and your word: authorize, reject."""

from litestar import Response
from litestar.params import FromPath

from heliograph.web.access import product_of, user, viewer
from heliograph.web.api.follows import DEFAULT, MOST, people
from heliograph.web.api.relationships import account_id, answer
from heliograph.web.entities.account import AccountEntity
from heliograph.web.entities.relationship import RelationshipEntity
from heliograph.web.pagination import Limit, MaxId, MinId, SinceId, page_of
from heliograph.web.request import Request
from heliograph.web.routes import api_get, api_post


@api_get("/api/v1/follow_requests", user("read:follows", "follow"), list[AccountEntity])
async def follow_requests(
    request: Request, max_id: MaxId = None, since_id: SinceId = None, min_id: MinId = None, limit: Limit = None
) -> Response[bytes]:
    """Who asks to follow you, the latest first."""
    page = page_of(limit, max_id, since_id, min_id, default=DEFAULT, most=MOST)
    return await people(request, await product_of(request).edges.requests(viewer(request), page))


@api_post("/api/v1/follow_requests/{ident:str}/authorize", user("write:follows", "follow"), RelationshipEntity)
async def authorize(request: Request, ident: FromPath[str]) -> Response[bytes]:
    """Let an account follow you that asks for it."""
    target = account_id(ident)
    await product_of(request).following.accept(viewer(request), target)
    return await answer(request, target)


@api_post("/api/v1/follow_requests/{ident:str}/reject", user("write:follows", "follow"), RelationshipEntity)
async def reject(request: Request, ident: FromPath[str]) -> Response[bytes]:
    """Refuse an account that asks to follow you. It may ask again."""
    target = account_id(ident)
    await product_of(request).follows.reject(viewer(request), target)
    return await answer(request, target)


ROUTES = [follow_requests, authorize, reject]
