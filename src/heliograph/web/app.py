"""The ASGI application: routes, guard, errors, OpenAPI document, envelope."""

from collections.abc import Sequence
from typing import Any

from litestar import Litestar
from litestar.datastructures import State
from litestar.exceptions import HTTPException
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, OAuthFlow, OAuthFlows, SecurityScheme
from litestar.types import ASGIApp

from heliograph import __version__
from heliograph.base.errors import HeliographError
from heliograph.base.proxies import Proxies
from heliograph.domain.product import Product
from heliograph.web import problems
from heliograph.web.addresses import RequestAddresses
from heliograph.web.envelope import Envelope
from heliograph.web.holding import Holding
from heliograph.web.hot import HotHome
from heliograph.web.origin import Origins
from heliograph.web.pages.templates import Templates
from heliograph.web.rates import Rates
from heliograph.web.table import ROUTES


def create_app(product: Product) -> ASGIApp:
    """The application that serves `product`."""
    addresses = RequestAddresses(product.settings)
    proxies = Proxies.parse(product.settings.trusted_proxies)
    rates = Rates(product.rate_limits, proxies)
    app = framework_app(product, addresses, proxies, rates, ROUTES)
    hot = HotHome(app, product, addresses, rates)
    held = Holding(hot, product.stores.valkey, product.settings.database_pool)
    return Envelope(held, addresses, Origins(product.settings), rates)


def framework_app(
    product: Product, addresses: RequestAddresses, proxies: Proxies, rates: Rates, routes: Sequence[Any]
) -> Litestar:
    """The application without its envelope."""
    templates = Templates(product.settings, addresses)
    state = {
        "product": product,
        "addresses": addresses,
        "templates": templates,
        "proxies": proxies,
        "backlog": product.backlog,
    }
    return Litestar(
        route_handlers=routes,
        before_request=rates.admit,
        exception_handlers={
            HeliographError: problems.on_error,
            HTTPException: problems.on_http_error,
            Exception: problems.on_bug,
        },
        openapi_config=_openapi(product, addresses),
        state=State(state),
        # Bodies are bounded where they are read: text in web/parameters.py, photos by the settings.
        request_max_body_size=None,
        logging_config=None,
    )


def _openapi(product: Product, addresses: RequestAddresses) -> OpenAPIConfig:
    flows = OAuthFlows(
        authorization_code=OAuthFlow(
            authorization_url=f"{addresses.base}/oauth/authorize",
            token_url=f"{addresses.base}/oauth/token",
            scopes={"read": "Read everything", "write": "Change everything", "follow": "Follow and unfollow"},
        ),
        client_credentials=OAuthFlow(token_url=f"{addresses.base}/oauth/token", scopes={"read": "Read what is public"}),
    )
    return OpenAPIConfig(
        title=product.settings.site_name,
        version=__version__,
        description="The Mastodon client API, as far as Heliograph has it.",
        use_handler_docstrings=True,
        components=Components(security_schemes={"oauth2": SecurityScheme(type="oauth2", flows=flows)}),
        # The framework's pages load their scripts from elsewhere, so only the JSON is taken; the page is our own.
        path="/docs/schema",
        render_plugins=[JsonRenderPlugin()],
    )
