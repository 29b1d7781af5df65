"""GET /api/oembed: a post as something that other sites can show (oembed.com)."""

import re

import msgspec
from litestar import Response
from litestar.params import FromQuery
from markupsafe import Markup

from heliograph.base.errors import InvalidInputError, NotFoundError
from heliograph.domain.feeds.timelines import Timelines
from heliograph.web.access import OPEN, product_of
from heliograph.web.pages.embed import Extent, embeddable, extent_of
from heliograph.web.pages.shown import Entity, id_in
from heliograph.web.request import Request
from heliograph.web.routes import api_get, as_json

KEPT = {"Cache-Control": "public, max-age=300"}
CACHE_S = 86400
_POST = re.compile(r"/(?:p|@[A-Za-z0-9_]+)/([0-9]{1,19})/?")
# No scripts there, and nothing of the page around it; links open in a window of their own.
_FRAME = Markup(
    '<iframe src="{}" class="heliograph-embed" title="{}" width="{}" height="{}" '
    'style="max-width: 100%; border: 0" loading="lazy" '
    'sandbox="allow-popups allow-popups-to-escape-sandbox" allowfullscreen="allowfullscreen"></iframe>'
)


class OEmbedEntity(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What oEmbed calls a rich response, with a thumbnail where the photos are nobody's surprise."""

    type: str
    version: str
    title: str
    author_name: str
    author_url: str
    provider_name: str
    provider_url: str
    cache_age: int
    html: str
    width: int
    height: int
    thumbnail_url: str | None = None
    thumbnail_width: int | None = None
    thumbnail_height: int | None = None


@api_get("/api/oembed", OPEN, OEmbedEntity)
async def oembed(
    request: Request,
    url: FromQuery[str],
    maxwidth: FromQuery[int | None] = None,
    maxheight: FromQuery[int | None] = None,
    format: FromQuery[str] = "json",  # noqa: A002 -- the parameter's name in oEmbed
) -> Response[bytes]:
    """How to show the post at `url` on another site. For public and unlisted posts."""
    if format != "json":
        # oembed.com asks for a 501 here; that would be an error of ours, and it is none.
        raise InvalidInputError(f"format = {format[:40]!r}: expected json")
    post = await _post_at(request, product_of(request).timelines, url)
    entity = _entity(request, post, extent_of(post, maxwidth, maxheight))
    return as_json(msgspec.json.encode(_with_thumbnail(entity, post)), headers=KEPT)


async def _post_at(request: Request, timelines: Timelines, url: str) -> Entity:
    match = _POST.fullmatch(re.split(r"[?#]", request.app.state.addresses.path(url))[0])
    if match is None:
        raise NotFoundError
    return await embeddable(timelines, id_in(match[1]))


def _entity(request: Request, post: Entity, extent: Extent) -> OEmbedEntity:
    site, addresses = product_of(request).settings.site_name, request.app.state.addresses
    author = post["account"]
    address = f"{addresses.post(author['username'], post['id'])}/embed"
    title = f"{author['display_name']} (@{author['username']})"
    frame = _FRAME.format(address, f"Post by {title}", extent.width, extent.height)
    return OEmbedEntity(
        type="rich",
        version="1.0",
        title=post["spoiler_text"] or f"Post by {title}",
        author_name=author["display_name"],
        author_url=addresses.profile(author["username"]),
        provider_name=site,
        provider_url=f"{addresses.base}/",
        cache_age=CACHE_S,
        html=str(frame),
        width=extent.width,
        height=extent.height,
    )


def _with_thumbnail(entity: OEmbedEntity, post: Entity) -> OEmbedEntity:
    photos = [] if post["sensitive"] or post["spoiler_text"] else post["media_attachments"]
    if not photos:
        return entity
    size = photos[0]["meta"]["small"]
    return msgspec.structs.replace(
        entity,
        thumbnail_url=photos[0]["preview_url"],
        thumbnail_width=size["width"],
        thumbnail_height=size["height"],
    )


ROUTES = [oembed]
