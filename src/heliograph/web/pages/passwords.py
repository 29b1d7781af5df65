"""Changing one's password, and choosing a new one by a mailed link."""

import msgspec
from litestar import Response

from heliograph.base.errors import ConflictError, ValidationError
from heliograph.domain.accounts.credentials import WrongPasswordError
from heliograph.domain.accounts.problems import Problem
from heliograph.web import audit
from heliograph.web.access import product_of, session_cookie, viewer_or_none
from heliograph.web.pages.forms import SECRETIVE, checked, form_page, go, page_get, page_post, who
from heliograph.web.pages.sessions import log_in_address, logged_in
from heliograph.web.peers import client_address
from heliograph.web.request import Request

CHANGE = "/auth/password"
FORGOTTEN = "/auth/password/new"
RESET = "/auth/password/reset"


class ChangeForm(msgspec.Struct, frozen=True):
    """The password as it is and as it shall be."""

    old: str = ""
    password: str = ""


class ForgottenForm(msgspec.Struct, frozen=True):
    """Where to send a link."""

    email: str = ""


class ResetForm(msgspec.Struct, frozen=True):
    """What came with the link, and the new password."""

    token: str = ""
    password: str = ""


@page_get(CHANGE)
async def change_page(request: Request) -> Response[str]:
    """The form."""
    if viewer_or_none(request) is None:
        return go(log_in_address(request))
    return form_page(request, "password.html")


@page_post(CHANGE)
async def change(request: Request) -> Response[str]:
    """Set the new password; all else that acts as the account ends."""
    form, product, account_id = await checked(request, ChangeForm), product_of(request), who(request)
    await product.rate_limits.log_in(client_address(request), str(account_id))
    try:
        cookie = request.cookies.get(session_cookie(request))
        await product.credentials.change_password(account_id, form.old, form.password, cookie)
    except (WrongPasswordError, ConflictError):
        audit.note(request, "password.refused")
        wrong: Problem = ("ERR_INVALID", "is not your password")
        return form_page(request, "password.html", 422, problems={"old": [wrong]})
    except ValidationError as error:
        return form_page(request, "password.html", 422, problems=error.details)
    await product.outbox.hint()
    audit.note(request, "password.changed", by="password")
    return form_page(request, "notice.html", heading="Your password is changed", message=_ELSEWHERE)


@page_get(FORGOTTEN)
async def forgotten_page(request: Request) -> Response[str]:
    """The form, or whom to ask where the site sends no mail."""
    return form_page(request, "password_forgotten.html", mails=product_of(request).letters.enabled)


@page_post(FORGOTTEN)
async def forgotten(request: Request) -> Response[str]:
    """Send a link. The answer is the same whether or not there is such an address."""
    form, product = await checked(request, ForgottenForm), product_of(request)
    await product.rate_limits.reset(client_address(request), form.email)
    audit.note(request, "password.forgotten")
    await product.letters.request_reset(form.email)
    await product.outbox.hint()
    return form_page(request, "notice.html", heading="Look into your mail", message=_SENT)


@page_get(RESET)
async def reset_page(request: Request) -> Response[str]:
    """The form, if the link can still be used."""
    token = request.query_params.get("token", "")
    if not await product_of(request).letters.can_reset(token):
        return _stale(request)
    return form_page(request, "password_reset.html", headers=SECRETIVE, token=token)


@page_post(RESET)
async def reset(request: Request) -> Response[str]:
    """Set the new password and log in. The link is used up only by a password that is accepted."""
    form, product = await checked(request, ResetForm), product_of(request)
    try:
        account_id = await product.credentials.reset_password(form.token, form.password)
    except ValidationError as error:
        return form_page(request, "password_reset.html", 422, SECRETIVE, token=form.token, problems=error.details)
    if account_id is None:
        return _stale(request)
    await product.outbox.hint()
    audit.note(request, "password.changed", account_id, by="mail")
    return await logged_in(request, account_id, "/")


def _stale(request: Request) -> Response[str]:
    return form_page(request, "notice.html", 422, heading="This link is out of date", message=_STALE)


_ELSEWHERE = "You are logged out everywhere else, and apps have to be connected again."
_SENT = "If an account has this address, a link is on its way. It can be used for an hour."
_STALE = "It has been used already, or it is too old. You can ask for another one."

ROUTES = [change_page, change, forgotten_page, forgotten, reset_page, reset]
