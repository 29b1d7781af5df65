"""Editing: PUT /api/v1/statuses/:id, and what a post was (history) and was typed as (source)."""

from typing import Any

import msgspec
from litestar import Response
from litestar.params import FromPath

from heliograph.base import ids
from heliograph.base.errors import ValidationError
from heliograph.domain.feeds import present
from heliograph.domain.posts.edit import PhotoChange, PostChanges
from heliograph.web.access import anyone, app, product_of, user, viewer, viewer_or_none
from heliograph.web.api.media import focus_of
from heliograph.web.api.statuses import language_of, media_ids_of, post_id
from heliograph.web.entities.edit import StatusEditEntity, StatusSourceEntity, edit_body, source
from heliograph.web.entities.status import StatusEntity
from heliograph.web.parameters import fields
from heliograph.web.request import Request
from heliograph.web.routes import api_get, api_put, as_json


class PhotoForm(msgspec.Struct, frozen=True):
    """A change of one photo's alt text or focal point."""

    id: str | int | None = None
    description: str | None = None
    focus: str | None = None


class EditForm(msgspec.Struct, frozen=True):
    """The parameters of an edit. What is not supported is refused, not passed over.

    What is not given stays as it is, but for the warning: apps that send a text leave it out when it is to go, as Mastodon
    takes it. Photos stay: nobody means to lose them by leaving them out.
    """

    status: str | None = None
    spoiler_text: str | None = None
    sensitive: bool | None = None
    language: str | None = None
    media_ids: list[str | int] | None = None
    media_attributes: list[PhotoForm] | dict[str, PhotoForm] | None = None
    poll: Any = None


@api_put("/api/v1/statuses/{status_id:str}", user("write:statuses"), StatusEntity, form=EditForm)
async def edit(request: Request, status_id: FromPath[str]) -> Response[bytes]:
    """Change a post of yours: its text, its warning, its photos (`media_ids`: all of them, in order), their alt texts."""
    product, author, ident = product_of(request), viewer(request), post_id(status_id)
    changes = _changes(await fields(request, EditForm))
    await product.publishing.edit(author, ident, changes)
    return as_json(await product.timelines.post(author, ident))


def _changes(form: EditForm) -> PostChanges:
    if form.poll:
        raise ValidationError("Validation failed: poll is not supported by this version of the site")
    return PostChanges(
        text=form.status,
        spoiler_text="" if form.spoiler_text is None and form.status is not None else form.spoiler_text,
        sensitive=form.sensitive,
        language=language_of(form.language),
        media_ids=None if form.media_ids is None else media_ids_of(form.media_ids),
        photos=_photos(form.media_attributes),
    )


def _photos(given: list[PhotoForm] | dict[str, PhotoForm] | None) -> tuple[PhotoChange, ...]:
    forms = given.values() if isinstance(given, dict) else given or []
    known = [(ids.parse(form.id), form) for form in forms]
    return tuple(PhotoChange(ident, form.description, focus_of(form.focus)) for ident, form in known if ident)


@api_get("/api/v1/statuses/{status_id:str}/history", anyone("read:statuses"), list[StatusEditEntity])
async def history(request: Request, status_id: FromPath[str]) -> Response[bytes]:
    """What a post was: all its revisions, the oldest first; the last is what it is."""
    product = product_of(request)
    header = await product.timelines.proper(viewer_or_none(request), post_id(status_id))
    post = await product.posts.get(header.id)
    account = await product.people.one(post.account_id)
    bodies = [edit_body(each, request.app.state.addresses) for each in await product.editor.history(post)]
    return as_json(present.array([b'%s,"account":%s}' % (msgspec.json.encode(body)[:-1], account) for body in bodies]))


@api_get("/api/v1/statuses/{status_id:str}/source", app("read:statuses"), StatusSourceEntity)
async def source_of(request: Request, status_id: FromPath[str]) -> Response[bytes]:
    """A post as it was typed, for an app that lets its author edit it."""
    product = product_of(request)
    header = await product.timelines.proper(viewer_or_none(request), post_id(status_id))
    return as_json(msgspec.json.encode(source(await product.posts.get(header.id))))


ROUTES = [edit, history, source_of]
