"""/api/v1/media and /api/v2/media: upload, look, describe; and the photos themselves under /media/."""

import asyncio
import contextlib
import time

import msgspec
from litestar import Response, get
from litestar.params import FromPath
from litestar.response import Stream

from heliograph.base import ids
from heliograph.base.errors import InvalidInputError, NotFoundError, StoreUnavailableError, ValidationError
from heliograph.domain.media.names import is_variant_name
from heliograph.domain.media.uploads import Photo
from heliograph.stores.objects import IMMUTABLE
from heliograph.web import ranges
from heliograph.web.access import OPEN, product_of, user, viewer
from heliograph.web.entities.media import MediaEntity, media
from heliograph.web.parameters import Given, given
from heliograph.web.request import Request
from heliograph.web.routes import api_get, api_post, api_put, as_json

# v1 clients expect a finished photo in the answer: they are kept waiting this long at most.
V1_PATIENCE_S = 30.0
V1_POLL_S = 0.1


class MediaForm(msgspec.Struct, frozen=True):
    """The parameters of an upload besides its file."""

    description: str | None = None
    focus: str | None = None


def focus_of(text: str | None) -> tuple[float, float] | None:
    """A focal point from `x,y`, each from -1 to 1. Raises InvalidInputError."""
    if not text:
        return None
    try:
        x, y = (float(part) for part in text.split(","))
    except ValueError:
        x = y = 2.0
    if not (-1 <= x <= 1 and -1 <= y <= 1):
        raise InvalidInputError(f"focus = {text[:40]!r}: expected two numbers from -1 to 1, as in 0.2,-0.5")
    return x, y


def _media_id(text: str) -> int:
    ident = ids.parse(text)
    if ident is None:
        raise NotFoundError
    return ident


async def _receive(request: Request) -> int:
    async with given(request, ["file"]) as body:
        if "file" not in body.files:
            raise ValidationError("Validation failed: file is missing; expected a photo as multipart/form-data")
        return await _store(request, body)


async def _store(request: Request, body: Given) -> int:
    form = body.to(MediaForm)
    product = product_of(request)
    focus = focus_of(form.focus) or (0.0, 0.0)
    media_id = await product.uploads.receive(viewer(request), body.files["file"], form.description, focus)
    await product.outbox.hint()
    return media_id


def _entity(request: Request, photo: Photo) -> bytes:
    return msgspec.json.encode(media(photo.attachment, request.app.state.addresses))


@api_post("/api/v2/media", user("write:media"), MediaEntity, status=202, form=MediaForm, files=["file"])
async def upload(request: Request) -> Response[bytes]:
    """Upload a photo. 202: it is being processed; ask `GET /api/v1/media/:id` until that says 200."""
    media_id = await _receive(request)
    photo = await product_of(request).uploads.get(viewer(request), media_id)
    return as_json(_entity(request, photo), status=202)


@api_post(
    "/api/v1/media", user("write:media"), MediaEntity, form=MediaForm, files=["file"], pending=[202], deprecated=True
)
async def upload_and_wait(request: Request) -> Response[bytes]:
    """Upload a photo and wait until it has been processed."""
    product, who = product_of(request), viewer(request)
    media_id = await _receive(request)
    until = time.monotonic() + V1_PATIENCE_S
    photo = await product.uploads.get(who, media_id)
    while photo.state == "waiting" and time.monotonic() < until:
        await asyncio.sleep(V1_POLL_S)
        photo = await product.uploads.get(who, media_id)
    return _finished(request, photo, waiting=202)


@api_get("/api/v1/media/{media_id:str}", user("write:media"), MediaEntity, pending=[206])
async def look(request: Request, media_id: FromPath[str]) -> Response[bytes]:
    """An upload of yours: 206 while it is being processed, 200 when it is ready, 422 when it could not be decoded."""
    photo = await product_of(request).uploads.get(viewer(request), _media_id(media_id))
    return _finished(request, photo, waiting=206)


def _finished(request: Request, photo: Photo, waiting: int) -> Response[bytes]:
    if photo.state == "failed":
        raise ValidationError(photo.problem)
    return as_json(_entity(request, photo), status=waiting if photo.state == "waiting" else 200)


@api_put("/api/v1/media/{media_id:str}", user("write:media"), MediaEntity, form=MediaForm, pending=[206])
async def describe(request: Request, media_id: FromPath[str]) -> Response[bytes]:
    """Change alt text or focal point."""
    product = product_of(request)
    async with given(request) as body:
        form = body.to(MediaForm)
    photo = await product.uploads.describe(viewer(request), _media_id(media_id), form.description, focus_of(form.focus))
    if photo.post_id is not None:
        # The outbox sees to it if the cache is away.
        with contextlib.suppress(StoreUnavailableError):
            await product.posts.refresh(photo.post_id)
    return _finished(request, photo, waiting=206)


@get("/media/{name:path}", opt={"access": OPEN}, include_in_schema=False)
async def photo_file(request: Request, name: FromPath[str]) -> Response[bytes] | Stream:
    """A variant of a photo. Its address never changes its content, so everybody may keep it for ever."""
    objects = product_of(request).stores.objects
    stored = f"media/{name.lstrip('/')}"
    if not is_variant_name(stored):
        raise NotFoundError
    info = await objects.head(stored)
    headers = request.headers
    wanted = ranges.Wanted(
        range=headers.get("range"),
        if_range=headers.get("if-range"),
        if_none_match=headers.get("if-none-match"),
        if_modified_since=headers.get("if-modified-since"),
    )
    answer = ranges.answer(wanted, info.size, info.etag, info.last_modified)
    sent = answer.headers | {"Cache-Control": IMMUTABLE, "Content-Security-Policy": "default-src 'none'; sandbox"}
    if answer.status in (304, 416):
        return Response(b"", status_code=answer.status, headers=sent, media_type=info.content_type)
    opened = await objects.get(stored, (answer.start, answer.stop) if answer.status == 206 else None)
    sent["Content-Length"] = str(answer.stop - answer.start)
    return Stream(opened.chunks, status_code=answer.status, headers=sent, media_type=info.content_type)


ROUTES = [upload, upload_and_wait, look, describe, photo_file]
