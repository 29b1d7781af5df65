"""Pins: POST /api/v1/statuses/:id/pin and unpin. The pinned posts: GET /api/v1/accounts/:id/statuses?pinned=true."""

from litestar import Response
from litestar.params import FromPath

from heliograph.web.access import product_of, user, viewer
from heliograph.web.api.statuses import post_id
from heliograph.web.entities.status import StatusEntity
from heliograph.web.request import Request
from heliograph.web.routes import api_post, as_json


@api_post("/api/v1/statuses/{status_id:str}/pin", user("write:accounts"), StatusEntity)
async def pin(request: Request, status_id: FromPath[str]) -> Response[bytes]:
    """Show a post of yours at the top of your profile, with up to four others."""
    product, who, ident = product_of(request), viewer(request), post_id(status_id)
    await product.pins.pin(who, await product.timelines.header(who, ident))
    return as_json(await product.timelines.post(who, ident))


@api_post("/api/v1/statuses/{status_id:str}/unpin", user("write:accounts"), StatusEntity)
async def unpin(request: Request, status_id: FromPath[str]) -> Response[bytes]:
    """Show a post no longer at the top of your profile."""
    product, who, ident = product_of(request), viewer(request), post_id(status_id)
    await product.timelines.header(who, ident)
    await product.pins.unpin(who, ident)
    return as_json(await product.timelines.post(who, ident))


ROUTES = [pin, unpin]
