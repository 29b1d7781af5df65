"""Route decorators of the API: each says its access, what it answers, and appears so in the OpenAPI document."""

from collections.abc import Callable
from typing import Any

from litestar import Response
from litestar.handlers import HTTPRouteHandler, delete, get, patch, post, put
from litestar.openapi.datastructures import ResponseSpec

from heliograph.web.access import Access
from heliograph.web.entities.errors import ErrorEntity
from heliograph.web.operations import taking

JSON = "application/json"
# What `operations.taking` is told.
TAKEN = ("form", "files", "many", "texts")

Route = Callable[[Callable[..., Any]], HTTPRouteHandler]


def _options(access: Access, returns: Any, status: int, more: dict[str, Any]) -> dict[str, Any]:
    """`more` may say what a route takes (see `operations.taking`), how it answers while something is `pending`, and `refusals`.

    Those are by status, beside what every route of its access refuses.
    """
    taken = {name: more.pop(name) for name in TAKEN if name in more}
    if taken:
        more = more | {"operation_class": taking(**taken)}
    responses: dict[int, ResponseSpec] = {
        code: ResponseSpec(ErrorEntity, description=text, generate_examples=False)
        for code, text in (_errors(access) | more.pop("refusals", {})).items()
    }
    if returns is not None:
        responses[status] = ResponseSpec(returns, description="As asked.", generate_examples=False)
    for code in more.pop("pending", ()):
        responses[code] = ResponseSpec(returns, description="Not finished yet; ask again.", generate_examples=False)
    options = {"opt": {"access": access}, "responses": responses, "status_code": status, "media_type": JSON}
    if access.kind in ("user", "app"):
        options["security"] = [{"oauth2": list(access.scopes)}]
    elif access.kind == "anyone":
        options["security"] = [{}, {"oauth2": list(access.scopes)}]
    return options | more


def _errors(access: Access) -> dict[int, str]:
    errors = {400: "A parameter is not usable.", 404: "There is no such thing, or none that you may see."}
    if access.kind != "open":
        errors |= {401: "The access token is invalid.", 403: "The token lacks the scope."}
    return errors | {422: "Validation failed.", 429: "Too many requests.", 503: "A store is away; try again."}


def api_get(path: str | list[str], access: Access, returns: Any = None, **more: Any) -> Route:
    """A GET route."""
    return get(path, **_options(access, returns, 200, more))


def api_post(path: str | list[str], access: Access, returns: Any = None, status: int = 200, **more: Any) -> Route:
    """A POST route."""
    return post(path, **_options(access, returns, status, more))


def api_put(path: str | list[str], access: Access, returns: Any = None, **more: Any) -> Route:
    """A PUT route."""
    return put(path, **_options(access, returns, 200, more))


def api_patch(path: str | list[str], access: Access, returns: Any = None, **more: Any) -> Route:
    """A PATCH route."""
    return patch(path, **_options(access, returns, 200, more))


def api_delete(path: str | list[str], access: Access, returns: Any = None, **more: Any) -> Route:
    """A DELETE route."""
    return delete(path, **_options(access, returns, 200, more))


def as_json(body: bytes, status: int = 200, headers: dict[str, str] | None = None) -> Response[bytes]:
    """Bytes that are JSON already."""
    return Response(body, status_code=status, headers=headers, media_type=JSON)
