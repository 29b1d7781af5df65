"""What a route takes, for the OpenAPI document: handlers read bodies themselves (`web/parameters.py`), so it is said here."""

from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from typing import Any

import msgspec
from litestar.openapi.spec import OpenAPIMediaType, OpenAPIType, Operation, Parameter, RequestBody, Schema

_REF = "#/$defs/"


def taking(
    form: type | None = None, files: Collection[str] = (), many: Collection[str] = (), texts: Collection[str] = ()
) -> type[Operation]:
    """The kind of operation that takes `form` as its body, `files` in it; lists of ids (`many`), of texts in its query."""
    lists = [*(_list(name, _ID) for name in many), *(_list(name, _TEXT) for name in texts)]

    @dataclass
    class Taking(Operation):
        def __post_init__(self) -> None:
            if form is not None:
                self.request_body = _body(form, files)
            self.parameters = [*(self.parameters or []), *lists] or None

    return Taking


_ID = Schema(type=OpenAPIType.STRING, pattern="^[0-9]{1,19}$")
_TEXT = Schema(type=OpenAPIType.STRING)


def _list(name: str, of: Schema) -> Parameter:
    return Parameter(name=f"{name}[]", param_in="query", schema=Schema(type=OpenAPIType.ARRAY, items=of))


def _body(form: type, files: Collection[str]) -> RequestBody:
    schema = _schema(form)
    with_files = schema | {
        "properties": schema["properties"] | {name: {"type": "string", "format": "binary"} for name in files}
    }
    content = {"multipart/form-data": OpenAPIMediaType(schema=with_files)}  # type: ignore[arg-type]  # plain JSON is taken as it is
    if not files:
        for kind in ("application/json", "application/x-www-form-urlencoded"):
            content[kind] = OpenAPIMediaType(schema=schema)  # type: ignore[arg-type]  # the same
    return RequestBody(content=content, required=False)


@cache
def _schema(form: type) -> dict[str, Any]:
    """The JSON schema of `form`, with what it refers to put in its place: no form holds itself."""
    whole = msgspec.json.schema(form)
    parts = whole.get("$defs", {})

    def inlined(part: Any) -> Any:
        if isinstance(part, list):
            return [inlined(each) for each in part]
        if not isinstance(part, dict):
            return part
        if "$ref" in part:
            return inlined(parts[part["$ref"].removeprefix(_REF)])
        return {key: inlined(value) for key, value in part.items() if not (key == "default" and value is None)}

    made: dict[str, Any] = inlined({key: value for key, value in whole.items() if key != "$defs"})
    return made
