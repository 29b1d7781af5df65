"""Named queries: `sql/<feature>.sql` becomes an object with one attribute for each `-- name:`.

Parameters are named (`:account_id`) in the file and travel by position (`$1`) to PostgreSQL. A query
that does not name its slot says `-- scatter`: it is asked of every shard.
"""

import re
from functools import cache
from importlib import resources
from typing import Any

import msgspec

_HEAD = re.compile(r"^-- name: (\w+)[ \t]*$", re.MULTILINE)
_PARAMETER = re.compile(r"(?<![:\w]):([a-z_]+)\b")


class Query(msgspec.Struct, frozen=True):
    """One statement: its name (`posts.by_ids`), its text with `$n`, the names of its parameters in order."""

    name: str
    text: str
    parameters: tuple[str, ...]
    scatter: bool

    def arguments(self, given: dict[str, Any]) -> list[Any]:
        """The values of `given` in the order of the statement; TypeError when one is missing or too many."""
        if given.keys() != set(self.parameters):
            raise TypeError(f"{self.name} takes {sorted(self.parameters)}, was given {sorted(given)}")
        return [given[name] for name in self.parameters]


class Queries:
    """The queries of one file, as attributes."""

    def __init__(self, feature: str, queries: dict[str, Query]) -> None:
        self._feature = feature
        self._queries = queries

    def __getattr__(self, name: str) -> Query:
        try:
            return self._queries[name]
        except KeyError:
            raise AttributeError(f"sql/{self._feature}.sql has no query named {name}") from None

    def __iter__(self) -> Any:
        return iter(self._queries.values())


def parse(feature: str, text: str) -> Queries:
    """Cut the text of a file into its queries."""
    pieces = _HEAD.split(text)[1:]
    return Queries(
        feature,
        {name: _query(f"{feature}.{name}", body) for name, body in zip(pieces[::2], pieces[1::2], strict=True)},
    )


def _query(name: str, body: str) -> Query:
    lines = body.strip().splitlines()
    statement = "\n".join(line for line in lines if not line.lstrip().startswith("--")).strip().rstrip(";")
    names = tuple(dict.fromkeys(_PARAMETER.findall(statement)))
    text = _PARAMETER.sub(lambda match: f"${names.index(match[1]) + 1}", statement)
    return Query(name, text, names, any(line.strip() == "-- scatter" for line in lines))


@cache
def load(feature: str) -> Queries:
    """The queries of `sql/<feature>.sql`."""
    return parse(feature, (resources.files("heliograph.stores") / "sql" / f"{feature}.sql").read_text())
