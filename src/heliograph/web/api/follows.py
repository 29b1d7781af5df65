"""Following: follow, unfollow, remove a follower, lists of followers and followed."""

import msgspec
from litestar import Response
from litestar.params import FromPath

from heliograph.base.errors import ValidationError
from heliograph.domain.feeds import present
from heliograph.domain.graph.decisions import Wish
from heliograph.domain.graph.edges import EdgePage
from heliograph.web.access import anyone, product_of, user, viewer, viewer_or_none
from heliograph.web.api.relationships import account_id, answer, target_of
from heliograph.web.entities.account import AccountEntity
from heliograph.web.entities.relationship import RelationshipEntity
from heliograph.web.pagination import Limit, MaxId, MinId, SinceId, link, page_of
from heliograph.web.parameters import fields
from heliograph.web.request import Request
from heliograph.web.routes import api_get, api_post, as_json

DEFAULT, MOST = 40, 80


class FollowForm(msgspec.Struct, frozen=True):
    """The parameters of a follow. What is not supported yet is refused, not passed over."""

    reblogs: bool | None = None
    notify: bool | None = None
    languages: list[str] | None = None


@api_post(
    "/api/v1/accounts/{ident:str}/follow", user("write:follows", "follow"), RelationshipEntity, form=FollowForm
)  # fmt: skip
async def follow(request: Request, ident: FromPath[str]) -> Response[bytes]:
    """Follow an account, its posts are at home at once; or ask for it, if the account is locked.

    Again, it changes whether you see what the account reblogs, and whether you are told of each post.
    """
    form, target = await fields(request, FollowForm), account_id(ident)
    if form.languages:
        raise ValidationError("Validation failed: languages is not supported by this version of the site")
    await product_of(request).following.follow(viewer(request), target, Wish(form.reblogs, form.notify))
    return await answer(request, target)


@api_post("/api/v1/accounts/{ident:str}/unfollow", user("write:follows", "follow"), RelationshipEntity)
async def unfollow(request: Request, ident: FromPath[str]) -> Response[bytes]:
    """No longer follow an account, nor ask for it; its posts leave home at once."""
    target = await target_of(request, ident)
    await product_of(request).following.unfollow(viewer(request), target)
    return await answer(request, target)


@api_post("/api/v1/accounts/{ident:str}/remove_from_followers", user("write:follows", "follow"), RelationshipEntity)
async def remove_from_followers(request: Request, ident: FromPath[str]) -> Response[bytes]:
    """Let an account no longer follow you."""
    target = await target_of(request, ident)
    await product_of(request).follows.remove(viewer(request), target)
    return await answer(request, target)


@api_get("/api/v1/accounts/{ident:str}/followers", anyone("read:accounts"), list[AccountEntity])
async def followers(
    request: Request,
    ident: FromPath[str],
    max_id: MaxId = None,
    since_id: SinceId = None,
    min_id: MinId = None,
    limit: Limit = None,
) -> Response[bytes]:
    """Who follows an account, the latest first; nobody, where the account hides it or one of you blocks the other."""
    product, target = product_of(request), account_id(ident)
    await product.profiles.get_public(target)
    page = page_of(limit, max_id, since_id, min_id, default=DEFAULT, most=MOST)
    return await people(request, await product.edges.followers(target, page, viewer_or_none(request)))


@api_get("/api/v1/accounts/{ident:str}/following", anyone("read:accounts"), list[AccountEntity])
async def following(
    request: Request,
    ident: FromPath[str],
    max_id: MaxId = None,
    since_id: SinceId = None,
    min_id: MinId = None,
    limit: Limit = None,
) -> Response[bytes]:
    """Whom an account follows, the latest first; nobody, where the account hides it or one of you blocks the other."""
    product, target = product_of(request), account_id(ident)
    await product.profiles.get_public(target)
    page = page_of(limit, max_id, since_id, min_id, default=DEFAULT, most=MOST)
    return await people(request, await product.edges.following(target, page, viewer_or_none(request)))


async def people(request: Request, edges: EdgePage) -> Response[bytes]:
    """The accounts of a page, and the way to the next."""
    base = request.app.state.addresses.base
    shown = await product_of(request).people.many(edges.ids)
    return as_json(present.array(shown), headers=link(request, edges.newest, edges.oldest, base))


ROUTES = [follow, unfollow, remove_from_followers, followers, following]
