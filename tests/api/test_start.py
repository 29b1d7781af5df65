"""What clients ask for at their start: an honest answer in the right shape, behind the right scope, or a JSON 404."""

import pytest

from heliograph.web.api.later import LISTS, OBJECTS

# From what Tusky, Ivory, Ice Cubes, Elk, toot and Mastodon's own apps ask for when they open.
EXPECTED = {
    "/api/v1/announcements": [],
    "/api/v1/blocks": [],
    "/api/v1/bookmarks": [],
    "/api/v1/conversations": [],
    "/api/v1/custom_emojis": [],
    "/api/v1/domain_blocks": [],
    "/api/v1/endorsements": [],
    "/api/v1/favourites": [],
    "/api/v1/featured_tags": [],
    "/api/v1/featured_tags/suggestions": [],
    "/api/v1/filters": [],
    "/api/v1/follow_requests": [],
    "/api/v1/followed_tags": [],
    "/api/v1/instance/domain_blocks": [],
    "/api/v1/instance/peers": [],
    "/api/v1/instance/rules": [],
    "/api/v1/instance/translation_languages": {},
    "/api/v1/lists": [],
    "/api/v1/markers?timeline[]=home&timeline[]=notifications": {},
    "/api/v1/mutes": [],
    "/api/v1/notifications?exclude_types[]=follow&limit=30": [],
    "/api/v1/notifications/requests": [],
    "/api/v1/notifications/unread_count": {"count": 0},
    "/api/v1/scheduled_statuses": [],
    "/api/v1/suggestions": [],
    "/api/v1/timelines/home": [],
    "/api/v1/trends": [],
    "/api/v1/trends/links": [],
    "/api/v1/trends/statuses": [],
    "/api/v1/trends/tags?limit=10": [],
    "/api/v2/filters": [],
    "/api/v2/notifications": {"accounts": [], "statuses": [], "notification_groups": []},
    "/api/v2/notifications/unread_count": {"count": 0},
    "/api/v2/search?q=nobody": {"accounts": [], "statuses": [], "hashtags": []},
    "/api/v2/suggestions": [],
}
NOT_THERE = [
    "/api/v1/directory", "/api/v1/instance/activity", "/api/v1/instance/privacy_policy",
    "/api/v1/instance/terms_of_service", "/api/v1/lists/1", "/api/v1/notifications/1", "/api/v1/polls/1",
    "/api/v1/push/subscription", "/api/v1/scheduled_statuses/1", "/api/v1/timelines/list/1",
    "/api/v2/filters/1", "/api/proofs",
]  # fmt: skip
WRITES = [
    "/api/v1/statuses/{post}/mute", "/api/v1/accounts/{other}/pin", "/api/v1/reports",
    "/api/v1/push/subscription",
]  # fmt: skip
WRITES_BESIDE_READS = ["/api/v1/lists", "/api/v2/filters"]


@pytest.mark.parametrize("path", EXPECTED)
def test_empty_answers(ada, path):
    answer = ada.get(path)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == EXPECTED[path]


def test_all_that_is_answered_so_is_in_the_table():
    asked = {path.partition("?")[0] for path in EXPECTED}
    assert {*LISTS, *OBJECTS} - asked <= {
        "/api/v1/notifications/policy",
        "/api/v2/notifications/policy",
        "/api/v1/notifications/requests/merged",
    }


@pytest.mark.parametrize("path", NOT_THERE)
def test_what_is_not_there_says_so_in_json(ada, path):
    answer = ada.get(path)
    assert (answer.status_code, answer.json()["error"]) == (404, "Record not found")


def test_no_write_pretends(ada, grace):
    post = ada.publish("Try me")["id"]
    for path in WRITES:
        answer = ada.post(path.format(post=post, other=grace.id), json={})
        assert answer.status_code == 404, path
        assert answer.json()["error"] == "Record not found"
    for path in WRITES_BESIDE_READS:
        answer = ada.post(path, json={})
        assert answer.status_code == 405, path
        assert set(answer.headers["allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}
    for values in ({"poll": {"options": ["a", "b"]}}, {"scheduled_at": "2030-01-01"}):
        assert ada.post("/api/v1/statuses", json={"status": "x"} | values).status_code == 422


def test_about_an_account(ada, grace):
    for part in ("featured_tags", "lists", "endorsements"):
        assert ada.get(f"/api/v1/accounts/{grace.id}/{part}").json() == []
        assert ada.get(f"/api/v1/accounts/1/{part}").status_code == 404


def test_about_a_post(ada, site):
    post = ada.publish("Alone")["id"]
    assert site.anyone.get(f"/api/v1/statuses/{post}/context").json() == {"ancestors": [], "descendants": []}
    assert ada.get(f"/api/v1/statuses/{post}/quotes").json() == []
    assert ada.get("/api/v1/statuses/1/context").status_code == 404


def test_search_finds_what_is_exactly_named(ada, grace):
    for words in (grace.name, f"@{grace.name.upper()}", f"{ada.site.url}/@{grace.name}", f" {grace.name} "):
        found = ada.get("/api/v2/search", params={"q": words, "resolve": "true"}).json()
        assert found["accounts"][0]["id"] == str(grace.id), words
    only_posts = ada.get("/api/v2/search", params={"q": grace.name, "type": "statuses"}).json()
    assert only_posts["accounts"] == []
    for words in (
        "",
        "@",
        "https://elsewhere.example/@" + grace.name,
        "\0",
        "%",
        f"{ada.site.url}/p/",
        f"{ada.site.url}//[x",
    ):
        found = ada.get("/api/v2/search", params={"q": words})
        assert found.json() == {"accounts": [], "statuses": [], "hashtags": []}, words
    assert ada.get("/api/v2/search").status_code == 400


def test_the_site_describes_itself(site):
    found = site.anyone.get("/api/v1/instance/extended_description").json()
    assert site.product.settings.site_description in found["content"]
