"""The page of a hashtag, and what one does with it: follow it, show it on one's profile."""

import contextlib
from collections.abc import Awaitable, Callable

from litestar import Response
from litestar.params import FromPath

from heliograph.base.errors import NotFoundError
from heliograph.base.paging import Page
from heliograph.domain.posts.featured_tags import AlreadyFeaturedError
from heliograph.domain.posts.text import hashtag_named, hashtags
from heliograph.domain.product import Product
from heliograph.web.access import product_of, viewer_or_none
from heliograph.web.pages import feeds
from heliograph.web.pages.forms import checked, go, local, page_get, page_post
from heliograph.web.pages.shown import ButtonForm, log_in_first, page_asked, part, shown
from heliograph.web.request import Request

GRID_POSTS = 30
FOLLOWED = 200

Change = Callable[[Product, int, str], Awaitable[None]]


@page_get("/tags/{name:str}")
async def tag_page(request: Request, name: FromPath[str]) -> Response[str] | Response[bytes]:
    """Recent public posts with a hashtag, and their feeds `/tags/name.rss` and `/tags/name.atom`."""
    name, feed = feeds.asked(name)
    if hashtags(f"#{name}") != [name.lower()]:
        raise NotFoundError
    if feed:
        return await feeds.of_hashtag(request, name.lower(), feed)
    product, viewer = product_of(request), viewer_or_none(request)
    timeline = await product.timelines.tag(viewer, name, page_asked(request, GRID_POSTS))
    (known,) = await product.hashtags.many([name.lower()], viewer)
    return await shown(request, "tag.html", tag=known, **part(timeline, GRID_POSTS))


@page_get("/settings/hashtags")
async def followed_page(request: Request) -> Response[str]:
    """The hashtags that one follows, and those that one shows on one's profile."""
    viewer = viewer_or_none(request)
    if viewer is None:
        return log_in_first(request, "/settings/hashtags")
    product = product_of(request)
    followed = await product.tag_follows.of(viewer, Page(limit=FOLLOWED))
    featured = await product.featured_tags.of(viewer)
    return await shown(request, "settings_hashtags.html", followed=followed.names, featured=featured)


@page_post("/tags/{name:str}/follow")
async def follow(request: Request, name: FromPath[str]) -> Response[str]:
    """Have public posts with a hashtag at home."""
    return await _change(request, name, lambda product, who, tag: product.tagging.follow(who, tag))


@page_post("/tags/{name:str}/unfollow")
async def unfollow(request: Request, name: FromPath[str]) -> Response[str]:
    """Have them there no longer."""
    return await _change(request, name, lambda product, who, tag: product.tagging.unfollow(who, tag))


@page_post("/tags/{name:str}/feature")
async def feature(request: Request, name: FromPath[str]) -> Response[str]:
    """Show a hashtag at the top of one's profile."""

    async def change(product: Product, viewer: int, tag: str) -> None:
        with contextlib.suppress(AlreadyFeaturedError):
            await product.featured_tags.feature(viewer, tag)

    return await _change(request, name, change)


@page_post("/tags/{name:str}/unfeature")
async def unfeature(request: Request, name: FromPath[str]) -> Response[str]:
    """Show it there no longer."""
    return await _change(request, name, lambda product, who, tag: product.featured_tags.unfeature(who, tag))


async def _change(request: Request, name: str, change: Change) -> Response[str]:
    form, viewer = await checked(request, ButtonForm), viewer_or_none(request)
    if viewer is None:
        return log_in_first(request, form.next)
    tag = hashtag_named(name)
    if tag is None:
        raise NotFoundError
    await change(product_of(request), viewer, tag)
    return go(local(form.next))


ROUTES = [tag_page, followed_page, follow, unfollow, feature, unfeature]
