"""Following: follow, unfollow, relationships, lists of followers and followed."""

import msgspec
from litestar import Response
from litestar.params import FromPath

from heliograph.base import ids
from heliograph.base.errors import NotFoundError
from heliograph.domain.feeds import present
from heliograph.domain.graph.edges import EdgePage
from heliograph.domain.product import Product
from heliograph.web.access import anyone, product_of, user, viewer
from heliograph.web.entities.account import AccountEntity
from heliograph.web.entities.relationship import RelationshipEntity
from heliograph.web.pagination import Limit, MaxId, MinId, SinceId, link, page_of
from heliograph.web.parameters import ids_given
from heliograph.web.request import Request
from heliograph.web.routes import api_get, api_post, as_json

MAX_IDS = 100


def account_id(text: str) -> int:
    """The id in a path. Raises NotFoundError for what cannot be one."""
    ident = ids.parse(text)
    if ident is None:
        raise NotFoundError
    return ident


async def relationships_to(product: Product, who: int, account_ids: list[int]) -> list[RelationshipEntity]:
    """What `who` is to each of `account_ids`, in the same order."""
    following = await product.edges.followed_among(who, account_ids)
    followed_by = await product.edges.followers_among(who, account_ids)
    return [
        RelationshipEntity(
            id=str(ident), following=ident in following, followed_by=ident in followed_by,
            showing_reblogs=ident in following,
        )
        for ident in account_ids
    ]  # fmt: skip


@api_post("/api/v1/accounts/{ident:str}/follow", user("write:follows", "follow"), RelationshipEntity)
async def follow(request: Request, ident: FromPath[str]) -> Response[bytes]:
    """Follow an account; its posts are at home at once."""
    product, who, target = product_of(request), viewer(request), account_id(ident)
    await product.following.follow(who, target)
    return as_json(msgspec.json.encode((await relationships_to(product, who, [target]))[0]))


@api_post("/api/v1/accounts/{ident:str}/unfollow", user("write:follows", "follow"), RelationshipEntity)
async def unfollow(request: Request, ident: FromPath[str]) -> Response[bytes]:
    """No longer follow an account; its posts leave home at once."""
    product, who, target = product_of(request), viewer(request), account_id(ident)
    await product.profiles.get(target)  # suspended or not
    await product.following.unfollow(who, target)
    return as_json(msgspec.json.encode((await relationships_to(product, who, [target]))[0]))


@api_get("/api/v1/accounts/relationships", user("read:follows"), list[RelationshipEntity], many=["id"])
async def relationships(request: Request) -> Response[bytes]:
    """What you are to several accounts, `id[]=1&id[]=2`; those that do not exist are left out."""
    product = product_of(request)
    given = ids_given(request)[:MAX_IDS]
    wanted = list(dict.fromkeys(ident for ident in map(ids.parse, given) if ident is not None))
    known = await product.profiles.many(wanted)
    found = await relationships_to(product, viewer(request), [ident for ident in wanted if ident in known])
    return as_json(msgspec.json.encode(found))


@api_get("/api/v1/accounts/{ident:str}/followers", anyone("read:accounts"), list[AccountEntity])
async def followers(
    request: Request,
    ident: FromPath[str],
    max_id: MaxId = None,
    since_id: SinceId = None,
    min_id: MinId = None,
    limit: Limit = None,
) -> Response[bytes]:
    """Who follows an account, the latest first."""
    product, target = product_of(request), account_id(ident)
    await product.profiles.get_public(target)
    page = page_of(limit, max_id, since_id, min_id, default=40, most=80)
    return await _people(request, await product.edges.followers(target, page))


@api_get("/api/v1/accounts/{ident:str}/following", anyone("read:accounts"), list[AccountEntity])
async def following(
    request: Request,
    ident: FromPath[str],
    max_id: MaxId = None,
    since_id: SinceId = None,
    min_id: MinId = None,
    limit: Limit = None,
) -> Response[bytes]:
    """Whom an account follows, the latest first."""
    product, target = product_of(request), account_id(ident)
    await product.profiles.get_public(target)
    page = page_of(limit, max_id, since_id, min_id, default=40, most=80)
    return await _people(request, await product.edges.following(target, page))


async def _people(request: Request, edges: EdgePage) -> Response[bytes]:
    base = request.app.state.addresses.base
    people = await product_of(request).people.many(edges.ids)
    return as_json(present.array(people), headers=link(request, edges.newest, edges.oldest, base))


ROUTES = [follow, unfollow, relationships, followers, following]
