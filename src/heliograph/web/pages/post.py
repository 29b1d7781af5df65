"""A post's own page, with what is talked about it; its deletion."""

import asyncio
import secrets

from litestar import Response
from litestar.params import FromPath

from heliograph.base.paging import Page
from heliograph.domain.posts.post import MAX_CHARACTERS
from heliograph.web import cacheable
from heliograph.web.access import product_of, viewer_or_none
from heliograph.web.pages.forms import checked, go, local, page_get, page_post
from heliograph.web.pages.shown import ButtonForm, Entity, entities, entity, id_in, log_in_first, name_in, shown
from heliograph.web.pages.thread import thread_of
from heliograph.web.request import Request

LIKERS = 12


@page_get("/p/{post_id:str}")
async def post_by_id(request: Request, post_id: FromPath[str]) -> Response[str]:
    """The address that does not know the author's name: on to the one that does."""
    post = entity(await product_of(request).timelines.post(viewer_or_none(request), id_in(post_id)))
    post = post["reblog"] or post
    return go(f"/@{post['account']['username']}/{post['id']}")


@page_get("/{handle:str}/{post_id:str}")
async def post_page(request: Request, handle: FromPath[str], post_id: FromPath[str]) -> Response[str] | Response[bytes]:
    """`/@name/<id>`."""
    product, viewer = product_of(request), viewer_or_none(request)
    name, ident = name_in(handle), id_in(post_id)
    post = entity(await product.timelines.post(viewer, ident))
    post = post["reblog"] or post
    author = post["account"]
    if author["username"].lower() != name.lower() or int(post["id"]) != ident:
        return go(f"/@{author['username']}/{post['id']}")
    return cacheable.for_everybody(request, await post_shown(request, post))


async def post_shown(
    request: Request, post: Entity, status: int = 200, *, problem: str = "", text: str = ""
) -> Response[str]:
    """The page of `post`; `text`: of a comment that was refused, and `problem` says why."""
    likers, thread = await asyncio.gather(_likers(request, int(post["id"])), thread_of(request, post))
    return await shown(
        request,
        "post.html",
        status,
        post=post,
        likers=likers,
        own=int(post["account"]["id"]) == viewer_or_none(request),
        problem=problem,
        text=text,
        key=secrets.token_urlsafe(16),
        most_characters=MAX_CHARACTERS,
        **thread,
    )


async def _likers(request: Request, ident: int) -> list[Entity]:
    product = product_of(request)
    edges = await product.likes.of(ident, Page(limit=LIKERS))
    return entities(await product.people.seen_by(viewer_or_none(request), edges.ids))


@page_post("/p/{post_id:str}/delete")
async def delete(request: Request, post_id: FromPath[str]) -> Response[str]:
    """Delete a post of one's own."""
    form, product, viewer = await checked(request, ButtonForm), product_of(request), viewer_or_none(request)
    if viewer is None:
        return log_in_first(request, form.next)
    post = await product.posts.get(id_in(post_id))
    if post.reblog_of_id is not None and post.account_id == viewer:
        await product.publishing.unreblog(viewer, post.reblog_of_id)
        return go(local(form.next))
    await product.remover.delete(viewer, post.id)
    await product.outbox.hint()
    return go(local(form.next))


ROUTES = [post_by_id, post_page, delete]
