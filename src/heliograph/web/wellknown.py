"""How others find somebody here by their handle: WebFinger (RFC 7033) and host-meta (RFC 6415).

Nobody federates with this site; clients, and sites that only look, ask all the same.
"""

from typing import Any
from xml.etree import ElementTree as ET

import msgspec
from litestar import Response

from heliograph.base.errors import InvalidInputError, NotFoundError
from heliograph.domain.accounts.account import Account
from heliograph.web.access import OPEN, product_of
from heliograph.web.addresses import RequestAddresses
from heliograph.web.request import Request
from heliograph.web.routes import api_get

JRD = "application/jrd+json"
XRD = "application/xrd+xml"
XRD_NAMESPACE = "http://docs.oasis-open.org/ns/xri/xrd-1.0"
PROFILE_PAGE = "http://webfinger.net/rel/profile-page"
AVATAR = "http://webfinger.net/rel/avatar"
UPDATES = "http://schemas.google.com/g/2010#updates-from"
KEPT = {"Cache-Control": "public, max-age=600"}
_IMAGE_TYPES = {"webp": "image/webp", "jpg": "image/jpeg", "png": "image/png"}


@api_get("/.well-known/webfinger", OPEN, include_in_schema=False)
async def webfinger(request: Request) -> Response[bytes]:
    """Who `resource` is: `acct:name@host`, or the address of a profile."""
    query, addresses = request.query_params, request.app.state.addresses
    resource = query.get("resource", "").strip()
    if not resource:
        raise InvalidInputError("resource: expected acct:name@host, or the address of a profile")
    account = await product_of(request).profiles.by_username(_name_in(resource, addresses))
    rels = query.getall("rel", [])
    body = {
        "subject": f"acct:{account.username}@{addresses.domain}",
        "aliases": [addresses.profile(account.username)],
        "links": [link for link in _links(account, addresses) if not rels or link["rel"] in rels],
    }
    return Response(msgspec.json.encode(body), headers=KEPT, media_type=JRD)


def _name_in(resource: str, addresses: RequestAddresses) -> str:
    """The user name that `resource` means, if it is one of this site. Raises NotFoundError."""
    if path := addresses.path(resource):
        if not path.startswith("/@"):
            raise NotFoundError
        return path.removeprefix("/@").rstrip("/")
    scheme, _, rest = resource.partition(":")
    handle = rest if scheme.lower() == "acct" else resource
    name, _, domain = handle.removeprefix("@").partition("@")
    here = {host.lower() for host in (addresses.domain, addresses.own.partition("://")[2])}
    if domain.lower() not in here:
        raise NotFoundError
    return name


def _links(account: Account, addresses: RequestAddresses) -> list[dict[str, str]]:
    profile, avatar = addresses.profile(account.username), addresses.avatar(account.avatar)
    kind = _IMAGE_TYPES.get(avatar.rpartition(".")[2], "image/*")
    return [
        {"rel": PROFILE_PAGE, "type": "text/html", "href": profile},
        {"rel": AVATAR, "type": kind, "href": avatar},
        {"rel": UPDATES, "type": "application/atom+xml", "href": f"{profile}.atom"},
    ]


@api_get("/.well-known/host-meta", OPEN, include_in_schema=False)
async def host_meta(request: Request) -> Response[bytes]:
    """Where WebFinger is: XML, or JSON for whom that suits better."""
    if "json" in request.headers.get("accept", ""):
        return _host_meta_json(request)
    root = ET.Element("XRD", {"xmlns": XRD_NAMESPACE})
    ET.SubElement(root, "Link", _template(request))
    body: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    headers = KEPT | {"Vary": "Accept"}
    return Response(body, headers=headers, media_type=f"{XRD}; charset=utf-8")


@api_get("/.well-known/host-meta.json", OPEN, include_in_schema=False)
async def host_meta_json(request: Request) -> Response[bytes]:
    """The same as JSON."""
    return _host_meta_json(request)


def _host_meta_json(request: Request) -> Response[bytes]:
    body: dict[str, Any] = {"links": [_template(request)]}
    return Response(msgspec.json.encode(body), headers=KEPT | {"Vary": "Accept"}, media_type="application/json")


def _template(request: Request) -> dict[str, str]:
    address = f"{request.app.state.addresses.base}/.well-known/webfinger?resource={{uri}}"
    return {"rel": "lrdd", "type": JRD, "template": address}


ROUTES = [webfinger, host_meta, host_meta_json]
