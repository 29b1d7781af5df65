"""What the site says of itself, and a person's preferences."""

from typing import Any

import msgspec
from litestar import Response

from heliograph.domain.posts.post import Visibility
from heliograph.domain.posts.text import to_html
from heliograph.web.access import OPEN, product_of, user, viewer
from heliograph.web.entities import instance as entities
from heliograph.web.request import Request
from heliograph.web.routes import api_get, as_json


async def _described(request: Request, describe: Any) -> Response[bytes]:
    product = product_of(request)
    usage = await product.usage.numbers()
    return as_json(msgspec.json.encode(describe(product.settings, request.app.state.addresses, usage)))


@api_get("/api/v2/instance", OPEN, dict[str, Any])
async def instance_v2(request: Request) -> Response[bytes]:
    """What this site is, and the limits that clients keep to."""
    return await _described(request, entities.v2)


@api_get("/api/v1/instance", OPEN, dict[str, Any], deprecated=True)
async def instance_v1(request: Request) -> Response[bytes]:
    """What this site is, as older clients ask."""
    return await _described(request, entities.v1)


@api_get("/.well-known/nodeinfo", OPEN, include_in_schema=False)
async def nodeinfo_links(request: Request) -> Response[bytes]:
    """Where nodeinfo is."""
    address = f"{request.app.state.addresses.base}/nodeinfo/2.0"
    links = [{"rel": "http://nodeinfo.diaspora.software/ns/schema/2.0", "href": address}]
    return as_json(msgspec.json.encode({"links": links}))


@api_get("/nodeinfo/2.0", OPEN, include_in_schema=False)
async def nodeinfo(request: Request) -> Response[bytes]:
    """What this site runs."""
    product = product_of(request)
    return as_json(msgspec.json.encode(entities.nodeinfo(product.settings, await product.usage.numbers())))


@api_get("/api/v1/preferences", user("read:accounts"), dict[str, Any])
async def preferences(request: Request) -> Response[bytes]:
    """Your defaults for new posts, and how to read."""
    account = await product_of(request).profiles.get(viewer(request))
    found = {
        "posting:default:visibility": Visibility(account.default_visibility).name.lower(),
        "posting:default:sensitive": account.default_sensitive,
        "posting:default:language": account.default_language,
        "posting:default:quote_policy": "nobody",
        "reading:expand:media": "default",
        "reading:expand:spoilers": False,
        "reading:autoplay:gifs": False,
    }
    return as_json(msgspec.json.encode(found))


@api_get("/api/v1/instance/extended_description", OPEN, dict[str, Any])
async def extended_description(request: Request) -> Response[bytes]:
    """What the site says of itself at length; when that was written is not known."""
    text = to_html(product_of(request).settings.site_description, {}, request.app.state.addresses.tag)
    return as_json(msgspec.json.encode({"updated_at": None, "content": text}))


@api_get("/health", OPEN, include_in_schema=False)
async def health() -> Response[bytes]:
    """Whether somebody answers, as Mastodon's clients ask; what watches the site asks /readyz."""
    return Response(b"OK", media_type="text/plain; charset=utf-8")


ROUTES = [instance_v2, instance_v1, nodeinfo_links, nodeinfo, preferences, extended_description, health]
