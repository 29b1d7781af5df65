"""Editing a post of one's own, and what a post was before it was edited."""

from typing import Any

from litestar import Response
from litestar.params import FromPath

from heliograph.base.errors import NotFoundError, ValidationError
from heliograph.domain.media.uploads import MAX_DESCRIPTION
from heliograph.domain.posts.edit import PhotoChange, PostChanges
from heliograph.domain.posts.post import MAX_CHARACTERS, Post
from heliograph.web import csrf
from heliograph.web.access import product_of, viewer_or_none
from heliograph.web.entities.edit import edit_body
from heliograph.web.pages.forms import go, page_get, page_post, who
from heliograph.web.pages.shown import Entity, as_entity, entity, id_in, log_in_first, shown
from heliograph.web.parameters import Given, given
from heliograph.web.problems import status_of
from heliograph.web.request import Request


@page_get("/p/{post_id:str}/edit")
async def edit_page(request: Request, post_id: FromPath[str]) -> Response[str]:
    """The form, as the post is."""
    viewer = viewer_or_none(request)
    if viewer is None:
        return log_in_first(request, f"/p/{id_in(post_id)}/edit")
    post = await _own(request, viewer, id_in(post_id))
    return await _form(request, post, _as_is(post))


@page_post("/p/{post_id:str}/edit")
async def edit(request: Request, post_id: FromPath[str]) -> Response[str]:
    """Change the post, and show it; the form again with what is wrong."""
    async with given(request) as body:
        csrf.check(request, _text(body, csrf.FIELD) or request.headers.get(csrf.HEADER, ""))
    viewer = who(request)
    post = await _own(request, viewer, id_in(post_id))
    try:
        await product_of(request).publishing.edit(viewer, post.id, _changes(body, post))
    except ValidationError as error:
        message = error.message.removeprefix("Validation failed: ")
        return await _form(request, post, _as_given(body, post), message, status_of(error))
    return go(f"/p/{post.id}")


async def _own(request: Request, viewer: int, ident: int) -> Post:
    """A post that `viewer` has written. Raises NotFoundError."""
    product = product_of(request)
    header = await product.timelines.header(viewer, ident)
    if header.author != viewer or header.original:
        raise NotFoundError
    return await product.posts.get(ident)


def _changes(body: Given, post: Post) -> PostChanges:
    return PostChanges(
        text=_text(body, "text").replace("\r\n", "\n"),
        spoiler_text=_text(body, "warning"),
        sensitive="sensitive" in body.fields,
        photos=tuple(
            PhotoChange(photo.id, alt)
            for photo in post.photos
            if (alt := _text(body, f"alt{photo.id}")) != (photo.description or "")
        ),
    )


def _as_is(post: Post) -> Entity:
    alts = {photo.id: photo.description or "" for photo in post.photos}
    return {"text": post.text, "warning": post.spoiler_text, "sensitive": post.sensitive, "alts": alts}


def _as_given(body: Given, post: Post) -> Entity:
    alts = {photo.id: _text(body, f"alt{photo.id}") for photo in post.photos}
    sensitive = "sensitive" in body.fields
    return {"text": _text(body, "text"), "warning": _text(body, "warning"), "sensitive": sensitive, "alts": alts}


def _text(body: Given, name: str) -> str:
    value: Any = body.fields.get(name)
    return value if isinstance(value, str) else ""


async def _form(request: Request, post: Post, form: Entity, problem: str = "", status: int = 200) -> Response[str]:
    seen = entity(await product_of(request).timelines.post(post.account_id, post.id))
    limits = {"most_characters": MAX_CHARACTERS, "most_alt": MAX_DESCRIPTION}
    return await shown(request, "edit.html", status, post=seen, form=form, problem=problem, **limits)


@page_get("/p/{post_id:str}/history")
async def history_page(request: Request, post_id: FromPath[str]) -> Response[str]:
    """What a post was: all its versions, the newest first."""
    product, viewer = product_of(request), viewer_or_none(request)
    header = await product.timelines.proper(viewer, id_in(post_id))
    post = entity(await product.timelines.post(viewer, header.id))
    edits = await product.editor.history(await product.posts.get(header.id))
    addresses = request.app.state.addresses
    versions = [as_entity(edit_body(each, addresses)) for each in reversed(edits)]
    return await shown(request, "history.html", post=post, versions=versions)


ROUTES = [edit_page, edit, history_page]
