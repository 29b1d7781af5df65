"""The JSON shape of an error."""

import msgspec


class ErrorEntity(msgspec.Struct, frozen=True):
    """What went wrong, in words."""

    error: str
    error_description: str | None = None
    details: dict[str, list[dict[str, str]]] | None = None
