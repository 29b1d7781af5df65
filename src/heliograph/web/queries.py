"""Query strings as clients write them, and errors in them as people read them.

Rails takes `1`, `true`, `t`, `on` and their opposites for a switch, and an empty value for none at all; clients rely on it. So
a query is put in order before the framework reads it, for the parameters that are no text. What is wrong then is told by
the parameter's name, its value and what was expected, never in the words of a library.
"""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any, Literal, get_args, get_origin
from urllib.parse import parse_qsl, urlencode

from litestar.handlers import BaseRouteHandler
from litestar.typing import FieldDefinition

from heliograph.web.request import Request

SWITCHES = {"1": "true", "t": "true", "on": "true", "0": "false", "f": "false", "off": "false"}
SHOWN_CHARACTERS = 40

_WORDS = {
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "str": "text",
    "date": "a date, as in 2026-01-31",
    "datetime": "a time, as in 2026-01-31T12:00:00Z",
    "array": "a list",
    "object": "an object",
}
_EXPECTED = re.compile(r"Expected `(?P<types>[^`]+)`(?P<more>[^`]*?)(?:, got `[^`]*`)?$")
_INVALID_TIME = re.compile(r"Invalid (?:RFC3339|ISO8601)[a-z ]*(?P<kind>datetime|date)")


def settle(request: Request) -> None:
    """Put the query string of `request` in order, before anything of it is parsed."""
    query = request.scope["query_string"]
    if not query:
        return
    flags, others = typed(request.route_handler)
    if b"=&" in query or query.endswith(b"=") or any(name in query for name in flags):
        request.scope["query_string"] = settled(query, flags, others)


def settled(query: bytes, flags: frozenset[bytes], others: frozenset[bytes]) -> bytes:
    """`query` with switches as `true` and `false`, and without empty values of what is no text."""
    kept: list[tuple[str, str]] = []
    # Byte for byte, whatever they are: what is no UTF-8 is the framework's to judge.
    for name, value in parse_qsl(query.decode("latin-1"), keep_blank_values=True, encoding="latin-1"):
        raw = name.encode("latin-1")
        if value or (raw not in flags and raw not in others):
            kept.append((name, SWITCHES.get(value.lower(), value) if raw in flags else value))
    return urlencode(kept, encoding="latin-1").encode()


@cache
def typed(handler: BaseRouteHandler) -> tuple[frozenset[bytes], frozenset[bytes]]:
    """Names of the parameters of `handler` that are switches, and of the others that are no text."""
    flags, others = set(), set()
    for field in handler.parsed_fn_signature.parameters.values():
        kinds = set(_kinds(field.annotation))
        if bool in kinds:
            flags.add(_alias(field).encode())
        elif kinds and str not in kinds:
            others.add(_alias(field).encode())
    return frozenset(flags), frozenset(others)


def complaint(request: Request, item: dict[str, Any]) -> str:
    """What is wrong with a parameter, from what the framework says of it (`key`, `message`)."""
    field = request.route_handler.parsed_fn_signature.parameters.get(str(item.get("key")))
    name = _alias(field) if field else str(item.get("key", "parameter"))
    wanted = _choices(field.annotation) if field else ""
    value = request.query_params.get(name)
    shown = f"{name} = {value[:SHOWN_CHARACTERS]!r}" if value is not None else name
    return f"{shown}: {f'expected {wanted}' if wanted else expected(str(item.get('message', '')))}"


def expected(message: str) -> str:
    """`message` of the library that converts values in plain words: `expected a whole number`."""
    if match := _EXPECTED.match(message):
        kinds = [_WORDS.get(kind, kind) for kind in match["types"].split(" | ") if kind != "null"]
        return f"expected {' or '.join(kinds)}{match['more']}"
    if match := _INVALID_TIME.match(message):
        return f"expected {_WORDS[match['kind']]}"
    return message


def _alias(field: FieldDefinition) -> str:
    return getattr(field.kwarg_definition, "name", None) or field.name


def _choices(annotation: Any) -> str:
    found = [
        str(value)
        for kind in (annotation, *get_args(annotation))
        if get_origin(kind) is Literal
        for value in get_args(kind)
    ]
    return f"one of {', '.join(found)}" if found else ""


def _kinds(annotation: Any) -> Iterator[type]:
    """The types that `annotation` is made of, but for None; texts among several choices count as text."""
    if get_origin(annotation) is Literal:
        yield str
    elif isinstance(annotation, type) and get_origin(annotation) is None:
        if annotation is not type(None):
            yield annotation
    else:
        for part in get_args(annotation):
            yield from _kinds(part)
