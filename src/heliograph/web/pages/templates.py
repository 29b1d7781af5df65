"""Renders Jinja templates with what every page needs: the site, who looks, the form token."""

from typing import Any

import jinja2
from litestar import Response
from markupsafe import Markup

from heliograph.base.settings import Settings
from heliograph.web import access, csrf
from heliograph.web.addresses import RequestAddresses
from heliograph.web.pages import assets, pictures, words
from heliograph.web.request import Request


class Templates:
    """The site's templates. Everything is escaped unless it says otherwise."""

    def __init__(self, settings: Settings, addresses: RequestAddresses) -> None:
        self._addresses = addresses
        self._environment = jinja2.Environment(
            loader=jinja2.PackageLoader("heliograph.web", "templates"),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.globals |= {
            "site": settings,
            "addresses": addresses,
            "asset": assets.address,
            "csrf_token": csrf.token,
            "viewer_of": access.viewer_or_none,
            "counted": words.counted,
        }
        self._environment.filters |= {
            "near": self.near,
            "near_all": self._near_all,
            "markup": self._markup,
            "ago": words.ago,
            "whole": words.whole,
            "short": words.short,
            "colour": pictures.colour,
            "haze": pictures.haze,
            "srcset": pictures.srcset,
            "smallest": pictures.smallest,
            "focus": pictures.focus,
            "shape": pictures.shape,
        }

    def near(self, address: str) -> str:
        """An address of this site without the site: a page stays where it was reached, whatever the public address is."""
        return address.removeprefix(self._addresses.own).removeprefix(self._addresses.base) or "/"

    def _near_all(self, addresses: str) -> str:
        return addresses.replace(f"{self._addresses.own}/", "/")

    def _markup(self, content: str) -> Markup:
        """`content` of an entity: HTML that domain/posts/text.py has made and sanitised."""
        return Markup(content.replace(f'href="{self._addresses.own}/', 'href="/'))  # noqa: S704 -- sanitised where it was made

    def render(self, request: Request, name: str, **values: Any) -> str:
        """The page `name` for `request`."""
        return self._environment.get_template(name).render(request=request, **values)

    def page(self, request: Request, name: str, status: int = 200, **values: Any) -> Response[str]:
        """The page `name` as an answer that no shared cache may keep."""
        return Response(
            self.render(request, name, **values),
            status_code=status,
            media_type="text/html",
            headers={"Cache-Control": "private, no-store"},
        )
