"""/api/v1/apps: registration of client applications."""

import msgspec
from litestar import Response

from heliograph.base.errors import UnauthenticatedError
from heliograph.web.access import OPEN, app, identity, product_of
from heliograph.web.api.oauth import NO_STORE
from heliograph.web.entities import oauth as entities
from heliograph.web.entities.oauth import ApplicationEntity, CredentialApplicationEntity
from heliograph.web.parameters import fields
from heliograph.web.peers import client_address
from heliograph.web.request import Request
from heliograph.web.routes import api_get, api_post, as_json


class AppForm(msgspec.Struct, frozen=True):
    """The parameters of a registration."""

    client_name: str = ""
    redirect_uris: str | list[str] = ""
    scopes: str = ""
    website: str | None = None


@api_post("/api/v1/apps", OPEN, CredentialApplicationEntity, form=AppForm)
async def register(request: Request) -> Response[bytes]:
    """Register an app; its secret is told this once."""
    form, product = await fields(request, AppForm), product_of(request)
    await product.rate_limits.register_app(client_address(request))
    uris = [form.redirect_uris] if isinstance(form.redirect_uris, str) else form.redirect_uris
    made, secret = await product.apps.register(form.client_name, uris, form.scopes, form.website)
    return as_json(msgspec.json.encode(entities.credential_application(made, secret)), headers=NO_STORE)


@api_get("/api/v1/apps/verify_credentials", app(), ApplicationEntity)
async def verify_credentials(request: Request) -> Response[bytes]:
    """The app that a token was given to."""
    who = identity(request)
    found = await product_of(request).apps.get(who.app_id) if who and who.app_id else None
    if found is None:
        raise UnauthenticatedError
    return as_json(msgspec.json.encode(entities.application(found)))


ROUTES = [register, verify_credentials]
