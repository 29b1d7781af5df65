"""A post's own page, and its buttons: like, no longer like, delete."""

from litestar import Response
from litestar.params import FromPath

from heliograph.base.paging import Page
from heliograph.web.access import product_of, viewer_or_none
from heliograph.web.pages.forms import checked, go, local, page_get, page_post
from heliograph.web.pages.shown import ButtonForm, entities, entity, fragment, id_in, log_in_first, name_in, shown
from heliograph.web.request import Request

LIKERS = 12


@page_get("/p/{post_id:str}")
async def post_by_id(request: Request, post_id: FromPath[str]) -> Response[str]:
    """The address that does not know the author's name: on to the one that does."""
    post = entity(await product_of(request).timelines.post(viewer_or_none(request), id_in(post_id)))
    post = post["reblog"] or post
    return go(f"/@{post['account']['username']}/{post['id']}")


@page_get("/{handle:str}/{post_id:str}")
async def post_page(request: Request, handle: FromPath[str], post_id: FromPath[str]) -> Response[str]:
    """`/@name/<id>`."""
    product, viewer = product_of(request), viewer_or_none(request)
    name, ident = name_in(handle), id_in(post_id)
    post = entity(await product.timelines.post(viewer, ident))
    post = post["reblog"] or post
    author = post["account"]
    if author["username"].lower() != name.lower() or int(post["id"]) != ident:
        return go(f"/@{author['username']}/{post['id']}")
    edges = await product.likes.of(ident, Page(limit=LIKERS))
    likers = entities(await product.people.seen_by(viewer, edges.ids))
    return await shown(request, "post.html", post=post, likers=likers, own=int(author["id"]) == viewer)


@page_post("/p/{post_id:str}/like")
async def like(request: Request, post_id: FromPath[str]) -> Response[str]:
    """Like a post."""
    return await _change(request, id_in(post_id), likes=True)


@page_post("/p/{post_id:str}/unlike")
async def unlike(request: Request, post_id: FromPath[str]) -> Response[str]:
    """No longer like a post."""
    return await _change(request, id_in(post_id), likes=False)


async def _change(request: Request, post_id: int, *, likes: bool) -> Response[str]:
    form, product, viewer = await checked(request, ButtonForm), product_of(request), viewer_or_none(request)
    if viewer is None:
        return log_in_first(request, form.next)
    ident = (await product.timelines.proper(viewer, post_id)).id
    change = product.likes.like if likes else product.likes.unlike
    await change(viewer, ident)
    post = entity(await product.timelines.post(viewer, ident))
    return fragment(request, "fragments/like.html", post=post, back=local(form.next)) or go(local(form.next))


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


ROUTES = [post_by_id, post_page, like, unlike, delete]
