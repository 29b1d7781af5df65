"""Blocking: POST /api/v1/accounts/:id/block and unblock, GET /api/v1/blocks."""

from litestar import Response
from litestar.params import FromPath

from heliograph.web.access import product_of, user, viewer
from heliograph.web.api.follows import DEFAULT, MOST, people
from heliograph.web.api.relationships import answer, target_of
from heliograph.web.entities.account import AccountEntity
from heliograph.web.entities.relationship import RelationshipEntity
from heliograph.web.pagination import Limit, MaxId, MinId, SinceId, page_of
from heliograph.web.request import Request
from heliograph.web.routes import api_get, api_post


@api_post("/api/v1/accounts/{ident:str}/block", user("write:blocks", "follow"), RelationshipEntity)
async def block(request: Request, ident: FromPath[str]) -> Response[bytes]:
    """Block an account: neither of you follows the other any more, nor sees what the other does."""
    target = await target_of(request, ident)
    await product_of(request).blocks.block(viewer(request), target)
    return await answer(request, target)


@api_post("/api/v1/accounts/{ident:str}/unblock", user("write:blocks", "follow"), RelationshipEntity)
async def unblock(request: Request, ident: FromPath[str]) -> Response[bytes]:
    """No longer block an account. Nobody follows again by that."""
    target = await target_of(request, ident)
    await product_of(request).blocks.unblock(viewer(request), target)
    return await answer(request, target)


@api_get("/api/v1/blocks", user("read:blocks", "follow"), list[AccountEntity])
async def blocks(
    request: Request, max_id: MaxId = None, since_id: SinceId = None, min_id: MinId = None, limit: Limit = None
) -> Response[bytes]:
    """Whom you block, the latest first."""
    page = page_of(limit, max_id, since_id, min_id, default=DEFAULT, most=MOST)
    return await people(request, await product_of(request).edges.blocked(viewer(request), page))


ROUTES = [block, unblock, blocks]
