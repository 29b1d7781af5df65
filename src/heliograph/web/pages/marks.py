"""The buttons of a post that are pressed or not: like, share, save, pin."""

from collections.abc import Awaitable, Callable

import msgspec
from litestar import Response
from litestar.params import FromPath

from heliograph.base.errors import NotFoundError
from heliograph.domain.posts.post import Header, Visibility
from heliograph.domain.product import Product
from heliograph.web.access import product_of, viewer_or_none
from heliograph.web.pages.forms import checked, go, local, page_post
from heliograph.web.pages.shown import ButtonForm, entity, fragment, id_in, log_in_first
from heliograph.web.request import Request

# What the account does with a post that it may see.
Change = Callable[[Product, int, Header], Awaitable[None]]


class Act(msgspec.Struct, frozen=True):
    """What a button does; `button`: the macro of parts/buttons.html that shows it afterwards."""

    button: str
    change: Change


async def _share(product: Product, who: int, post: Header) -> None:
    """Share with what one's posts have without being asked, as the API does."""
    account = await product.profiles.get(who)
    visibility = min(Visibility(account.default_visibility), Visibility.PRIVATE)
    await product.publishing.reblog(who, post, visibility)


ACTS = {
    "like": Act("like", lambda product, who, post: product.likes.like(who, post.id)),
    "unlike": Act("like", lambda product, who, post: product.likes.unlike(who, post.id)),
    "share": Act("share", _share),
    "unshare": Act("share", lambda product, who, post: product.publishing.unreblog(who, post.id)),
    "save": Act("save", lambda product, who, post: product.bookmarks.add(who, post.id)),
    "unsave": Act("save", lambda product, who, post: product.bookmarks.remove(who, post.id)),
    "pin": Act("pin", lambda product, who, post: product.pins.pin(who, post)),
    "unpin": Act("pin", lambda product, who, post: product.pins.unpin(who, post.id)),
}


@page_post("/p/{post_id:str}/{name:str}")
async def mark(request: Request, post_id: FromPath[str], name: FromPath[str]) -> Response[str]:
    """Press a button of a post."""
    form, product, viewer = await checked(request, ButtonForm), product_of(request), viewer_or_none(request)
    act = ACTS.get(name)
    if act is None:
        raise NotFoundError
    if viewer is None:
        return log_in_first(request, form.next)
    header = await product.timelines.proper(viewer, id_in(post_id))
    await act.change(product, viewer, header)
    post = entity(await product.timelines.post(viewer, header.id))
    back = local(form.next)
    return fragment(request, "fragments/mark.html", button=act.button, post=post, back=back) or go(back)


ROUTES = [mark]
