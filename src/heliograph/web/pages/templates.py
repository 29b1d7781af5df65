"""Renders Jinja templates with what every page needs: the site, who looks, the form token."""

from typing import Any

import jinja2
from litestar import Response

from heliograph.base.settings import Settings
from heliograph.web.addresses import Addresses
from heliograph.web.request import Request


class Templates:
    """The site's templates. Everything is escaped unless it says otherwise."""

    def __init__(self, settings: Settings, addresses: Addresses) -> None:
        self._environment = jinja2.Environment(
            loader=jinja2.PackageLoader("heliograph.web", "templates"),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.globals |= {"site": settings, "addresses": addresses}

    def render(self, request: Request, name: str, **values: Any) -> str:
        """The page `name` for `request`."""
        return self._environment.get_template(name).render(request=request, **values)

    def page(self, request: Request, name: str, status: int = 200, **values: Any) -> Response[str]:
        """The page `name` as an answer that no shared cache may keep."""
        return Response(
            self.render(request, name, **values),
            status_code=status,
            media_type="text/html; charset=utf-8",
            headers={"Cache-Control": "private, no-store"},
        )
