"""The OpenAPI document tells of every route, and what is answered is as it tells."""

import re
from typing import Any

import pytest
from litestar.handlers import HTTPRouteHandler
from living_site import Site

from heliograph.web.access import Access
from heliograph.web.table import ROUTES

TYPES: dict[str, Any] = {
    "string": str, "integer": int, "boolean": bool, "object": dict, "array": list, "null": type(None),
    "number": (int, float),
}  # fmt: skip


@pytest.fixture(scope="module")
def document(site: Site) -> dict[str, Any]:
    answer = site.anyone.get("/docs/openapi.json")
    assert answer.headers["content-type"] == "application/json"
    return answer.json()


def api_routes() -> list[tuple[str, str, HTTPRouteHandler]]:
    return [
        (path, method.lower(), route)
        for route in ROUTES
        for path in route.paths
        for method in getattr(route, "http_methods", ())
        if path.startswith("/api/") and method not in ("OPTIONS", "HEAD")
    ]


def documented(path: str) -> str:
    return path.replace(":str}", "}")


def test_every_route_is_in_it(document):
    routes = api_routes()
    assert len(routes) > 60
    missing = [path for path, method, _ in routes if method not in document["paths"].get(documented(path), {})]
    assert missing == []


def test_it_tells_of_tokens_and_scopes(document):
    for path, method, route in api_routes():
        operation = document["paths"][documented(path)][method]
        access: Access = route.opt["access"]
        security = operation.get("security") or []
        scopes = [each["oauth2"] for each in security if "oauth2" in each]
        assert bool(scopes) is (access.kind != "open"), path
        assert ({} in security) is (access.kind == "anyone"), path
        assert not scopes or scopes[0] == list(access.scopes), path
        assert operation.get("description"), f"{path} is not described"
    ids = [operation["operationId"] for item in document["paths"].values() for operation in item.values()]
    assert len(ids) == len(set(ids))


def lists(operation: dict[str, Any]) -> set[str]:
    return {each["name"] for each in operation.get("parameters", []) if each["schema"].get("type") == "array"}


def test_it_tells_of_lists_in_queries(document):
    operations = [document["paths"][documented(path)][method] for path, method, _ in api_routes() if method == "get"]
    spoken_of = [set(re.findall(r"\w+\[\]", each["description"])) for each in operations]
    assert sum(map(len, spoken_of)) > 10
    untold = [(each["operationId"], said) for each, said in zip(operations, spoken_of, strict=True)
              if not said <= lists(each)]  # fmt: skip
    assert untold == []
    unread = document["paths"]["/api/v2/notifications/unread_count"]["get"]
    assert lists(unread) == {"types[]", "exclude_types[]", "grouped_types[]"}


def test_every_reference_leads_somewhere(document):
    def references(value: Any) -> list[str]:
        if isinstance(value, dict):
            own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
            return own + [found for inner in value.values() for found in references(inner)]
        if isinstance(value, list):
            return [found for inner in value for found in references(inner)]
        return []

    found = set(references(document))
    assert found
    assert {each.rpartition("/")[2] for each in found} <= set(document["components"]["schemas"])


def faults(value: Any, schema: dict[str, Any], document: dict[str, Any], place: str = "$") -> list[str]:
    """Where `value` is not as `schema` (a part of JSON Schema) tells."""
    if "$ref" in schema:
        return faults(value, document["components"]["schemas"][schema["$ref"].rpartition("/")[2]], document, place)
    choices = schema.get("oneOf") or schema.get("anyOf")
    if choices:
        found = [faults(value, choice, document, place) for choice in choices]
        return [] if [] in found else min(found, key=len)
    kinds = schema.get("type")
    if kinds is None:
        return []
    kinds = kinds if isinstance(kinds, list) else [kinds]
    if not any(isinstance(value, TYPES[kind]) and (kind == "boolean" or not isinstance(value, bool)) for kind in kinds):
        return [f"{place}: {value!r} is no {kinds}"]
    if isinstance(value, list):
        items = schema.get("items") or {}
        return [fault for n, item in enumerate(value) for fault in faults(item, items, document, f"{place}[{n}]")]
    if isinstance(value, dict):
        known = schema.get("properties") or {}
        missing = [f"{place}.{key}: missing" for key in schema.get("required") or [] if key not in value]
        unknown = [f"{place}.{key}: not told of" for key in value if known and key not in known]
        inner = [faults(value[key], known[key], document, f"{place}.{key}") for key in known if key in value]
        return missing + unknown + [fault for some in inner for fault in some]
    return []


@pytest.mark.parametrize(
    "asked",
    [
        "/api/v1/statuses/{status}", "/api/v1/statuses/{status}/context", "/api/v1/statuses/{status}/favourited_by",
        "/api/v1/statuses/{status}/history", "/api/v1/statuses/{status}/source", "/api/v1/bookmarks",
        "/api/v1/accounts/{account}", "/api/v1/accounts/{account}/statuses", "/api/v1/accounts/{account}/followers",
        "/api/v1/accounts/verify_credentials", "/api/v1/accounts/relationships?id[]={account}",
        "/api/v1/timelines/home", "/api/v1/timelines/public", "/api/v1/media/{media}", "/api/v1/favourites",
        "/api/v1/apps/verify_credentials", "/api/v1/preferences", "/api/v2/instance", "/api/v2/search?q={name}",
        "/api/v1/notifications", "/api/v1/markers", "/api/v1/accounts/1", "/api/v1/timelines/home?limit=x",
    ],
)  # fmt: skip
def test_answers_are_as_it_tells(ada, document, asked, things):
    answer = ada.get(asked.format(**things))
    path = next(
        known for known in document["paths"]
        if _matches(known, asked.partition("?")[0]) and "get" in document["paths"][known]
    )  # fmt: skip
    told = document["paths"][path]["get"]["responses"][str(answer.status_code)]
    schema = told["content"]["application/json"]["schema"]
    assert faults(answer.json(), schema, document) == []


def _matches(known: str, asked: str) -> bool:
    mine, its = asked.split("/"), known.split("/")
    return len(mine) == len(its) and all(
        a == b or (b.startswith("{") and (a.startswith("{") or a == "1")) for a, b in zip(mine, its, strict=True)
    )


@pytest.fixture(scope="module")
def things(ada, grace) -> dict[str, str]:
    photo = ada.photo(description="x")
    post = ada.publish(f"@{grace.name} #tag", media_ids=[photo["id"]])
    grace.follow(ada)
    for who in (ada, grace):
        who.post(f"/api/v1/statuses/{post['id']}/favourite")
        who.post(f"/api/v1/statuses/{post['id']}/bookmark")
    return {"status": post["id"], "account": str(ada.id), "media": photo["id"], "name": ada.name}


def test_the_page(site, document):
    page = site.anyone.get("/docs")
    assert page.headers["content-type"].startswith("text/html")
    assert all(path in page.text for path in document["paths"])
    assert "<script>" not in page.text
