"""Query strings: switches as Rails takes them, and clear words for what makes no sense."""

import pytest


@pytest.fixture(scope="module")
def plain(ada):
    """The id of a post without a photo."""
    return ada.publish("No photo")["id"]


@pytest.mark.parametrize(
    ("text", "on"),
    [
        ("1", True),
        ("true", True),
        ("True", True),
        ("on", True),
        ("t", True),
        ("0", False),
        ("false", False),
        ("off", False),
        ("f", False),
        ("", False),
    ],
)
def test_switches(site, ada, plain, text, on):
    answer = site.anyone.get(f"/api/v1/accounts/{ada.id}/statuses?only_media={text}&limit=")
    assert answer.status_code == 200
    assert (plain not in [each["id"] for each in answer.json()]) is on


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/api/v1/timelines/public?limit=abc", "limit = 'abc': expected a whole number"),
        ("/api/v1/timelines/public?limit=1.5", "limit = '1.5': expected a whole number"),
        ("/api/v1/timelines/public?only_media=maybe", "only_media = 'maybe': expected true or false"),
        (
            "/api/v1/timelines/public?limit=a&only_media=b",
            "limit = 'a': expected a whole number; only_media = 'b': expected true or false",
        ),
        (f"/api/v1/timelines/public?limit={'x' * 500}", f"limit = '{'x' * 40}': expected a whole number"),
        ("/api/v1/accounts/lookup", "Missing required query parameter 'acct'"),
    ],
)
def test_what_makes_no_sense(site, path, words):
    answer = site.anyone.get(path)
    assert (answer.status_code, answer.json()["error"]) == (400, words)


def test_no_answer_speaks_of_types(site, ada):
    document = site.anyone.get("/docs/openapi.json").json()
    asked = 0
    for path, operations in document["paths"].items():
        for parameter in operations.get("get", {}).get("parameters", []):
            if parameter["in"] != "query" or "{" in path:
                continue
            answer = ada.get(path, params={parameter["name"]: "x\u00e9"})
            asked += 1
            assert answer.status_code < 500, path
            assert not any(word in answer.text for word in ("`", "null,", "got `", "int |")), (path, answer.text)
    assert asked > 10
