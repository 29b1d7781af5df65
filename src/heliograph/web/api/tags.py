"""Hashtags: what is known of one, following and featuring it, and those that one follows."""

import contextlib

import msgspec
from litestar import Response
from litestar.params import FromPath

from heliograph.base.errors import NotFoundError
from heliograph.domain.posts.featured_tags import AlreadyFeaturedError
from heliograph.domain.posts.text import hashtag_named
from heliograph.web.access import anyone, product_of, user, viewer, viewer_or_none
from heliograph.web.entities.tag import HashtagEntity, hashtag
from heliograph.web.pagination import Limit, MaxId, MinId, SinceId, link, page_of
from heliograph.web.request import Request
from heliograph.web.routes import api_get, api_post, as_json


def tag_in(text: str) -> str:
    """The hashtag in a path. Raises NotFoundError for what cannot be one."""
    name = hashtag_named(text)
    if name is None:
        raise NotFoundError
    return name


async def tags_shown(request: Request, names: list[str]) -> list[HashtagEntity]:
    """The entities of `names`, in the same order, as whoever asks sees them."""
    found = await product_of(request).hashtags.many(names, viewer_or_none(request))
    return [hashtag(tag, request.app.state.addresses) for tag in found]


async def _one(request: Request, name: str) -> Response[bytes]:
    (shown,) = await tags_shown(request, [name])
    return as_json(msgspec.json.encode(shown))


@api_get("/api/v1/tags/{name:str}", anyone("read"), HashtagEntity)
async def one(request: Request, name: FromPath[str]) -> Response[bytes]:
    """A hashtag, by its name in any case, and how it was used in the last week."""
    return await _one(request, tag_in(name))


@api_post("/api/v1/tags/{name:str}/follow", user("write:follows", "follow"), HashtagEntity)
async def follow(request: Request, name: FromPath[str]) -> Response[bytes]:
    """Follow a hashtag; public posts with it are at home at once."""
    product, tag = product_of(request), tag_in(name)
    await product.tagging.follow(viewer(request), tag)
    return await _one(request, tag)


@api_post("/api/v1/tags/{name:str}/unfollow", user("write:follows", "follow"), HashtagEntity)
async def unfollow(request: Request, name: FromPath[str]) -> Response[bytes]:
    """No longer follow a hashtag; what was at home for it alone leaves at once."""
    product, tag = product_of(request), tag_in(name)
    await product.tagging.unfollow(viewer(request), tag)
    return await _one(request, tag)


@api_post("/api/v1/tags/{name:str}/feature", user("write:accounts"), HashtagEntity)
async def feature(request: Request, name: FromPath[str]) -> Response[bytes]:
    """Show a hashtag at the top of your profile."""
    product, tag = product_of(request), tag_in(name)
    # Here, unlike under its older address, it does not matter that it is featured already.
    with contextlib.suppress(AlreadyFeaturedError):
        await product.featured_tags.feature(viewer(request), tag)
    return await _one(request, tag)


@api_post("/api/v1/tags/{name:str}/unfeature", user("write:accounts"), HashtagEntity)
async def unfeature(request: Request, name: FromPath[str]) -> Response[bytes]:
    """No longer show a hashtag at the top of your profile."""
    product, tag = product_of(request), tag_in(name)
    await product.featured_tags.unfeature(viewer(request), tag)
    return await _one(request, tag)


@api_get("/api/v1/followed_tags", user("read:follows"), list[HashtagEntity])
async def followed(
    request: Request, max_id: MaxId = None, since_id: SinceId = None, min_id: MinId = None, limit: Limit = None
) -> Response[bytes]:
    """The hashtags that you follow, the latest first."""
    page = page_of(limit, max_id, since_id, min_id, default=100, most=200)
    found = await product_of(request).tag_follows.of(viewer(request), page)
    headers = link(request, found.newest, found.oldest, request.app.state.addresses.base)
    return as_json(msgspec.json.encode(await tags_shown(request, found.names)), headers=headers)


ROUTES = [one, follow, unfollow, feature, unfeature, followed]
