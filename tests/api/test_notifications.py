"""Notifications, markers and conversations through Mastodon.py, and what is refused."""

import contextlib
from collections.abc import Iterator

import pytest
from living_site import Person, Site
from mastodon import Mastodon, MastodonNotFoundError

GROUP = {
    "group_key", "notifications_count", "type", "most_recent_notification_id", "page_min_id", "page_max_id",
    "latest_page_notification_at", "sample_account_ids", "status_id",
}  # fmt: skip
PARTIAL = {"id", "acct", "locked", "bot", "url", "avatar", "avatar_static"}


@pytest.fixture
def client(site: Site) -> Iterator:
    """Mastodon.py for a person."""
    with contextlib.ExitStack() as stack:

        def made(person: Person) -> Mastodon:
            client = Mastodon(access_token=person.token, api_base_url=site.url)
            stack.callback(client.session.close)
            return client

        yield made


def test_each_type(site, client, ada, grace):
    me, her = client(ada), client(grace)
    ada.post(f"/api/v1/accounts/{grace.id}/follow", json={"notify": True})
    own = me.status_post("Look at this")
    her.status_favourite(own)
    her.status_reblog(own)
    answer = her.status_reply(own, "Seen", untag=True)
    grace.follow(ada)
    news = her.status_post("And at this")
    site.settled()
    found = {each.type: each for each in me.notifications()}
    assert set(found) == {"favourite", "reblog", "mention", "follow", "status"}
    assert all(each.account.id == str(grace.id) for each in found.values())
    about = {"favourite": own.id, "reblog": own.id, "mention": answer.id, "status": news.id}
    assert {kind: found[kind].status.id for kind in about} == about
    assert found["favourite"].status.favourites_count == 1
    assert "status" not in ada.get(f"/api/v1/notifications/{found['follow'].id}").json()
    assert found["mention"]._mastopy_type == "Notification"
    assert me.notifications(id=found["reblog"].id).status.id == own.id
    assert [each.type for each in me.notifications(types=["follow", "poll"])] == ["follow"]
    assert me.notifications(types=["poll"]) == []
    assert {each.type for each in me.notifications(exclude_types=["follow", "status"])} == {
        "favourite",
        "reblog",
        "mention",
    }
    assert len(me.notifications(account_id=grace.id)) == 5
    assert me.notifications(account_id=ada.id) == []
    pages = me.fetch_remaining(me.notifications(limit=2))
    assert [each.id for each in pages] == [each.id for each in me.notifications()]
    assert me.notifications_unread_count().count == 5
    me.markers_set("notifications", me.notifications()[1])
    assert me.notifications_unread_count().count == 1
    her.status_unfavourite(own)
    site.settled()
    assert "favourite" not in {each.type for each in me.notifications()}
    me.notifications_dismiss(found["reblog"])
    assert "reblog" not in {each.type for each in me.notifications()}
    with pytest.raises(MastodonNotFoundError):
        me.notifications(id=found["reblog"].id)
    with pytest.raises(MastodonNotFoundError):
        me.notifications_dismiss(found["reblog"])
    assert ada.post("/api/v1/notifications/clear").json() == {}
    assert me.notifications() == []
    assert me.notifications_unread_count().count == 0


def test_a_request_to_follow(site, client, grace):
    locked = site.person()
    me = client(locked)
    me.account_update_credentials(locked=True)
    client(grace).account_follow(locked.id)
    site.settled()
    (asked,) = me.notifications()
    assert (asked.type, asked.account.id) == ("follow_request", str(grace.id))
    me.follow_request_authorize(grace.id)
    site.settled()
    assert [each.type for each in me.notifications()] == ["follow"]


def test_groups(site, client):
    author, *crowd = [site.person() for _ in range(4)]
    me = client(author)
    own = me.status_post("Everybody's")
    for each in crowd:
        client(each).status_favourite(own)
        site.settled()
        each.follow(author)
        site.settled()
    named = crowd[0].publish(f"@{author.name}!")
    site.settled()
    found = me.grouped_notifications(expand_accounts="full")
    mention, follows, likes = found.notification_groups
    assert [each.type for each in found.notification_groups] == ["mention", "follow", "favourite"]
    assert likes.notifications_count == 3
    assert likes.sample_account_ids == [str(each.id) for each in reversed(crowd)]
    assert (likes.status_id, mention.status_id) == (own.id, named["id"])
    assert {each.id for each in found.statuses} == {own.id, named["id"]}
    assert {each.id for each in found.accounts} == {str(each.id) for each in crowd}
    raw = author.get("/api/v2/notifications").json()
    assert [set(each) for each in raw["notification_groups"]] == [GROUP, GROUP - {"status_id"}, GROUP]
    assert all(isinstance(each["most_recent_notification_id"], str) for each in raw["notification_groups"])
    assert "partial_accounts" not in raw
    partial = author.get("/api/v2/notifications", params={"expand_accounts": "partial_avatars"}).json()
    assert [each["id"] for each in partial["accounts"]] == [str(crowd[0].id), str(crowd[2].id)]
    assert [set(each) for each in partial["partial_accounts"]] == [PARTIAL]
    assert me.unread_grouped_notifications_count() == 3
    assert me.unread_grouped_notifications_count(grouped_types=["follow"]) == 5
    apart = me.grouped_notifications(grouped_types=["favourite"], limit=10).notification_groups
    assert [each.group_key.partition("-")[0] for each in apart].count("ungrouped") == 4
    one = me.grouped_notification(likes.group_key)
    assert one.notification_groups[0].notifications_count == 3
    assert "page_min_id" not in author.get(f"/api/v2/notifications/{likes.group_key}").json()["notification_groups"][0]
    assert [each.id for each in me.grouped_notification_accounts(likes.group_key)] == likes.sample_account_ids
    by_one = author.get("/api/v2/notifications", params={"limit": 1})
    assert 'rel="next"' in by_one.headers["link"]
    assert [each["type"] for each in by_one.json()["notification_groups"]] == ["mention"]
    me.dismiss_grouped_notification(likes.group_key)
    assert [each.type for each in me.grouped_notifications().notification_groups] == ["mention", "follow"]
    assert author.get(f"/api/v2/notifications/{likes.group_key}").status_code == 404
    assert author.get("/api/v2/notifications", params={"expand_accounts": "some"}).status_code == 400
    assert follows.group_key.startswith("follow-")


def test_markers(client, ada):
    me = client(ada)
    post = me.status_post("Read up to here")
    made = me.markers_set(["home", "notifications"], [post, 3])
    assert made["home"].last_read_id == post.id
    assert me.markers_get("home")["home"].last_read_id == post.id
    again = me.markers_set("home", 7)["home"]
    assert again.version == made["home"].version + 1
    assert set(me.markers_get(["home", "notifications"])) == {"home", "notifications"}
    form = {"home[last_read_id]": "9", "lists[last_read_id]": "1"}
    assert set(ada.post("/api/v1/markers", data=form).json()) == {"home"}
    assert ada.get("/api/v1/markers").json() == {}
    assert ada.get("/api/v1/markers?timeline[]=elsewhere").json() == {}
    assert ada.get("/api/v1/markers?timeline[]=home").json()["home"]["last_read_id"] == "9"
    assert ada.post("/api/v1/markers", json={"home": {"last_read_id": "here"}}).status_code == 400
    assert ada.post("/api/v1/markers", json={}).json() == {}


def test_conversations(site, client):
    one, other = site.person(), site.person()
    me, them = client(one), client(other)
    first = them.status_post(f"@{one.name} between us", visibility="direct")
    site.settled()
    (talk,) = me.conversations()
    assert (talk.unread, talk.last_status.id) == (True, first.id)
    assert [each.id for each in talk.accounts] == [str(other.id)]
    assert me.conversations_read(talk).unread is False
    assert one.post(f"/api/v1/conversations/{talk.id}/unread").json()["unread"] is True
    second = me.status_reply(first, "Yes?", visibility="direct")
    site.settled()
    (talk,) = me.conversations()
    assert (talk.unread, talk.last_status.id) == (False, second.id)
    assert me.notifications()[0].status.id == first.id
    for path in (f"/api/v1/conversations/{talk.id}/read", "/api/v1/conversations/x/read"):
        answer = other.post(path)
        assert (answer.status_code, answer.json()["error"]) == (404, "Record not found")
    assert one.ask("DELETE", f"/api/v1/conversations/{talk.id}").json() == {}
    assert me.conversations() == []
    assert one.ask("DELETE", f"/api/v1/conversations/{talk.id}").status_code == 404
    assert len(them.conversations()) == 1


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("GET", "/api/v1/notifications", "read:notifications"),
        ("GET", "/api/v2/notifications", "read:notifications"),
        ("POST", "/api/v1/notifications/clear", "write:notifications"),
        ("GET", "/api/v1/markers", "read:statuses"),
        ("POST", "/api/v1/markers", "write:statuses"),
        ("GET", "/api/v1/conversations", "read:statuses"),
        ("POST", "/api/v1/conversations/1/read", "write:conversations"),
    ],
)
def test_scopes(site, stranger, method, path, scope):
    assert site.anyone.ask(method, path).json() == {
        "error": "The access token is invalid", "error_description": "The access token is invalid",
    }  # fmt: skip
    assert site.again(stranger, "read:lists", "write:lists").ask(method, path).status_code == 403
    assert site.again(stranger, scope).ask(method, path).status_code in (200, 404)


def test_nobody_reads_what_another_is_told(site, ada, grace, stranger):
    named = grace.publish(f"@{ada.name} psst", visibility="direct")
    site.settled()
    (found,) = [
        each for each in ada.get("/api/v1/notifications").json() if each.get("status", {}).get("id") == named["id"]
    ]
    for path in (f"/api/v1/notifications/{found['id']}", f"/api/v2/notifications/ungrouped-{found['id']}"):
        assert ada.get(path).status_code == 200
        assert stranger.get(path).status_code == 404
        assert grace.get(path).status_code == 404
    assert stranger.post(f"/api/v1/notifications/{found['id']}/dismiss").status_code == 404
    assert ada.get(f"/api/v1/notifications/{found['id']}").status_code == 200
