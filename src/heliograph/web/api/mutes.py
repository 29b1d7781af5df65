"""Muting: POST /api/v1/accounts/:id/mute and unmute, GET /api/v1/mutes."""

import msgspec
from litestar import Response
from litestar.params import FromPath

from heliograph.base.clock import iso
from heliograph.domain.feeds import present
from heliograph.web.access import product_of, user, viewer
from heliograph.web.api.follows import DEFAULT, MOST
from heliograph.web.api.relationships import answer, target_of
from heliograph.web.entities.account import MutedAccountEntity
from heliograph.web.entities.relationship import RelationshipEntity
from heliograph.web.pagination import Limit, MaxId, MinId, SinceId, link, page_of
from heliograph.web.parameters import fields
from heliograph.web.request import Request
from heliograph.web.routes import api_get, api_post, as_json


class MuteForm(msgspec.Struct, frozen=True):
    """The parameters of a mute. `duration`: seconds, 0 for ever."""

    notifications: bool | None = None
    duration: int | None = None


@api_post("/api/v1/accounts/{ident:str}/mute", user("write:mutes", "follow"), RelationshipEntity, form=MuteForm)
async def mute(request: Request, ident: FromPath[str]) -> Response[bytes]:
    """Keep away what an account does; nobody else can tell. Again, it changes for how long and whether you are notified."""
    form, target = await fields(request, MuteForm), await target_of(request, ident)
    silent = True if form.notifications is None else form.notifications
    await product_of(request).mutes.mute(viewer(request), target, form.duration or 0, notifications=silent)
    return await answer(request, target)


@api_post("/api/v1/accounts/{ident:str}/unmute", user("write:mutes", "follow"), RelationshipEntity)
async def unmute(request: Request, ident: FromPath[str]) -> Response[bytes]:
    """No longer mute an account."""
    target = await target_of(request, ident)
    await product_of(request).mutes.unmute(viewer(request), target)
    return await answer(request, target)


@api_get("/api/v1/mutes", user("read:mutes", "follow"), list[MutedAccountEntity])
async def mutes(
    request: Request, max_id: MaxId = None, since_id: SinceId = None, min_id: MinId = None, limit: Limit = None
) -> Response[bytes]:
    """Whom you mute, the latest first, and until when."""
    product = product_of(request)
    page = page_of(limit, max_id, since_id, min_id, default=DEFAULT, most=MOST)
    edges, ends = await product.edges.muted(viewer(request), page)
    shown = []
    for ident, account in (await product.people.by_id(edges.ids)).items():
        until = ends[ident]
        shown.append(b'%s,"mute_expires_at":%s}' % (account[:-1], msgspec.json.encode(iso(until) if until else None)))
    base = request.app.state.addresses.base
    return as_json(present.array(shown), headers=link(request, edges.newest, edges.oldest, base))


ROUTES = [mute, unmute, mutes]
