"""The API's operations as a page, made here from the OpenAPI document: no script, nothing from elsewhere."""

from typing import Any, cast

import msgspec
from litestar import Response, get
from litestar.app import Litestar

from heliograph.web.access import OPEN
from heliograph.web.pages.forms import page_get
from heliograph.web.pages.shown import shown
from heliograph.web.request import Request


class Operation(msgspec.Struct, frozen=True):
    """One operation of the API as the page shows it."""

    method: str
    path: str
    about: str
    token: str
    scopes: list[str]
    parameters: list[tuple[str, str]]
    statuses: list[tuple[str, str]]
    deprecated: bool


@page_get("/docs")
async def docs_page(request: Request) -> Response[str]:
    """The operations, by feature."""
    return await shown(request, "docs.html", groups=_groups(_schema(request.app)))


@get("/docs/openapi.json", opt={"access": OPEN}, include_in_schema=False)
async def openapi(request: Request) -> Response[bytes]:
    """The OpenAPI document."""
    return Response(msgspec.json.encode(_schema(request.app)), media_type="application/json")


def _schema(app: Litestar) -> dict[str, Any]:
    """The document as plain data; made once an app, since that takes a while."""
    made = app.state.get("openapi")
    if made is None:
        made = app.state["openapi"] = app.openapi_schema.to_schema()
    return cast("dict[str, Any]", made)


def _groups(schema: dict[str, Any]) -> dict[str, list[Operation]]:
    groups: dict[str, list[Operation]] = {}
    for path, item in sorted(schema["paths"].items()):
        for method, operation in item.items():
            groups.setdefault(_feature(path), []).append(_operation(path, method, operation))
    return dict(sorted(groups.items()))


def _feature(path: str) -> str:
    """`statuses` of `/api/v1/statuses/{id}`, `oauth` of `/oauth/token`."""
    steps = path.strip("/").split("/")
    return steps[2] if steps[0] == "api" and len(steps) > 2 else steps[0].lstrip(".")


def _operation(path: str, method: str, operation: dict[str, Any]) -> Operation:
    security = operation.get("security") or []
    asked = [entry["oauth2"] for entry in security if "oauth2" in entry]
    token = "" if not asked else "optional" if {} in security else "required"
    return Operation(
        method=method.upper(),
        path=path,
        about=operation.get("description") or operation.get("summary") or "",
        token=token,
        scopes=asked[0] if asked else [],
        parameters=[(each["name"], each.get("description") or "") for each in operation.get("parameters") or []],
        statuses=[(code, each.get("description") or "") for code, each in sorted(operation["responses"].items())],
        deprecated=bool(operation.get("deprecated")),
    )


ROUTES = [docs_page, openapi]
