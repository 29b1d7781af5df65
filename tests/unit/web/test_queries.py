"""Query strings in order, and what is said of those that make no sense."""

from typing import Annotated, Literal

import msgspec
import pytest
from litestar import get
from litestar.params import QueryParameter

from heliograph.web.queries import expected, settled, typed

FLAGS, OTHERS = frozenset([b"only_media", b"local"]), frozenset([b"limit"])


@pytest.mark.parametrize(
    ("query", "result"),
    [
        (b"only_media=1", b"only_media=true"),
        (b"only_media=on&local=off", b"only_media=true&local=false"),
        (b"only_media=t&local=F", b"only_media=true&local=false"),
        (b"only_media=true&local=False", b"only_media=true&local=False"),
        (b"only_media=0&q=1", b"only_media=false&q=1"),
        (b"only_media=&limit=5", b"limit=5"),
        (b"limit=&q=&max_id=", b"q=&max_id="),
        (b"only_media=maybe", b"only_media=maybe"),
        (b"q=on&q=%C3%A9+%26&id[]=1&id[]=2", b"q=on&q=%C3%A9+%26&id%5B%5D=1&id%5B%5D=2"),
        (b"only_media=\xff", b"only_media=%FF"),
    ],
)
def test_settled(query, result):
    assert settled(query, FLAGS, OTHERS) == result


def test_the_kinds_of_parameters_are_known():
    @get("/")
    async def handler(
        q: str,
        limit: int | None = None,
        local: bool = False,
        only: Annotated[bool | None, QueryParameter(name="only_media")] = None,
        order: Literal["new", "old"] = "new",
    ) -> None:
        """Nothing."""

    assert typed(handler) == (frozenset([b"local", b"only_media"]), frozenset([b"limit"]))


@pytest.mark.parametrize(
    ("kind", "value", "sentence"),
    [
        (int, "abc", "expected a whole number"),
        (int | None, "1.5", "expected a whole number"),
        (Annotated[int, msgspec.Meta(ge=1)], "0", "expected a whole number >= 1"),
        (bool, "maybe", "expected true or false"),
        (bool | None, [], "expected true or false"),
        (float, "x", "expected a number"),
        (list[int], "x", "expected a list"),
        (dict[str, int], "x", "expected an object"),
        (int | str, [], "expected a whole number or text"),
    ],
)
def test_a_library_is_not_heard(kind, value, sentence):
    with pytest.raises(msgspec.ValidationError) as error:
        msgspec.convert(value, kind, strict=False)
    assert expected(str(error.value)) == sentence


def test_times():
    assert expected("Invalid RFC3339 encoded datetime") == "expected a time, as in 2026-01-31T12:00:00Z"
    assert expected("Invalid RFC3339 encoded date") == "expected a date, as in 2026-01-31"
    assert expected("Something else") == "Something else"
