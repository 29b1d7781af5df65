"""Sharing a post with one's followers: POST /api/v1/statuses/:id/reblog and unreblog, GET reblogged_by."""

import msgspec
from litestar import Response
from litestar.params import FromPath

from heliograph.base.errors import ValidationError
from heliograph.domain.feeds import present
from heliograph.domain.posts.post import Visibility
from heliograph.web.access import anyone, product_of, user, viewer, viewer_or_none
from heliograph.web.api.marking import taken_back
from heliograph.web.api.statuses import post_id
from heliograph.web.entities.account import AccountEntity
from heliograph.web.entities.status import StatusEntity
from heliograph.web.pagination import Limit, MaxId, MinId, SinceId, link, page_of
from heliograph.web.parameters import fields
from heliograph.web.request import Request
from heliograph.web.routes import api_get, api_post, as_json


class ReblogForm(msgspec.Struct, frozen=True):
    """The parameters of a reblog."""

    visibility: str | None = None


@api_post("/api/v1/statuses/{status_id:str}/reblog", user("write:statuses"), StatusEntity, form=ReblogForm)
async def reblog(request: Request, status_id: FromPath[str]) -> Response[bytes]:
    """Share a post with your followers. The answer is the new post that shares it, with the shared one in `reblog`."""
    product, who, ident = product_of(request), viewer(request), post_id(status_id)
    visibility = await _visibility(request, await fields(request, ReblogForm))
    original = await product.timelines.proper(who, ident)
    made = await product.publishing.reblog(who, original, visibility)
    return as_json(await product.timelines.post(who, made))


async def _visibility(request: Request, form: ReblogForm) -> Visibility:
    """What was asked for, else what the account's posts have without being asked; never direct."""
    if not form.visibility:
        account = await product_of(request).profiles.get(viewer(request))
        return min(Visibility(account.default_visibility), Visibility.PRIVATE)
    try:
        visibility = Visibility[form.visibility.upper()]
    except KeyError:
        raise ValidationError("Validation failed: Visibility is not included in the list") from None
    if visibility == Visibility.DIRECT:
        raise ValidationError("Validation failed: Visibility is reserved")
    return visibility


@api_post("/api/v1/statuses/{status_id:str}/unreblog", user("write:statuses"), StatusEntity)
async def unreblog(request: Request, status_id: FromPath[str]) -> Response[bytes]:
    """No longer share a post. The answer is the post that was shared."""
    product = product_of(request)
    original = await taken_back(request, status_id, product.publishing.unreblog)
    return as_json(await product.timelines.post(viewer(request), original))


@api_get("/api/v1/statuses/{status_id:str}/reblogged_by", anyone("read:accounts"), list[AccountEntity])
async def reblogged_by(
    request: Request,
    status_id: FromPath[str],
    max_id: MaxId = None,
    since_id: SinceId = None,
    min_id: MinId = None,
    limit: Limit = None,
) -> Response[bytes]:
    """Who has shared a post, the latest first."""
    product, who = product_of(request), viewer_or_none(request)
    original = await product.timelines.proper(who, post_id(status_id))
    edges = await product.reblogs.of(original.id, page_of(limit, max_id, since_id, min_id, default=40, most=80))
    accounts = await product.people.seen_by(who, edges.ids)
    base = request.app.state.addresses.base
    return as_json(present.array(accounts), headers=link(request, edges.newest, edges.oldest, base))


ROUTES = [reblog, unreblog, reblogged_by]
