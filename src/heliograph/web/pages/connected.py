"""The apps that one has let in: what each may do, and how to show it the door."""

import msgspec
from litestar import Response

from heliograph.base import ids
from heliograph.base.errors import NotFoundError
from heliograph.domain.accounts.connected import ConnectedApp
from heliograph.web import audit
from heliograph.web.access import product_of, viewer_or_none
from heliograph.web.pages.authorize import MEANINGS
from heliograph.web.pages.forms import checked, form_page, go, page_get, page_post, who
from heliograph.web.pages.sessions import log_in_address
from heliograph.web.request import Request

ADDRESS = "/auth/apps"


class AppForm(msgspec.Struct, frozen=True):
    """Which app is to go."""

    app: str = ""


@page_get(ADDRESS)
async def apps_page(request: Request) -> Response[str]:
    """The list."""
    if viewer_or_none(request) is None:
        return go(log_in_address(request))
    found = await product_of(request).connected.of(who(request))
    return form_page(request, "apps.html", apps=[(each, _meanings(each)) for each in found])


@page_post(f"{ADDRESS}/end")
async def end_app(request: Request) -> Response[str]:
    """Take an app's access away."""
    form = await checked(request, AppForm)
    app_id = ids.parse(form.app)
    if app_id is None or not await product_of(request).connected.end(who(request), app_id):
        raise NotFoundError
    audit.note(request, "app.ended", app=app_id)
    return go(ADDRESS)


def _meanings(app: ConnectedApp) -> list[str]:
    return [MEANINGS.get(scope, scope) for scope in app.scopes]


ROUTES = [apps_page, end_app]
