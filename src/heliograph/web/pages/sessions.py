"""Log-in, log-out, and the list of one's sessions."""

from urllib.parse import urlencode

import msgspec
from litestar import Response

from heliograph.base.errors import ForbiddenError, NotFoundError, RateLimitedError
from heliograph.domain.accounts.credentials import WrongPasswordError
from heliograph.web import audit, csrf
from heliograph.web.access import product_of, session_cookie, viewer_or_none
from heliograph.web.pages.forms import (
    LOG_IN,
    checked,
    form_page,
    go,
    local,
    page_get,
    page_post,
    wait_words,
    who,
)
from heliograph.web.peers import client_address
from heliograph.web.request import Request

# The server decides when a session ends; browsers keep a cookie for 400 days at most.
COOKIE_S = 400 * 24 * 3600


class LogInForm(msgspec.Struct, frozen=True):
    """What a log-in says."""

    name: str = ""
    password: str = ""
    next: str = "/"


class SessionForm(msgspec.Struct, frozen=True):
    """Which session is to end."""

    handle: str = ""


def log_in_address(request: Request) -> str:
    """Where to log in, and come back to what was asked for."""
    query = request.url.query
    return f"{LOG_IN}?{urlencode({'next': request.url.path + (f'?{query}' if query else '')})}"


async def logged_in(request: Request, account_id: int, address: str) -> Response[str]:
    """Start a session for this browser, in place of the one that it came with, and go to `address`."""
    agent = request.headers.get("user-agent", "")
    name = session_cookie(request)
    cookie = await product_of(request).sessions.start(account_id, agent, request.cookies.get(name))
    response = go(local(address))
    response.set_cookie(csrf.private_cookie(request, name, cookie, COOKIE_S))
    return response


@page_get(LOG_IN)
async def log_in_page(request: Request) -> Response[str]:
    """The form."""
    address = local(request.query_params.get("next", "/"))
    if viewer_or_none(request) is not None and "again" not in request.query_params:
        return go(address)
    return form_page(request, "log_in.html", form=LogInForm(next=address), message="")


@page_post(LOG_IN)
async def log_in(request: Request) -> Response[str]:
    """Check name and password; the form again when they are wrong."""
    form, product = await checked(request, LogInForm), product_of(request)
    try:
        await product.rate_limits.log_in(client_address(request), form.name)
        account_id = await product.credentials.log_in(form.name.strip(), form.password)
    except WrongPasswordError:
        audit.note(request, "log_in.refused", reason="name or password")
        return _refused(request, form, 401, "That name and password do not belong together.")
    except ForbiddenError as error:
        audit.note(request, "log_in.refused", reason="shut out")
        return _refused(request, form, 403, error.message)
    except RateLimitedError as error:
        audit.note(request, "log_in.refused", reason="too many tries")
        return _refused(request, form, 429, wait_words(error), {"Retry-After": str(error.retry_after_s)})
    audit.note(request, "log_in", account_id, by="password")
    return await logged_in(request, account_id, form.next)


def _refused(
    request: Request, form: LogInForm, status: int, message: str, headers: dict[str, str] | None = None
) -> Response[str]:
    shown = msgspec.structs.replace(form, password="", next=local(form.next))
    return form_page(request, "log_in.html", status, headers, form=shown, message=message)


@page_post("/auth/sign_out")
async def log_out(request: Request) -> Response[str]:
    """End this browser's session."""
    await checked(request, SessionForm)
    audit.note(request, "log_out")
    await product_of(request).sessions.end(request.cookies.get(session_cookie(request), ""))
    return csrf.left(request, go("/"))


@page_get("/auth/sessions")
async def sessions_page(request: Request) -> Response[str]:
    """Where one is logged in."""
    if viewer_or_none(request) is None:
        return go(log_in_address(request))
    sessions = await product_of(request).sessions.of(who(request), request.cookies.get(session_cookie(request)))
    return form_page(request, "sessions.html", sessions=sessions)


@page_post("/auth/sessions/end")
async def end_session(request: Request) -> Response[str]:
    """End one of one's sessions."""
    form = await checked(request, SessionForm)
    if not await product_of(request).sessions.end_by_handle(who(request), form.handle):
        raise NotFoundError
    audit.note(request, "session.ended")
    return go("/auth/sessions")


ROUTES = [log_in_page, log_in, log_out, sessions_page, end_session]
