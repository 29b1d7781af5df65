"""Makes docs/api/endpoints.md: every endpoint of the Mastodon client API, its state here, the test that shows it.

What is documented stands in docs/api/documented.toml. What is here is read from the route table, what shows it from a record
of a test run (`HELIOGRAPH_RECORD=file`, see conftest.py): `make docs` does both.
"""

import re
import sys
import tomllib
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

from heliograph.web.api import later
from heliograph.web.table import ROUTES

ROOT = Path(__file__).parent.parent.parent
DOCUMENTED = ROOT / "docs" / "api" / "documented.toml"
PAGE = ROOT / "docs" / "api" / "endpoints.md"

# There is a route, but what it gives is nothing, for ever or for now.
IDLE = {"GET /api/v1/streaming/list", "GET /api/v1/streaming/public/remote"}

HEAD = """# Endpoints

Every endpoint that the documentation of Mastodon's client API 4.x lists, and its state here. This page is made by `make docs`
from the route table and from a run of the tests; a test holds it against both.

- **done**: works as documented; the test named shows it.
- **empty**: answers with the right shape and says that there is nothing, so that apps go on; comes later.
- **later**: 404 for now.
- **not ours**: has no meaning on this site.
"""


class Endpoint(NamedTuple):
    """One endpoint: the page of the documentation that has it, its method and path."""

    page: str
    name: str

    @property
    def shape(self) -> str:
        """Method and path with all parameters alike."""
        return shape_of(self.name)


def shape_of(name: str) -> str:
    """`GET /api/v1/statuses/:id` and `GET /api/v1/statuses/{status_id:str}` are one: `GET /api/v1/statuses/{}`."""
    return re.sub(r":\w+|\{[^}]*\}", "{}", name)


def _shapes(routes) -> set[str]:
    return {
        shape_of(f"{method} {path}")
        for route in routes
        for path in route.paths
        for method in getattr(route, "http_methods", {"GET"})
    }


def documented() -> list[Endpoint]:
    pages = tomllib.loads(DOCUMENTED.read_text())["endpoints"]
    return [Endpoint(page, name) for page, names in pages.items() for name in names]


def reasons(state: str) -> dict[str, str]:
    return tomllib.loads(DOCUMENTED.read_text())[state]


def state_of(endpoint: Endpoint) -> tuple[str, str]:
    """`done`, `empty`, `later` or `not ours`, and why. KeyError for one of which nobody has said anything."""
    empty, here = _shapes(later.ROUTES), _shapes(ROUTES)
    reason = {name: (state, why) for state in ("later", "not_ours") for name, why in reasons(state).items()}
    said = reason.get(endpoint.name) or reason.get(endpoint.page)
    if endpoint.shape in empty or endpoint.name in IDLE:
        return ("empty", said[1]) if said else ("empty", "")
    if endpoint.shape in here:
        return "done", ""
    if said is None:
        raise KeyError(f"{endpoint.name} is neither here nor in {DOCUMENTED.name} with a reason")
    return said[0].replace("_", " "), said[1]


def recorded(file: Path) -> dict[str, list[str]]:
    """Shape -> the tests that have called it with success, as `path::name`."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for line in file.read_text().splitlines():
        endpoint, _, test = line.partition("\t")
        found[shape_of(endpoint)].add(re.sub(r"\[.*", "", test))
    return {shape: sorted(tests, key=lambda test: ("mastodon" not in test, test)) for shape, tests in found.items()}


def table(shown_by: dict[str, list[str]]) -> str:
    lines, page = [HEAD], ""
    for endpoint in documented():
        if endpoint.page != page:
            page = endpoint.page
            lines += ["", f"## {page}", "", "| Endpoint | State | Shown by |", "|---|---|---|"]
        state, why = state_of(endpoint)
        tests = shown_by.get(endpoint.shape, [])
        shown = f"`{tests[0]}`" if state == "done" and tests else why
        lines.append(f"| `{endpoint.name}` | {state} | {shown} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(table(recorded(Path(sys.argv[1]))))
