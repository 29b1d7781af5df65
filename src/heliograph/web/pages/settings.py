"""One's own profile: name, words about oneself, pictures."""

import asyncio

import msgspec
from litestar import Response
from msgspec import UNSET

from heliograph.base.errors import ValidationError
from heliograph.domain.accounts.account import DISPLAY_NAME_MAX, NOTE_MAX, ProfileChanges
from heliograph.domain.media.portraits import AVATAR_PX, HEADER_PX
from heliograph.web import csrf
from heliograph.web.access import product_of, viewer_or_none
from heliograph.web.pages.forms import Problems, go, page_get, page_post
from heliograph.web.pages.shown import log_in_first, shown
from heliograph.web.parameters import Given, given
from heliograph.web.request import Request

ADDRESS = "/settings/profile"
WIDTHS_PX = {"avatar": AVATAR_PX, "header": HEADER_PX}


class ProfileForm(msgspec.Struct, frozen=True):
    """The fields of the form besides its pictures. A switch or a choice that is not in it (None) stays as it is."""

    display_name: str = ""
    note: str = ""
    locked: bool | None = None
    discoverable: bool | None = None
    hide_collections: bool | None = None
    bot: bool | None = None
    default_visibility: int | None = None
    default_sensitive: bool | None = None


SWITCHES = ("locked", "discoverable", "hide_collections", "bot", "default_visibility", "default_sensitive")


@page_get(ADDRESS)
async def profile_settings(request: Request) -> Response[str]:
    """The form."""
    viewer = viewer_or_none(request)
    if viewer is None:
        return log_in_first(request, ADDRESS)
    account = await product_of(request).profiles.get(viewer)
    switches = {name: getattr(account, name) for name in SWITCHES}
    return await _form(request, ProfileForm(account.display_name, account.note, **switches), {})


@page_post(ADDRESS)
async def change_profile(request: Request) -> Response[str]:
    """Change what was changed, and show the profile."""
    viewer = viewer_or_none(request)
    if viewer is None:
        return log_in_first(request, ADDRESS)
    form, made = ProfileForm(), dict[str, str]()
    try:
        async with given(request, WIDTHS_PX) as body:
            csrf.check(request, str(body.fields.get(csrf.FIELD, "")))
            form = body.to(ProfileForm)
            await _pictures(request, viewer, body, made)
            username = await _change(request, viewer, form, made)
    except BaseException as error:
        # Nobody will ever ask for a picture whose profile was refused.
        await asyncio.shield(product_of(request).portraits.drop(viewer, set(made.values())))
        if not isinstance(error, ValidationError):
            raise
        return await _form(request, form, error.details, error.message)
    return go(f"/@{username}")


async def _change(request: Request, viewer: int, form: ProfileForm, pictures: dict[str, str]) -> str:
    product = product_of(request)
    switches = {name: given for name in SWITCHES if (given := getattr(form, name)) is not None}
    changes = ProfileChanges(
        display_name=form.display_name,
        note=form.note,
        avatar=pictures.get("avatar", UNSET),
        header=pictures.get("header", UNSET),
        **switches,
    )
    account = await product.profiles.update(viewer, changes)
    return account.username


async def _pictures(request: Request, viewer: int, body: Given, made: dict[str, str]) -> None:
    """Put the names of the new pictures into `made`. Raises ValidationError, which names the field."""
    for field, width_px in WIDTHS_PX.items():
        if field in body.files:
            try:
                portraits = product_of(request).portraits
                made[field] = await portraits.make(viewer, body.files[field], width_px)
            except ValidationError as error:
                raise ValidationError(error.message, {field: [("ERR_INVALID", error.message)]}) from error


async def _form(request: Request, form: ProfileForm, problems: Problems, message: str = "") -> Response[str]:
    return await shown(
        request,
        "settings_profile.html",
        422 if message else 200,
        form=form,
        problems=problems,
        message="" if problems else message,
        most_name=DISPLAY_NAME_MAX,
        most_note=NOTE_MAX,
    )


ROUTES = [profile_settings, change_profile]
