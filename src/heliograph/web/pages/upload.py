"""Publishing photos from a page: one plain form, or, with a script, photo by photo with preview and progress.

Both end in the same form. A photo comes in it as a file (`photo0`) or as the id of one that has been sent already
(`media0`), each with its alt text (`alt0`): what has arrived is not sent again when something else has to be put right.
"""

import asyncio
import secrets
import time
from typing import Any

import msgspec
from litestar import Response
from litestar.params import FromPath

from heliograph.base import ids
from heliograph.base.errors import HeliographError, NotFoundError, ValidationError
from heliograph.domain.media.uploads import MAX_DESCRIPTION, Photo, Uploads
from heliograph.domain.posts.post import MAX_CHARACTERS, MAX_PHOTOS, Visibility
from heliograph.domain.posts.publish import Draft
from heliograph.web import csrf
from heliograph.web.access import product_of, viewer_or_none
from heliograph.web.entities.media import media
from heliograph.web.pages.forms import go, page_get, page_post, who
from heliograph.web.pages.shown import id_in, log_in_first, shown
from heliograph.web.parameters import Given, given
from heliograph.web.problems import status_of
from heliograph.web.request import Request

# The form waits this long for photos to be decoded before it asks for patience.
PATIENCE_S = 60.0
POLL_S = 0.15
PHOTO_FIELDS = [f"photo{number}" for number in range(MAX_PHOTOS)]
STILL_WAITING = "The photos are still being prepared. Please publish again in a moment; nothing is lost."
LOST = "This photo is not there any more. Please choose it again."


class UploadForm(msgspec.Struct, frozen=True):
    """The fields of a post besides its photos. `key`: the same for each try, so that two tries make one post."""

    caption: str = ""
    visibility: str = "public"
    sensitive: bool = False
    warning: str = ""
    key: str = ""


class Item(msgspec.Struct, frozen=True):
    """A photo of the form. `media_id` is None if it was refused; then `problem` says why."""

    alt: str
    media_id: int | None
    problem: str = ""
    preview: str | None = None


class PhotoState(msgspec.Struct, frozen=True):
    """What the script is told of a photo. `state`: waiting, ready or failed."""

    id: str
    state: str
    problem: str
    preview: str | None


@page_get("/upload")
async def upload_page(request: Request) -> Response[str]:
    """The empty form."""
    viewer = viewer_or_none(request)
    if viewer is None:
        return log_in_first(request, "/upload")
    account = await product_of(request).profiles.get(viewer)
    visibility = Visibility(account.default_visibility).name.lower()
    return await _form(request, UploadForm(visibility=visibility, sensitive=account.default_sensitive), [])


@page_post("/upload")
async def publish(request: Request) -> Response[str]:
    """Publish, or the form again with what is wrong and all that was right."""
    viewer = viewer_or_none(request)
    if viewer is None:
        return log_in_first(request, "/upload")
    try:
        async with given(request, PHOTO_FIELDS) as body:
            _check(request, body)
            form, items = body.to(UploadForm), await _items(request, body, viewer)
    except ValidationError as error:
        return await _form(request, UploadForm(), [], error.message, status_of(error))
    await product_of(request).outbox.hint()
    items = await _finished(request, viewer, items)
    if any(item.problem for item in items):
        return await _form(request, form, items, status=422)
    return await _published(request, viewer, form, items)


async def _published(request: Request, viewer: int, form: UploadForm, items: list[Item]) -> Response[str]:
    product = product_of(request)
    try:
        published = await product.publishing.publish(viewer, _draft(form, items))
    except ValidationError as error:
        message = error.message.removeprefix("Validation failed: ")
        return await _form(request, form, items, message, status_of(error))
    account = await product.profiles.get(viewer)
    return go(f"/@{account.username}/{published.post_id}")


def _draft(form: UploadForm, items: list[Item]) -> Draft:
    if not items:
        raise ValidationError("Please choose at least one photo.")
    if form.visibility.upper() not in Visibility.__members__:
        raise ValidationError("Please choose who sees the post.")
    return Draft(
        text=form.caption.replace("\r\n", "\n"),
        media_ids=[item.media_id for item in items if item.media_id is not None],
        visibility=Visibility[form.visibility.upper()],
        sensitive=form.sensitive,
        spoiler_text=form.warning.strip(),
        key=form.key[:64],
    )


async def _items(request: Request, body: Given, viewer: int) -> list[Item]:
    """The photos of the form in order; files are taken in, alt texts of those that are there already are set."""
    uploads = product_of(request).uploads
    found: list[Item] = []
    for number in range(MAX_PHOTOS):
        alt, sent = _text(body, f"alt{number}"), _text(body, f"media{number}")
        if file := body.files.get(f"photo{number}"):
            try:
                found.append(Item(alt, await uploads.receive(viewer, file, alt or None)))
            except ValidationError as error:
                found.append(Item(alt, None, error.message))
        elif sent and not _text(body, f"drop{number}"):
            found.append(await _described(uploads, viewer, sent, alt))
    return found


async def _described(uploads: Uploads, viewer: int, sent: str, alt: str) -> Item:
    try:
        photo = await uploads.describe(viewer, ids.parse(sent) or 0, alt, None)
    except ValidationError as error:
        return Item(alt, ids.parse(sent), error.message)
    except NotFoundError:
        return Item(alt, None, LOST)
    return Item(alt, photo.id)


async def _finished(request: Request, viewer: int, items: list[Item]) -> list[Item]:
    """The same photos when they have been decoded, or after a while."""
    until = time.monotonic() + PATIENCE_S
    return [await _decoded(request, viewer, item, until) for item in items]


async def _decoded(request: Request, viewer: int, item: Item, until: float) -> Item:
    if item.media_id is None:
        return item
    uploads = product_of(request).uploads
    photo = await uploads.get(viewer, item.media_id)
    while photo.state == "waiting" and time.monotonic() < until:
        await asyncio.sleep(POLL_S)
        photo = await uploads.get(viewer, item.media_id)
    if photo.state == "failed":
        return Item(item.alt, None, photo.problem)
    problem = item.problem or (STILL_WAITING if photo.state == "waiting" else "")
    return Item(item.alt, photo.id, problem, _preview(request, photo))


@page_post("/upload/photos")
async def send_photo(request: Request) -> Response[bytes]:
    """For the script: take one photo; its state."""
    try:
        async with given(request, ["photo"]) as body:
            _check(request, body)
            viewer = who(request)
            if "photo" not in body.files:
                raise ValidationError("A photo was expected.")
            media_id = await product_of(request).uploads.receive(viewer, body.files["photo"])
    except HeliographError as error:
        return _as_json(PhotoState("", "failed", error.message, None), status_of(error))
    await product_of(request).outbox.hint()
    return _as_json(PhotoState(str(media_id), "waiting", "", None))


@page_get("/upload/photos/{media_id:str}")
async def photo_state(request: Request, media_id: FromPath[str]) -> Response[bytes]:
    """For the script: the state of a photo that was sent."""
    photo = await product_of(request).uploads.get(who(request), id_in(media_id))
    return _as_json(PhotoState(str(photo.id), photo.state, photo.problem, _preview(request, photo)))


def _as_json(state: PhotoState, status: int = 200) -> Response[bytes]:
    headers = {"Cache-Control": "no-store"}
    return Response(msgspec.json.encode(state), status_code=status, headers=headers, media_type="application/json")


def _preview(request: Request, photo: Photo) -> str | None:
    address = media(photo.attachment, request.app.state.addresses).preview_url
    return str(request.app.state.templates.near(address)) if address else None


def _check(request: Request, body: Given) -> None:
    csrf.check(request, _text(body, csrf.FIELD) or request.headers.get(csrf.HEADER, ""))


def _text(body: Given, name: str) -> str:
    value: Any = body.fields.get(name)
    return value if isinstance(value, str) else ""


async def _form(
    request: Request, form: UploadForm, items: list[Item], problem: str = "", status: int = 200
) -> Response[str]:
    kept = form if form.key else msgspec.structs.replace(form, key=secrets.token_urlsafe(16))
    return await shown(
        request,
        "upload.html",
        status,
        form=kept,
        items=items,
        problem=problem,
        most_photos=MAX_PHOTOS,
        most_characters=MAX_CHARACTERS,
        most_alt=MAX_DESCRIPTION,
    )


ROUTES = [upload_page, publish, send_photo, photo_state]
