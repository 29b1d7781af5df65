"""Commenting: an answer to a post that is seen by whom the post is seen by, or by fewer."""

import msgspec
from litestar import Response
from litestar.params import FromPath

from heliograph.base.errors import ValidationError
from heliograph.domain.posts.post import Visibility
from heliograph.domain.posts.publish import Draft
from heliograph.domain.posts.text import mentioned_names
from heliograph.web.access import product_of, viewer_or_none
from heliograph.web.pages.forms import checked, go, local, page_post
from heliograph.web.pages.post import post_shown
from heliograph.web.pages.shown import Entity, entity, id_in, log_in_first
from heliograph.web.problems import status_of
from heliograph.web.request import Request

MAX_KEY = 64


class CommentForm(msgspec.Struct, frozen=True):
    """A comment. `key`: the same for each try, so that two tries make one comment; `next`: the page that it stands on."""

    text: str = ""
    key: str = ""
    next: str = "/"


@page_post("/p/{post_id:str}/comment")
async def comment(request: Request, post_id: FromPath[str]) -> Response[str]:
    """Publish a comment, and show it where it was written; the page again with what is wrong with it."""
    form, product, viewer = await checked(request, CommentForm), product_of(request), viewer_or_none(request)
    if viewer is None:
        return log_in_first(request, form.next)
    post = entity(await product.timelines.post(viewer, id_in(post_id)))
    post = post["reblog"] or post
    draft = await _draft(request, viewer, form, post)
    try:
        made = await product.publishing.publish(viewer, draft, int(post["id"]))
    except ValidationError as error:
        message = error.message.removeprefix("Validation failed: ")
        return await post_shown(request, post, status_of(error), problem=message, text=form.text)
    return go(f"{local(form.next)}#c{made.post_id}")


async def _draft(request: Request, viewer: int, form: CommentForm, post: Entity) -> Draft:
    account = await product_of(request).profiles.get(viewer)
    visibility = max(Visibility[post["visibility"].upper()], Visibility(account.default_visibility))
    text = form.text.replace("\r\n", "\n").strip()
    if text and visibility > Visibility.UNLISTED:
        text = _addressed(text, account.username, post)
    return Draft(
        text=text,
        media_ids=[],
        visibility=visibility,
        language=account.default_language,
        key=form.key[:MAX_KEY],
    )


def _addressed(text: str, own: str, post: Entity) -> str:
    """`text` with the names of those whom it is for: what is not for everybody reaches whom it names."""
    named = mentioned_names(text)
    people = dict.fromkeys([post["account"]["username"], *(each["username"] for each in post["mentions"])])
    missing = [f"@{name}" for name in people if name != own and name.lower() not in named]
    return " ".join([*missing, text])


ROUTES = [comment]
