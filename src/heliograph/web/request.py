"""The type of a request to this app, and what became of it before it is one."""

from typing import Any

import litestar

Request = litestar.Request[Any, Any, Any]

_FAILED = "heliograph.failed"


def failed(scope: Any, error: Exception) -> None:
    """Remember that a request has failed before it came to the framework, which makes answers of errors."""
    scope[_FAILED] = error


def raise_what_failed(request: Request) -> None:
    """Raise the error that `failed` was told of."""
    error: Any = request.scope.get(_FAILED)
    if error is not None:
        raise error
