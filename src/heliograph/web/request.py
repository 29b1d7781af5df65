"""The type of a request to this app."""

from typing import Any

import litestar

Request = litestar.Request[Any, Any, Any]
