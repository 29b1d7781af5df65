"""`hide_collections`: others see neither who follows an account nor whom it follows, and that this is so."""

import pytest
from living_site import Person, Site

LISTS = ("followers", "following")


def ids_in(person: Person, of: Person, which: str) -> list[str]:
    answer = person.get(f"/api/v1/accounts/{of.id}/{which}")
    assert answer.status_code == 200, answer.text
    if not answer.json():
        assert "Link" not in answer.headers, "an empty list leads nowhere"
    return [each["id"] for each in answer.json()]


@pytest.fixture(scope="module")
def secretive(ada: Person, grace: Person) -> Person:
    ada.follow(grace)
    grace.follow(ada)
    answer = ada.ask("PATCH", "/api/v1/accounts/update_credentials", data={"hide_collections": "true"})
    assert answer.status_code == 200, answer.text
    assert (answer.json()["hide_collections"], answer.json()["source"]["hide_collections"]) == (True, True)
    return ada


def test_others_see_that_lists_are_hidden_and_not_the_lists(site: Site, secretive, grace, stranger):
    for other in (grace, stranger, site.anyone):
        assert other.get(f"/api/v1/accounts/{secretive.id}").json()["hide_collections"] is True
        for which in LISTS:
            assert ids_in(other, secretive, which) == []
            page = site.http.get(f"/@{secretive.name}/{which}")
            assert page.status_code == 200
            assert f"/@{grace.name}" not in page.text
    for which in LISTS:
        assert ids_in(secretive, secretive, which) == [str(grace.id)], "oneself sees them"
        assert ids_in(stranger, grace, which) == [str(secretive.id)], "whose lists are open says so"
    counts = stranger.get(f"/api/v1/accounts/{secretive.id}").json()
    assert (counts["followers_count"], counts["following_count"]) == (1, 1), "as Mastodon: only the names are hidden"


def test_taken_back(secretive, grace, stranger):
    answer = secretive.ask("PATCH", "/api/v1/accounts/update_credentials", json={"hide_collections": False})
    assert answer.json()["hide_collections"] is False
    for which in LISTS:
        assert ids_in(stranger, secretive, which) == [str(grace.id)]
