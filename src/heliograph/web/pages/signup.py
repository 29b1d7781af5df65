"""Sign-up, and the confirmation of an address."""

import msgspec
from litestar import Response

from heliograph.base.errors import RateLimitedError, ValidationError
from heliograph.domain.accounts.registration import SignUp
from heliograph.web import audit
from heliograph.web.access import product_of, viewer_or_none
from heliograph.web.pages.forms import (
    SECRETIVE,
    Problems,
    checked,
    form_page,
    go,
    local,
    page_get,
    page_post,
    wait_words,
)
from heliograph.web.pages.sessions import logged_in
from heliograph.web.peers import client_address
from heliograph.web.request import Request

SIGN_UP = "/auth/sign_up"


class SignUpForm(msgspec.Struct, frozen=True):
    """What somebody who signs up says."""

    username: str = ""
    email: str = ""
    password: str = ""
    reason: str = ""
    agreement: bool = False
    next: str = "/"


@page_get(SIGN_UP)
async def sign_up_page(request: Request) -> Response[str]:
    """The form, or that the site is closed."""
    address = local(request.query_params.get("next", "/"))
    if viewer_or_none(request) is not None:
        return go(address)
    return _form(request, SignUpForm(next=address), {}, 200)


@page_post(SIGN_UP)
async def sign_up(request: Request) -> Response[str]:
    """Make the account; log in at once where the site is open."""
    form, product = await checked(request, SignUpForm), product_of(request)
    wish = _wish(form)
    try:
        product.registration.check(wish)
        await product.rate_limits.sign_up(client_address(request))
        made = await product.registration.sign_up(wish)
    except ValidationError as error:
        return _form(request, form, error.details, 422)
    except RateLimitedError as error:
        retry = {"Retry-After": str(error.retry_after_s)}
        return _form(request, form, {}, 429, wait_words(error), retry)
    audit.note(request, "sign_up", made.account_id, state=made.state)
    if made.state == "pending":
        return form_page(request, "notice.html", heading="Thank you", message=_WAITING)
    return await logged_in(request, made.account_id, form.next)


@page_get("/auth/confirm")
async def confirm_page(request: Request) -> Response[str]:
    """A button: programs that look at mail open links, and must not use them up."""
    token = request.query_params.get("token", "")
    return form_page(request, "confirm.html", headers=SECRETIVE, token=token)


class TokenForm(msgspec.Struct, frozen=True):
    """What came with a mailed link."""

    token: str = ""


@page_post("/auth/confirm")
async def confirm(request: Request) -> Response[str]:
    """Confirm the address."""
    form = await checked(request, TokenForm)
    if await product_of(request).letters.confirm(form.token) is None:
        return form_page(request, "notice.html", 422, heading="This link is out of date", message=_STALE)
    return form_page(request, "notice.html", heading="Thank you", message="Your e-mail address is confirmed.")


_WAITING = "Your account waits for approval. You can log in as soon as somebody has let you in."
_STALE = "It has been used already, or it is too old. If your address is confirmed, all is well."


def _wish(form: SignUpForm) -> SignUp:
    return SignUp(
        username=form.username,
        email=form.email or None,
        password=form.password,
        agreement=form.agreement,
        reason=form.reason,
    )


def _form(
    request: Request,
    form: SignUpForm,
    problems: Problems,
    status: int,
    message: str = "",
    headers: dict[str, str] | None = None,
) -> Response[str]:
    shown = msgspec.structs.replace(form, password="", next=local(form.next))
    return form_page(request, "sign_up.html", status, headers, form=shown, problems=problems, message=message)


ROUTES = [sign_up_page, sign_up, confirm_page, confirm]
