"""Lock, ask, remove, block, mute, note: through Mastodon.py, and what each of the two then sees."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest
from living_site import Person, Site, until
from mastodon import Mastodon, MastodonAPIError, MastodonNotFoundError

NEITHER = {
    "following": False, "showing_reblogs": False, "notifying": False, "languages": None, "followed_by": False,
    "blocking": False, "blocked_by": False, "muting": False, "muting_notifications": False, "muting_expires_at": None,
    "requested": False, "requested_by": False, "domain_blocking": False, "endorsed": False, "note": "",
}  # fmt: skip
ACTS = ["unfollow", "remove_from_followers", "block", "unblock", "mute", "unmute", "note"]


class Apps:
    """Mastodon.py as one person's app; sessions are closed at the end."""

    def __init__(self) -> None:
        self.opened: list[Mastodon] = []

    def of(self, person: Person) -> Mastodon:
        made = Mastodon(access_token=person.token, api_base_url=person.site.url)
        self.opened.append(made)
        return made


@pytest.fixture
def apps():
    made = Apps()
    yield made
    for each in made.opened:
        each.session.close()


def relation(one: Person, other: Person, **query: str) -> dict:
    (found,) = one.get("/api/v1/accounts/relationships", params={"id[]": other.id} | query).json()
    assert found.pop("id") == str(other.id)
    return found


def act(one: Person, verb: str, other: Person, **values: object) -> dict:
    answer = one.post(f"/api/v1/accounts/{other.id}/{verb}", json=values)
    assert answer.status_code == 200, answer.text
    shown = answer.json()
    assert shown.pop("id") == str(other.id)
    assert shown == relation(one, other)
    return shown


def ids_of(people: list) -> list[int]:
    return [int(each["id"]) for each in people]


def listed(one: Person, path: str, **query: object) -> list[int]:
    answer = one.get(path, params=query)
    assert answer.status_code == 200, answer.text
    return ids_of(answer.json())


def test_a_locked_account(site: Site, apps: Apps) -> None:
    ann, bob, cid = (site.person() for _ in range(3))
    hers, his = apps.of(ann), apps.of(bob)
    shown = hers.account_update_credentials(locked=True)
    assert (shown.locked, shown.source.follow_requests_count) == (True, 0)
    assert his.account(ann.id).locked
    secret = ann.publish("For followers", visibility="private")
    asked = his.account_follow(ann.id)
    assert (asked.following, asked.requested, asked.showing_reblogs) == (False, True, True)
    assert hers.account_relationships(bob.id)[0].requested_by
    act(cid, "follow", ann)
    assert hers.account_verify_credentials().source.follow_requests_count == 2
    first = hers.follow_requests(limit=1)
    assert ids_of(first) == [cid.id]
    assert ids_of(hers.fetch_next(first)) == [bob.id]
    assert his.follow_requests() == []
    assert his.timeline_home() == []
    assert ann.get(f"/api/v1/accounts/{ann.id}").json()["followers_count"] == 0
    granted = hers.follow_request_authorize(bob.id)
    assert (granted.followed_by, granted.requested_by) == (True, False)
    refused = hers.follow_request_reject(cid.id)
    assert (refused.followed_by, refused.requested_by) == (False, False)
    assert relation(cid, ann) == NEITHER
    assert ids_of(his.timeline_home()) == [int(secret["id"])]
    assert ann.get(f"/api/v1/accounts/{ann.id}").json()["followers_count"] == 1
    assert hers.account_verify_credentials().source.follow_requests_count == 0
    for word in (hers.follow_request_authorize, hers.follow_request_reject):
        for who in (bob.id, cid.id, 1):
            with pytest.raises(MastodonNotFoundError, match="Record not found"):
                word(who)
    # A removed follower sees nothing private from that moment.
    assert not hers.account_remove_from_followers(bob.id).followed_by
    assert his.timeline_home() == []
    assert bob.get(f"/api/v1/statuses/{secret['id']}").status_code == 404
    assert listed(bob, f"/api/v1/accounts/{ann.id}/statuses") == []
    # A request is taken back by unfollowing; who unlocks lets in who waits.
    assert his.account_follow(ann.id).requested
    assert not his.account_unfollow(ann.id).requested
    assert act(cid, "follow", ann)["requested"]
    hers.account_update_credentials(locked=False)
    until(lambda: relation(cid, ann)["following"])
    assert act(bob, "follow", ann)["following"]


def test_the_bell_and_reblogs(site: Site) -> None:
    ann, bob = site.person(), site.person()
    usual = NEITHER | {"following": True, "showing_reblogs": True}
    assert act(bob, "follow", ann) == usual
    assert act(bob, "follow", ann, notify=True) == usual | {"notifying": True}
    assert act(bob, "follow", ann, reblogs=False) == usual | {"notifying": True, "showing_reblogs": False}
    assert act(bob, "follow", ann, notify=False, reblogs=True, languages=[]) == usual
    refused = bob.post(f"/api/v1/accounts/{ann.id}/follow", json={"languages": ["en"]})
    assert (refused.status_code, "languages is not supported" in refused.json()["error"]) == (422, True)
    assert relation(bob, ann) == usual
    form = bob.post(f"/api/v1/accounts/{ann.id}/follow", data={"notify": "true", "reblogs": "0"}).json()
    assert (form["notifying"], form["showing_reblogs"]) == (True, False)


def test_blocks(site: Site, apps: Apps) -> None:
    ann, bob, cid = (site.person() for _ in range(3))
    for one, other in ((ann, bob), (bob, ann), (cid, ann), (ann, cid), (cid, bob), (bob, cid)):
        one.follow(other)
    hers, mine = ann.publish("Hers"), bob.publish("His")
    for fan in (bob, cid):
        fan.post(f"/api/v1/statuses/{hers['id']}/favourite")
    assert listed(bob, "/api/v1/favourites") == [int(hers["id"])]
    blocked = apps.of(ann).account_block(bob.id)
    assert (blocked.blocking, blocked.following, blocked.followed_by) == (True, False, False)
    assert relation(ann, bob) == NEITHER | {"blocking": True}
    assert relation(bob, ann) == NEITHER | {"blocked_by": True}
    for one, other, post in ((ann, bob, mine), (bob, ann, hers)):
        refused = one.post(f"/api/v1/accounts/{other.id}/follow")
        assert (refused.status_code, refused.json()["error"]) == (403, "This action is not allowed")
        assert one.get(f"/api/v1/accounts/{other.id}").status_code == 200
        assert one.get(f"/api/v1/statuses/{post['id']}").status_code == 404
        assert one.post(f"/api/v1/statuses/{post['id']}/favourite").status_code == 404
        for path in ("statuses", "followers", "following"):
            assert listed(one, f"/api/v1/accounts/{other.id}/{path}") == []
        for path in ("/api/v1/timelines/home", "/api/v1/timelines/public", "/api/v1/favourites"):
            assert int(post["id"]) not in listed(one, path)
        assert other.id not in listed(one, f"/api/v1/accounts/{cid.id}/followers")
        assert other.id not in listed(one, f"/api/v1/accounts/{cid.id}/following")
        site_of = one.get("/api/v1/accounts/familiar_followers", params={"id[]": other.id}).json()
        assert site_of == [{"id": str(other.id), "accounts": []}]
    # Who likes a post does not show the two to each other; a page that is empty by that leads on.
    path = f"/api/v1/statuses/{hers['id']}/favourited_by"
    assert listed(ann, path) == [cid.id]
    assert listed(cid, path) == [cid.id, bob.id]
    people = f"/api/v1/accounts/{cid.id}/followers"
    assert sorted(listed(site.anyone, people)) == sorted([ann.id, bob.id])
    walked, address = [], f"{people}?limit=1"
    while address:
        page = ann.get(address)
        walked.append(ids_of(page.json()))
        address = page.links.get("next", {}).get("url", "").removeprefix(site.url)
    assert sorted(walked) == [[], [], [ann.id]]
    # The list of whom one blocks has them; nothing comes back by unblocking.
    assert ids_of(apps.of(ann).blocks()) == [bob.id]
    assert listed(bob, "/api/v1/blocks") == []
    assert act(ann, "block", bob) == NEITHER | {"blocking": True}
    for _ in range(2):
        assert act(ann, "unblock", bob) == NEITHER
    assert listed(ann, "/api/v1/blocks") == []
    assert act(bob, "follow", ann)["following"]
    site.settled()
    counts = [ann.get(f"/api/v1/accounts/{each.id}").json() for each in (ann, bob, cid)]
    assert [(each["followers_count"], each["following_count"]) for each in counts] == [(2, 1), (1, 2), (2, 2)]


def test_mutes(site: Site, apps: Apps) -> None:
    ann, bob, cid = (site.person() for _ in range(3))
    ann.follow(bob)
    post = bob.publish("Loud")
    until(lambda: listed(ann, "/api/v1/timelines/home"))
    before = datetime.now(UTC)
    client = apps.of(ann)
    muted = client.account_mute(bob.id, notifications=False, duration=3600)
    assert (muted.muting, muted.muting_notifications, muted.following) == (True, False, True)
    ends = datetime.fromisoformat(relation(ann, bob)["muting_expires_at"])
    assert abs(ends - before - timedelta(seconds=3600)) < timedelta(seconds=30)
    assert act(ann, "mute", cid) == NEITHER | {"muting": True, "muting_notifications": True}
    assert listed(ann, "/api/v1/timelines/home") == []
    assert int(post["id"]) not in listed(ann, "/api/v1/timelines/public")
    assert listed(ann, f"/api/v1/accounts/{bob.id}/statuses") == [int(post["id"])], "whoever looks for them finds them"
    assert relation(bob, ann) == NEITHER | {"followed_by": True}, "and nobody can tell"
    first = client.mutes(limit=1)
    assert [(int(each.id), each.mute_expires_at) for each in first] == [(cid.id, None)]
    (second,) = client.fetch_next(first)
    assert (int(second.id), abs(second.mute_expires_at - ends) < timedelta(seconds=1)) == (bob.id, True)
    assert act(ann, "mute", bob, duration=0)["muting_expires_at"] is None
    assert not client.account_unmute(bob.id).muting
    assert listed(ann, "/api/v1/mutes") == [cid.id]
    assert listed(ann, "/api/v1/timelines/home") == [int(post["id"])]
    wrong = ann.post(f"/api/v1/accounts/{bob.id}/mute", json={"duration": -1})
    assert (wrong.status_code, wrong.json()["error"].startswith("Validation failed")) == (422, True)
    assert ann.post(f"/api/v1/accounts/{bob.id}/mute", json={"duration": "soon"}).status_code == 400


def test_notes_and_familiar_followers(site: Site, apps: Apps) -> None:
    ann, bob, cid = (site.person() for _ in range(3))
    client = apps.of(ann)
    assert client.account_note_set(bob.id, "met in Oslo").note == "met in Oslo"
    assert relation(bob, ann)["note"] == ""
    long = ann.post(f"/api/v1/accounts/{bob.id}/note", json={"comment": "x" * 2001})
    assert (long.status_code, long.json()["error"].startswith("Validation failed: Comment is too long")) == (422, True)
    assert act(ann, "note", bob)["note"] == ""
    ann.follow(bob)
    bob.follow(cid)
    found = client.account_familiar_followers([cid.id, bob.id])
    assert [(int(each.id), ids_of(each.accounts)) for each in found] == [(cid.id, [bob.id]), (bob.id, [])]
    assert found[0].accounts[0].username == bob.name
    apps.of(bob).account_update_credentials(hide_collections=True)
    assert bob.get(f"/api/v1/accounts/{bob.id}").json()["hide_collections"] is True
    assert ids_of(client.account_familiar_followers([cid.id])[0].accounts) == []
    for path in ("followers", "following"):
        assert listed(cid, f"/api/v1/accounts/{bob.id}/{path}") == []
    assert listed(bob, f"/api/v1/accounts/{bob.id}/following") == [cid.id]


def test_relationships(site: Site) -> None:
    ann, bob, cid = (site.person() for _ in range(3))
    asked = {"id[]": [cid.id, bob.id, bob.id, 1, "x"]}
    assert ids_of(ann.get("/api/v1/accounts/relationships", params=asked).json()) == [cid.id, bob.id]
    assert ann.get("/api/v1/accounts/relationships").json() == []
    site.run(site.product.suspension.suspend(cid.id))
    assert ids_of(ann.get("/api/v1/accounts/relationships", params=asked).json()) == [bob.id]
    assert relation(ann, cid, with_suspended="true") == NEITHER


def test_who_is_not_there_and_who_may_not(site: Site, ada: Person, grace: Person) -> None:
    for verb in [*ACTS, "follow"]:
        missing = ada.post(f"/api/v1/accounts/1/{verb}")
        assert (missing.status_code, missing.json()["error"]) == (404, "Record not found")
        assert site.anyone.post(f"/api/v1/accounts/{ada.id}/{verb}").status_code in (401, 422)
    reader = site.again(grace, "read")
    for verb in ACTS:
        answer = reader.post(f"/api/v1/accounts/{ada.id}/{verb}")
        assert (answer.status_code, "outside the authorized scopes" in answer.json()["error"]) == (403, True)
    for path in ("blocks", "mutes", "follow_requests"):
        assert reader.get(f"/api/v1/{path}").json() == []
        assert site.again(grace, "write").get(f"/api/v1/{path}").status_code == 403


def test_of_oneself(ada: Person) -> None:
    for verb in ("block", "mute"):
        assert act(ada, verb, ada) == NEITHER
    assert ada.post(f"/api/v1/accounts/{ada.id}/follow").status_code == 400


def test_mastodon_py_is_told_of_a_block(site: Site, apps: Apps) -> None:
    ann, bob = site.person(), site.person()
    act(ann, "block", bob)
    with pytest.raises(MastodonAPIError, match="This action is not allowed"):
        apps.of(bob).account_follow(ann.id)


def test_a_page_says_that_a_request_waits(site: Site) -> None:
    """The button of a locked account's page, for somebody without an app."""
    ann, bob = site.person(), site.person()
    ann.ask("PATCH", "/api/v1/accounts/update_credentials", json={"locked": True})
    cookie = site.run(site.product.sessions.start(bob.id, "x"))
    with httpx.Client(base_url=site.url, headers={"Cookie": f"heliograph_session={cookie}"}) as browser:
        assert f'action="/@{ann.name}/follow"' in browser.get(f"/@{ann.name}").text
        act(bob, "follow", ann)
        page = browser.get(f"/@{ann.name}").text
    assert f'action="/@{ann.name}/unfollow"' in page
    assert ">Requested</button>" in page
