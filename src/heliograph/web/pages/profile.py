"""Somebody's page: who they are, what you are to each other, the grid of their photos; who follows them, whom they follow."""

import asyncio

from litestar import Response
from litestar.params import FromPath

from heliograph.base.errors import NotFoundError
from heliograph.domain.feeds.timelines import AccountFilter
from heliograph.domain.graph.edges import EdgePage
from heliograph.domain.graph.notes import COMMENT_MAX
from heliograph.domain.posts.text import hashtag_named
from heliograph.web import cacheable
from heliograph.web.access import product_of, viewer_or_none
from heliograph.web.pages import feeds
from heliograph.web.pages.forms import page_get
from heliograph.web.pages.people import with_relations
from heliograph.web.pages.shown import Entity, entities, entity, name_in, page_asked, part, shown, with_answered
from heliograph.web.request import Request

GRID_POSTS = 30
FEED_POSTS = 20
PEOPLE = 40
# Named one by one; the others are counted.
FAMILIAR_NAMED = 3
PHOTOS = AccountFilter(media_only=True, replies=False, reblogs=False)
EVERYTHING = AccountFilter()


@page_get("/{handle:str}")
async def profile_page(request: Request, handle: FromPath[str]) -> Response[str] | Response[bytes]:
    """`/@name`: their photos, the pinned posts first; and its feeds `/@name.rss` and `/@name.atom`."""
    name, feed = feeds.asked(name_in(handle))
    if feed:
        return await feeds.of_profile(request, name, feed)
    product, page = product_of(request), page_asked(request, GRID_POSTS)
    person = entity(await product.people.named(name))
    account_id = int(person["id"])
    pinned, timeline = await asyncio.gather(
        product.pins.of(account_id), product.timelines.account(viewer_or_none(request), account_id, page, PHOTOS)
    )
    found = part(timeline, GRID_POSTS)
    top = [] if "max_id" in request.query_params else await _at_top(request, pinned)
    others = [post for post in found["posts"] if int(post["id"]) not in pinned]
    return await _shown(request, person, {**found, "posts": top + others, "tab": "photos"})


async def _at_top(request: Request, pinned: list[int]) -> list[Entity]:
    posts = await product_of(request).timelines.posts(viewer_or_none(request), pinned)
    return [post | {"at_top": True} for post in entities(posts)]


@page_get("/{handle:str}/with_replies")
async def everything_page(request: Request, handle: FromPath[str]) -> Response[str] | Response[bytes]:
    """All that somebody posts: comments and what they share too."""
    product, page = product_of(request), page_asked(request, FEED_POSTS)
    person = entity(await product.people.named(name_in(handle)))
    timeline = await product.timelines.account(viewer_or_none(request), int(person["id"]), page, EVERYTHING)
    found = part(timeline, FEED_POSTS)
    posts = await with_answered(request, found["posts"])
    return await _shown(request, person, {**found, "posts": posts, "tab": "everything"})


async def _shown(request: Request, person: Entity, values: Entity) -> Response[str] | Response[bytes]:
    product, account_id = product_of(request), int(person["id"])
    featured, familiar, (known,) = await asyncio.gather(
        product.featured_tags.of(account_id), _familiar(request, account_id), with_relations(request, [person])
    )
    # Between two of whom one blocks the other there is nothing to see.
    values |= {"featured": featured, **familiar} if not _apart(known) else {"featured": [], **NOBODY, "posts": []}
    apart = {"apart": _apart(known), "own": account_id == viewer_or_none(request)}
    page = await shown(request, "profile.html", person=known, most_note=COMMENT_MAX, **apart, **values)
    return cacheable.for_everybody(request, page)


NOBODY: Entity = {"familiar": [], "familiar_others": 0}


def _apart(person: Entity) -> bool:
    return bool(person.get("blocking") or person.get("blocked_by"))


async def _familiar(request: Request, account_id: int) -> Entity:
    """Whom the viewer follows of those who follow the account: a few (`familiar`), and how many more."""
    product, viewer = product_of(request), viewer_or_none(request)
    if viewer in (None, account_id):
        return NOBODY
    found = (await product.familiar.followers(viewer, [account_id])).get(account_id, [])
    people = entities(await product.people.many(found[:FAMILIAR_NAMED]))
    return {"familiar": people, "familiar_others": max(0, len(found) - FAMILIAR_NAMED)}


@page_get("/{handle:str}/tagged/{name:str}")
async def tagged_page(request: Request, handle: FromPath[str], name: FromPath[str]) -> Response[str] | Response[bytes]:
    """Somebody's posts with a hashtag."""
    product, viewer = product_of(request), viewer_or_none(request)
    account = await product.profiles.by_username(name_in(handle))
    tag = hashtag_named(name)
    if tag is None:
        raise NotFoundError
    only = AccountFilter(tag=tag)
    timeline = await product.timelines.account(viewer, account.id, page_asked(request, GRID_POSTS), only)
    heading = f"#{tag} by @{account.username}"
    page = await shown(request, "public.html", heading=heading, **part(timeline, GRID_POSTS))
    return cacheable.for_everybody(request, page)


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
    product = product_of(request)
    person = entity(await product.people.one(account_id))
    people = await with_relations(request, entities(await product.people.many(edges.ids)))
    older = f"max_id={edges.oldest}" if edges.full else ""
    hides = person["hide_collections"] and account_id != viewer_or_none(request)
    return await shown(request, "people.html", person=person, people=people, older=older, heading=heading, hides=hides)


ROUTES = [profile_page, everything_page, tagged_page, followers_page, following_page]
