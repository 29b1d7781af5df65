"""Rate limits as clients meet them: headers on every answer of the API, 429 with Retry-After beyond."""

import time
from datetime import UTC, datetime, timedelta

import pytest
from litestar.handlers import HTTPRouteHandler
from living_site import Person, Site, jpeg

from heliograph.domain.accounts.limits import DELETIONS, POSTS, REQUESTS_ACCOUNT, REQUESTS_ADDRESS, UPLOADS
from heliograph.web.rates import STRICT
from heliograph.web.table import ROUTES

SETTINGS = {"rate_limits": "on", "trusted_proxies": "127.0.0.1"}


@pytest.fixture(autouse=True)
def enough_time():
    """A window that ends in the middle of a test would begin anew."""
    left_s = REQUESTS_ACCOUNT.window_s - time.time() % REQUESTS_ACCOUNT.window_s
    if left_s < 15:
        time.sleep(left_s)


def standing(answer) -> tuple[int, int]:
    """(limit, remaining), once the reset has been looked at."""
    reset = answer.headers["x-ratelimit-reset"]
    assert len(reset) == len("2026-01-31T12:00:00.000Z")
    moment = datetime.fromisoformat(reset)
    assert datetime.now(UTC) - timedelta(seconds=1) < moment < datetime.now(UTC) + timedelta(seconds=POSTS.window_s + 1)
    return int(answer.headers["x-ratelimit-limit"]), int(answer.headers["x-ratelimit-remaining"])


def from_address(site: Site, address: str, path: str, person: Person | None = None):
    return (person or site.anyone).get(path, headers={"X-Forwarded-For": address})


def test_an_account_is_told_what_it_has_left(stranger):
    first = standing(stranger.get("/api/v1/timelines/home"))
    assert first == (REQUESTS_ACCOUNT.limit, REQUESTS_ACCOUNT.limit - 1)
    assert standing(stranger.get("/api/v1/timelines/home"))[1] == first[1] - 1
    # By whatever token, from wherever.
    again = stranger.site.again(stranger)
    elsewhere = from_address(stranger.site, "203.0.113.77", "/api/v1/notifications", again)
    assert standing(elsewhere)[1] == first[1] - 2


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/v1/timelines/public", 200),
        ("/api/v2/instance", 200),
        ("/api/v1/statuses/1", 404),
        ("/api/v1/timelines/home", 401),
        ("/api/v1/timelines/public?limit=x", 400),
        ("/api/v1/nothing/of/the/kind", 404),
        ("/api/oembed", 400),
    ],
)
def test_every_answer_of_the_api_carries_them(site, path, status):
    answer = site.anyone.get(path)
    assert answer.status_code == status
    assert standing(answer)[0] == REQUESTS_ADDRESS.limit


@pytest.mark.parametrize("path", ["/", "/health", "/static/heliograph.css", "/.well-known/nodeinfo", "/docs"])
def test_what_is_not_the_api_does_not(site, path):
    assert "x-ratelimit-limit" not in site.anyone.get(path).headers


def test_browsers_may_read_them(site):
    exposed = site.anyone.get("/api/v2/instance").headers["access-control-expose-headers"]
    assert all(f"X-RateLimit-{part}" in exposed for part in ("Limit", "Remaining", "Reset"))


def test_an_address_that_asks_too_much_is_refused(site, ada):
    address = "203.0.113.9"
    for number in range(REQUESTS_ADDRESS.limit):
        answer = from_address(site, address, "/api/v1/timelines/public?limit=1")
        assert (answer.status_code, standing(answer)[1]) == (200, REQUESTS_ADDRESS.limit - number - 1)
    refused = from_address(site, address, "/api/v1/timelines/public?limit=1")
    assert (refused.status_code, refused.json()["error"]) == (429, "Too many requests")
    assert 0 < int(refused.headers["retry-after"]) <= REQUESTS_ADDRESS.window_s
    assert standing(refused) == (REQUESTS_ADDRESS.limit, 0)
    # Neither others are, nor who is known by a token.
    assert from_address(site, "203.0.113.10", "/api/v1/timelines/public").status_code == 200
    assert from_address(site, address, "/api/v1/timelines/public", ada).status_code == 200
    # Nor can tokens be guessed from there.
    guess = site.anyone.get(
        "/api/v1/timelines/home", headers={"X-Forwarded-For": address, "Authorization": "Bearer 1.x"}
    )
    assert guess.status_code == 429


def test_uploads(stranger):
    for number in range(UPLOADS.limit):
        answer = stranger.upload(b"not a photo")
        assert (answer.status_code, standing(answer)) == (422, (UPLOADS.limit, UPLOADS.limit - number - 1))
    refused = stranger.upload(jpeg())
    assert (refused.status_code, refused.json()["error"]) == (429, "Too many requests")
    assert standing(refused) == (UPLOADS.limit, 0)
    assert int(refused.headers["retry-after"]) <= UPLOADS.window_s
    assert stranger.get("/api/v1/timelines/home").status_code == 200


def test_posts_and_deletions(stranger):
    made = stranger.post("/api/v1/statuses", json={"status": "One"})
    assert standing(made) == (POSTS.limit, POSTS.limit - 1)
    gone = stranger.ask("DELETE", f"/api/v1/statuses/{made.json()['id']}")
    assert (gone.status_code, standing(gone)) == (200, (DELETIONS.limit, DELETIONS.limit - 1))
    for _ in range(DELETIONS.limit - 1):
        assert stranger.ask("DELETE", "/api/v1/statuses/1").status_code == 404
    assert stranger.ask("DELETE", "/api/v1/statuses/1").status_code == 429


def test_the_strict_rules_are_of_routes_that_there_are():
    handlers = [route for route in ROUTES if isinstance(route, HTTPRouteHandler)]
    known = {
        (method, path.replace(":str}", "}")) for each in handlers for method in each.http_methods for path in each.paths
    }
    assert known >= STRICT.keys()
