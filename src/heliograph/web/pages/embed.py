"""`/@name/<id>/embed`: a post for a frame on another site. No script, no cookie's worth, nothing that changes anything.

The one page that may be framed, and so the one that never looks at who asks: it shows what everybody may see.
"""

import msgspec
from litestar import Response, get
from litestar.params import FromPath

from heliograph.base.errors import NotFoundError
from heliograph.domain.feeds.timelines import Timelines
from heliograph.web.access import OPEN, product_of
from heliograph.web.pages.forms import go
from heliograph.web.pages.shown import Entity, entity, id_in, name_in
from heliograph.web.request import Request

WIDTH, WIDTH_LEAST = 480, 220
HEIGHT_LEAST = 160
# Of what stands above and below the photos in embed.css.
HEAD_PX, FOOT_PX, CAPTION_PX = 64, 44, 76
ASPECT_LEAST, ASPECT_MOST = 0.75, 2.0
HEADERS = {
    "Cache-Control": "public, max-age=300",
    "Content-Security-Policy": (
        "default-src 'none'; img-src 'self'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors *"
    ),
}


class Extent(msgspec.Struct, frozen=True):
    """The size of a frame, in pixels of CSS."""

    width: int
    height: int


async def embeddable(timelines: Timelines, post_id: int) -> Entity:
    """The post, as a stranger sees it. Raises NotFoundError unless it is public or unlisted."""
    post = entity(await timelines.post(None, post_id))
    if post["visibility"] not in ("public", "unlisted"):
        raise NotFoundError
    return post


def extent_of(post: Entity, max_width: int | None, max_height: int | None) -> Extent:
    """A frame for `post` within the bounds, as far as it can still be read in them."""
    width = max(WIDTH_LEAST, min(WIDTH, max_width or WIDTH))
    height = HEAD_PX + FOOT_PX + (CAPTION_PX if post["content"] else 0)
    if post["media_attachments"]:
        aspect = post["media_attachments"][0]["meta"]["original"]["aspect"]
        height += round(width / max(ASPECT_LEAST, min(ASPECT_MOST, aspect)))
    return Extent(width, max(HEIGHT_LEAST, min(height, max_height or height)))


@get("/{handle:str}/{post_id:str}/embed", opt={"access": OPEN}, include_in_schema=False)
async def embed_page(request: Request, handle: FromPath[str], post_id: FromPath[str]) -> Response[str]:
    """The post, small."""
    name, ident = name_in(handle), id_in(post_id)
    post = await embeddable(product_of(request).timelines, ident)
    author = post["account"]["username"]
    if author.lower() != name.lower():
        return go(f"/@{author}/{post['id']}/embed")
    page = request.app.state.templates.render(request, "embed.html", post=post)
    return Response(page, headers=HEADERS, media_type="text/html")


ROUTES = [embed_page]
