"""Somebody's page: who they are, the grid of their photos, who follows them, whom they follow."""

from litestar import Response
from litestar.params import FromPath

from heliograph.base.errors import NotFoundError
from heliograph.domain.feeds.timelines import AccountFilter
from heliograph.domain.graph.edges import EdgePage
from heliograph.domain.graph.relationships import Relationship
from heliograph.domain.posts.text import hashtag_named
from heliograph.web.access import product_of, viewer_or_none
from heliograph.web.pages import feeds
from heliograph.web.pages.forms import checked, go, local, page_get, page_post
from heliograph.web.pages.shown import (
    ButtonForm,
    Entity,
    entities,
    entity,
    fragment,
    log_in_first,
    name_in,
    page_asked,
    part,
    shown,
)
from heliograph.web.request import Request

GRID_POSTS = 30
PEOPLE = 40


@page_get("/{handle:str}")
async def profile_page(request: Request, handle: FromPath[str]) -> Response[str] | Response[bytes]:
    """`/@name`, and its feeds `/@name.rss` and `/@name.atom`."""
    product, viewer = product_of(request), viewer_or_none(request)
    name, feed = feeds.asked(name_in(handle))
    if feed:
        return await feeds.of_profile(request, name, feed)
    account = await product.profiles.by_username(name)
    timeline = await product.timelines.account(viewer, account.id, page_asked(request, GRID_POSTS), AccountFilter())
    person = entity(await product.people.one(account.id))
    person |= await _relation(request, account.id)
    return await shown(request, "profile.html", person=person, **part(timeline, GRID_POSTS))


@page_get("/{handle:str}/tagged/{name:str}")
async def tagged_page(request: Request, handle: FromPath[str], name: FromPath[str]) -> Response[str]:
    """Somebody's posts with a hashtag."""
    product, viewer = product_of(request), viewer_or_none(request)
    account = await product.profiles.by_username(name_in(handle))
    tag = hashtag_named(name)
    if tag is None:
        raise NotFoundError
    only = AccountFilter(tag=tag)
    timeline = await product.timelines.account(viewer, account.id, page_asked(request, GRID_POSTS), only)
    heading = f"#{tag} by @{account.username}"
    return await shown(request, "public.html", heading=heading, **part(timeline, GRID_POSTS))


@page_get("/{handle:str}/followers")
async def followers_page(request: Request, handle: FromPath[str]) -> Response[str]:
    """Who follows somebody."""
    product, page = product_of(request), page_asked(request, PEOPLE)
    account = await product.profiles.by_username(name_in(handle))
    edges = await product.edges.followers(account.id, page, viewer_or_none(request))
    return await _people(request, account.id, edges, "Followers")


@page_get("/{handle:str}/following")
async def following_page(request: Request, handle: FromPath[str]) -> Response[str]:
    """Whom somebody follows."""
    product, page = product_of(request), page_asked(request, PEOPLE)
    account = await product.profiles.by_username(name_in(handle))
    edges = await product.edges.following(account.id, page, viewer_or_none(request))
    return await _people(request, account.id, edges, "Following")


async def _people(request: Request, account_id: int, edges: EdgePage, heading: str) -> Response[str]:
    product, viewer = product_of(request), viewer_or_none(request)
    person = entity(await product.people.one(account_id))
    people = entities(await product.people.many(edges.ids))
    known = await product.relationships.among(viewer, edges.ids) if viewer is not None else []
    relations = {each.id: _button(each) for each in known}
    for each in people:
        each.update(relations.get(int(each["id"]), {}))
        each["own"] = int(each["id"]) == viewer
    older = f"max_id={edges.oldest}" if edges.full else ""
    return await shown(request, "people.html", person=person, people=people, older=older, heading=heading)


async def _relation(request: Request, account_id: int) -> Entity:
    """What the viewer is to the account."""
    viewer = viewer_or_none(request)
    if viewer is None or viewer == account_id:
        return {"own": viewer == account_id, "following": False, "requested": False, "followed_by": False}
    (known,) = await product_of(request).relationships.among(viewer, [account_id])
    return {"own": False, "followed_by": known.followed_by} | _button(known)


def _button(known: Relationship) -> Entity:
    """What the button says of a relationship."""
    return {"following": known.following, "requested": known.requested}


@page_post("/{handle:str}/follow")
async def follow(request: Request, handle: FromPath[str]) -> Response[str]:
    """Follow somebody."""
    return await _change(request, handle, follows=True)


@page_post("/{handle:str}/unfollow")
async def unfollow(request: Request, handle: FromPath[str]) -> Response[str]:
    """No longer follow somebody."""
    return await _change(request, handle, follows=False)


async def _change(request: Request, handle: str, *, follows: bool) -> Response[str]:
    form, product, viewer = await checked(request, ButtonForm), product_of(request), viewer_or_none(request)
    if viewer is None:
        return log_in_first(request, form.next)
    find = product.profiles.by_username if follows else product.profiles.named
    account = await find(name_in(handle))
    change = product.following.follow if follows else product.following.unfollow
    await change(viewer, account.id)
    # Nothing more is known of somebody whom others no longer see.
    known = entities(await product.people.many([account.id]))
    person = {"id": str(account.id), "username": account.username, **(known[0] if known else {})}
    (relation,) = await product.relationships.among(viewer, [account.id])
    person |= {"own": False} | _button(relation)
    return fragment(request, "fragments/follow.html", person=person, back=local(form.next)) or go(local(form.next))


ROUTES = [profile_page, tagged_page, followers_page, following_page, follow, unfollow]
