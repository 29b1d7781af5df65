"""POST /api/v1/accounts: sign-up through an app."""

import msgspec
from litestar import Response

from heliograph.base.errors import UnauthenticatedError
from heliograph.domain.accounts.registration import SignUp
from heliograph.web import audit
from heliograph.web.access import app, identity, product_of
from heliograph.web.api.oauth import NO_STORE
from heliograph.web.entities import oauth as entities
from heliograph.web.entities.oauth import TokenEntity
from heliograph.web.parameters import fields
from heliograph.web.peers import client_address
from heliograph.web.request import Request
from heliograph.web.routes import api_post, as_json


class RegistrationForm(msgspec.Struct, frozen=True):
    """The parameters of a sign-up."""

    username: str = ""
    email: str | None = None
    password: str = ""
    agreement: bool = False
    locale: str = "en"
    reason: str | None = None


@api_post("/api/v1/accounts", app("write:accounts"), TokenEntity, form=RegistrationForm)
async def sign_up(request: Request) -> Response[bytes]:
    """Make an account; a token for it, to be used at once where registration is open, else when approved."""
    form, product, who = await fields(request, RegistrationForm), product_of(request), identity(request)
    through = await product.apps.get(who.app_id) if who and who.app_id else None
    if through is None:
        raise UnauthenticatedError
    wish = SignUp(
        username=form.username,
        email=form.email,
        password=form.password,
        agreement=form.agreement,
        locale=form.locale,
        reason=form.reason or "",
    )
    product.registration.check(wish)
    await product.rate_limits.sign_up(client_address(request))
    made = await product.registration.sign_up(wish)
    audit.note(request, "sign_up", made.account_id, state=made.state)
    issued = await product.tokens.issue(made.account_id, through.id, through.scopes)
    return as_json(msgspec.json.encode(entities.token(issued)), headers=NO_STORE)


ROUTES = [sign_up]
