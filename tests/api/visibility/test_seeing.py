"""What the matrix does not hold: numbers before and after, the end of seeing, and doors that are not for everybody."""

import hashlib
import hmac
from typing import Any

import pytest
from living_site import Person, Site


@pytest.fixture
def author(site: Site) -> Person:
    return site.person()


def cookie_of(site: Site, who: Person) -> dict[str, str]:
    return {"Cookie": f"heliograph_session={site.run(site.product.sessions.start(who.id, 'x'))}"}


# -- numbers ------------------------------------------------------------------------------------------------------------


def numbers(site: Site, author: Person, post: dict[str, Any], tag: str) -> dict[str, Any]:
    """Every number that anybody can read, of an account, a post, a hashtag, the site."""
    # What is known of the site is believed for a minute.
    site.product.usage._until = 0.0

    def get(path: str) -> Any:
        answer = site.anyone.get(path)
        assert answer.status_code == 200, path
        return answer.json()

    account, shown = get(f"/api/v1/accounts/{author.id}"), get(f"/api/v1/statuses/{post['id']}")
    return {
        "account": [account[name] for name in ("followers_count", "following_count")],
        "last_status_at": account["last_status_at"],
        "statuses_count": account["statuses_count"],
        "post": [shown[name] for name in ("replies_count", "reblogs_count", "favourites_count")],
        "hashtag": get(f"/api/v1/tags/{tag}")["history"],
        "featured": get(f"/api/v1/accounts/{author.id}/featured_tags"),
        "site": [get("/api/v1/instance")["stats"], get("/api/v2/instance")["usage"], get("/nodeinfo/2.0")["usage"]],
    }


def test_numbers_tell_nothing_of_what_is_hidden(site, author):
    other = site.person()
    post = author.publish("Seen by all #numbers")
    author.post("/api/v1/tags/numbers/feature")
    site.settled()
    before = numbers(site, author, post, "numbers")
    author.publish(f"For you @{other.name} #numbers", visibility="direct")
    author.publish(f"As I said @{other.name} #numbers", visibility="direct", in_reply_to_id=post["id"])
    site.settled()
    assert numbers(site, author, post, "numbers") == before, "a direct post shows in no number"
    author.publish("For my followers #numbers", visibility="private", in_reply_to_id=post["id"])
    assert author.post(f"/api/v1/statuses/{post['id']}/reblog", json={"visibility": "private"}).status_code == 200
    site.settled()
    after = numbers(site, author, post, "numbers")
    # That somebody writes for their followers is said by how much they write; to whom and under what is not.
    assert after["statuses_count"] == before["statuses_count"] + 2
    same = ("account", "last_status_at", "post", "hashtag", "featured")
    assert {name: after[name] for name in same} == {name: before[name] for name in same}


def test_a_block_ends_a_request_and_its_count(site, author):
    asking = site.person()
    assert author.ask("PATCH", "/api/v1/accounts/update_credentials", data={"locked": "true"}).status_code == 200
    asking.post(f"/api/v1/accounts/{author.id}/follow")

    def waiting() -> tuple[int, int]:
        counted = author.get("/api/v1/accounts/verify_credentials").json()["source"]["follow_requests_count"]
        return counted, len(author.get("/api/v1/follow_requests").json())

    assert waiting() == (1, 1)
    asking.post(f"/api/v1/accounts/{author.id}/block")
    assert waiting() == (0, 0)


# -- what is not listed ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("between", ["block", "blocked by", "mute"])
def test_what_is_not_listed_is_not_there_by_its_id(site, author, between):
    """A notification, its group, a conversation: who has kept an id from before learns nothing more by it."""
    reader = site.person()
    own = reader.publish("Mine")
    author.post(f"/api/v1/statuses/{own['id']}/favourite")
    letter = author.publish(f"A letter @{reader.name}", visibility="direct")
    site.settled()
    (liked,) = [each for each in reader.get("/api/v1/notifications").json() if each["type"] == "favourite"]
    (talk,) = reader.get("/api/v1/conversations").json()
    assert talk["last_status"]["id"] == letter["id"]
    told, group = f"/api/v1/notifications/{liked['id']}", f"/api/v2/notifications/{liked['group_key']}"
    assert (reader.get(told).status_code, reader.get(group).status_code) == (200, 200)
    read = f"/api/v1/conversations/{talk['id']}"
    assert (reader.post(f"{read}/unread").status_code, reader.post(f"{read}/read").status_code) == (200, 200)
    if between == "blocked by":
        author.post(f"/api/v1/accounts/{reader.id}/block")
    else:
        reader.post(f"/api/v1/accounts/{author.id}/{between}")
    assert (reader.get(told).status_code, reader.get(group).status_code) == (404, 404)
    assert (reader.post(f"{read}/unread").status_code, reader.post(f"{read}/read").status_code) == (404, 404)
    assert site.http.get(f"/conversations/{talk['id']}", headers=cookie_of(site, reader)).status_code == 404
    assert reader.get("/api/v1/conversations").json() == []


def test_a_mute_keeps_letters_away_until_it_ends(site, author):
    reader = site.person()
    author.publish(f"A letter @{reader.name}", visibility="direct")
    site.settled()
    reader.post(f"/api/v1/accounts/{author.id}/mute")
    assert reader.get("/api/v1/conversations").json() == []
    reader.post(f"/api/v1/accounts/{author.id}/unmute")
    assert len(reader.get("/api/v1/conversations").json()) == 1


@pytest.mark.parametrize(("between", "told"), [("", True), ("block", False), ("blocked by", False), ("mute", False)])
def test_a_mention_over_a_block_is_not_told(site, author, between, told):
    """It can be written, and it stays with who wrote it: that it is refused would say more than that it is not told."""
    other = site.person()
    if between == "blocked by":
        other.post(f"/api/v1/accounts/{author.id}/block")
    elif between:
        author.post(f"/api/v1/accounts/{other.id}/{between}")
    for visibility in ("public", "direct"):
        other.publish(f"Listen @{author.name}", visibility=visibility)
    site.settled()
    assert bool(author.get("/api/v1/notifications").json()) is told
    assert author.get("/api/v1/notifications/unread_count").json()["count"] == (2 if told else 0)
    assert bool(author.get("/api/v1/conversations").json()) is told


# -- the end of seeing, and other doors -----------------------------------------------------------------------------------


@pytest.mark.parametrize("visibility", ["private", "direct"])
def test_a_token_opens_no_page(author, visibility):
    ident = author.publish("Mine", visibility=visibility)["id"]
    assert author.get(f"/@{author.name}/{ident}").status_code == 404


def test_an_end_of_following_is_an_end_of_seeing(site, author):
    fan = site.person()
    fan.follow(author)
    ident = author.publish("For followers", visibility="private")["id"]
    assert fan.get(f"/api/v1/statuses/{ident}").status_code == 200
    assert fan.post(f"/api/v1/statuses/{ident}/favourite").json()["favourites_count"] == 1
    fan.post(f"/api/v1/accounts/{author.id}/unfollow")
    assert fan.get(f"/api/v1/statuses/{ident}").status_code == 404
    assert fan.get("/api/v1/favourites").json() == []
    assert fan.post(f"/api/v1/statuses/{ident}/favourite").status_code == 404


def test_a_token_without_the_scope_sees_what_anyone_sees_or_nothing(site, author):
    ident = author.publish("For followers", visibility="private")["id"]
    assert site.again(author, "write").get(f"/api/v1/statuses/{ident}").status_code == 403


def test_who_is_suspended_can_still_be_unfollowed(site):
    fan = site.person()
    for page in (False, True):
        author = site.person()
        fan.follow(author)
        site.run(site.product.suspension.suspend(author.id))
        if page:
            cookie = site.run(site.product.sessions.start(fan.id, "x"))
            token = hmac.new(cookie.encode(), b"heliograph form", hashlib.sha256).hexdigest()
            answer = site.http.post(
                f"/@{author.name}/unfollow",
                data={"csrf_token": token},
                headers={"Cookie": f"heliograph_session={cookie}"},
            )
            assert answer.status_code == 303, answer.text
        else:
            answer = fan.post(f"/api/v1/accounts/{author.id}/unfollow")
            assert (answer.status_code, answer.json()["following"]) == (200, False)
        assert fan.post(f"/api/v1/accounts/{author.id}/follow").status_code == 404
        asked = {"id[]": author.id}
        assert fan.get("/api/v1/accounts/relationships", params=asked).json() == []
        (relation,) = fan.get("/api/v1/accounts/relationships", params=asked | {"with_suspended": True}).json()
        assert relation["following"] is False
    assert fan.post(f"/api/v1/accounts/{int(fan.id) + 4}/unfollow").status_code == 404
