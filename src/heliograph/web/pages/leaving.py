"""Taking all of one's own along, and leaving: both ask for the password, whoever found the browser open."""

import msgspec
from litestar import Response
from litestar.response import Stream

from heliograph.base import clock
from heliograph.domain.accounts.credentials import WrongPasswordError
from heliograph.domain.accounts.problems import Problem
from heliograph.domain.leaving.export import Links, Progress
from heliograph.web import audit, csrf
from heliograph.web.access import product_of, viewer_or_none
from heliograph.web.pages.forms import checked, form_page, go, page_get, page_post, who
from heliograph.web.pages.sessions import log_in_address
from heliograph.web.peers import client_address
from heliograph.web.request import Request

ADDRESS = "/settings/account"
EXPORT = f"{ADDRESS}/export"
DELETE = f"{ADDRESS}/delete"


class ExportForm(msgspec.Struct, frozen=True):
    """The password, for the download."""

    export_password: str = ""


class DeleteForm(msgspec.Struct, frozen=True):
    """The password, for the end."""

    delete_password: str = ""


@page_get(ADDRESS)
async def account_settings(request: Request) -> Response[str]:
    """Both forms."""
    if viewer_or_none(request) is None:
        return go(log_in_address(request))
    return form_page(request, "settings_account.html")


@page_post(EXPORT)
async def export(request: Request) -> Response[str] | Stream:
    """The zip, as it is being made."""
    form = await checked(request, ExportForm)
    account_id = await _proven(request, form.export_password)
    if account_id is None:
        return _wrong(request, "export_password")
    product, addresses = product_of(request), request.app.state.addresses
    username = (await product.profiles.get(account_id)).username
    links = Links(addresses.domain, addresses.post_by_id, addresses.profile)
    name = f"{username}-{clock.now():%Y-%m-%d}.zip"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    audit.note(request, "account.exported")
    chunks = product.export.of(account_id, links, Progress())
    return Stream(chunks, status_code=200, headers=headers, media_type="application/zip")


@page_post(DELETE)
async def delete(request: Request) -> Response[str]:
    """The end of the account, and of this session with it."""
    form = await checked(request, DeleteForm)
    account_id = await _proven(request, form.delete_password)
    if account_id is None:
        return _wrong(request, "delete_password")
    product = product_of(request)
    await product.departure.delete(account_id)
    audit.note(request, "account.deleted")
    await product.outbox.hint()
    return csrf.left(request, form_page(request, "notice.html", heading="Your account is deleted", message=_GONE))


async def _proven(request: Request, password: str) -> int | None:
    """Who is logged in, if `password` is theirs; None when it is not. Raises LoginRequiredError, RateLimitedError."""
    product, account_id = product_of(request), who(request)
    await product.rate_limits.log_in(client_address(request), str(account_id))
    try:
        await product.credentials.prove(account_id, password)
    except WrongPasswordError:
        audit.note(request, "password.refused")
        return None
    return account_id


def _wrong(request: Request, field: str) -> Response[str]:
    wrong: Problem = ("ERR_INVALID", "is not right")
    return form_page(request, "settings_account.html", 422, problems={field: [wrong]})


_GONE = "Nobody sees you or your photos here any more, and what you had is being removed. Farewell."

ROUTES = [account_settings, export, delete]
