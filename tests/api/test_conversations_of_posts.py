"""Answering, editing, keeping, pinning: Mastodon.py against a living site, and the requests that it cannot make."""

from collections.abc import Iterator

import pytest
from living_site import Person, Site
from mastodon import Mastodon

PINNED_AT_MOST = 5


@pytest.fixture(scope="module")
def me(site: Site, ada: Person) -> Iterator[Mastodon]:
    made = Mastodon(access_token=ada.token, api_base_url=site.url)
    yield made
    made.session.close()


@pytest.fixture(scope="module")
def her(site: Site, grace: Person) -> Iterator[Mastodon]:
    made = Mastodon(access_token=grace.token, api_base_url=site.url)
    yield made
    made.session.close()


def idents(posts) -> list[str]:
    return [str(post["id"]) for post in posts]


def test_answering(me, her, ada, site):
    root = me.status_post("What a light")
    reply = her.status_reply(root, "Indeed", visibility="public")
    assert (reply.in_reply_to_id, reply.in_reply_to_account_id) == (root.id, root.account.id)
    assert [mention.username for mention in reply.mentions] == [ada.name]
    again = me.status_reply(reply, "Is it not", visibility="unlisted")
    hidden = her.status_post("Between us", in_reply_to_id=root, visibility="private")
    me.status_post("Mine", in_reply_to_id=root)
    assert me.status(root).replies_count == 2, "what not everybody may see is not counted"
    context = me.status_context(reply)
    assert (idents(context.ancestors), idents(context.descendants)) == ([str(root.id)], [str(again.id)])
    below = idents(her.status_context(root).descendants)
    assert below[1:] == [str(each.id) for each in (reply, again, hidden)]
    assert str(hidden.id) not in idents(me.status_context(root).descendants)
    open_to_all = site.anyone.get(f"/api/v1/statuses/{root.id}/context").json()
    assert idents(open_to_all["descendants"]) == [each for each in below if each != str(hidden.id)]
    her.status_delete(reply)
    assert me.status(root).replies_count == 1
    assert idents(me.status_context(again).ancestors) == [str(root.id)]


def test_what_cannot_be_answered(ada, grace):
    private = grace.publish("Mine", visibility="private")["id"]
    for answered in (private, "1", "x", "99999999999999999999"):
        answer = ada.post("/api/v1/statuses", json={"status": "Hm", "in_reply_to_id": answered})
        assert (answer.status_code, answer.json()["error"]) == (404, "Record not found"), answered
    assert ada.publish("Alone", in_reply_to_id="")["in_reply_to_id"] is None


@pytest.mark.parametrize("name", ["scheduled_at", "poll", "quoted_status_id"])
def test_what_is_not_supported_is_refused(ada, name):
    answer = ada.post("/api/v1/statuses", json={"status": "Later", name: "2030-01-01"})
    assert answer.status_code == 422
    assert name in answer.json()["error"]


def test_the_key_of_a_deleted_post_publishes_anew(ada):
    key = {"Idempotency-Key": "once"}
    first = ada.post("/api/v1/statuses", json={"status": "One"}, headers=key).json()["id"]
    assert ada.post("/api/v1/statuses", json={"status": "One"}, headers=key).json()["id"] == first
    assert ada.ask("DELETE", f"/api/v1/statuses/{first}").status_code == 200
    anew = ada.post("/api/v1/statuses", json={"status": "One"}, headers=key).json()["id"]
    assert anew != first
    assert ada.get(f"/api/v1/statuses/{anew}").status_code == 200


def test_editing(me, her, ada, grace, site):
    photos = [ada.photo(description=text)["id"] for text in ("one", "two")]
    post = me.status_post("First #words", media_ids=photos, language="en")
    assert [edit.content for edit in her.status_history(post)] == [post.content]
    edited = me.status_update(
        post,
        f"Second #thoughts @{grace.name}",
        spoiler_text="Think",
        media_ids=[photos[1], photos[0]],
    )
    assert "Second" in edited.content
    assert (edited.spoiler_text, edited.sensitive, edited.id) == ("Think", True, post.id)
    assert [(str(each.id), each.description) for each in edited.media_attachments] == [
        (photos[1], "two"),
        (photos[0], "one"),
    ]
    assert [tag.name for tag in edited.tags] == ["thoughts"]
    assert [mention.username for mention in edited.mentions] == [grace.name]
    assert her.status(post).edited_at == edited.edited_at
    history = her.status_history(post)
    assert [edit.spoiler_text for edit in history] == ["", "Think"]
    assert [str(each.id) for each in history[0].media_attachments] == photos
    assert (history[0].created_at, history[1].created_at) == (post.created_at, edited.edited_at)
    assert history[1].account.id == post.account.id
    # Mastodon.py takes the photos in no particular order here, so there is one.
    changes = [me.generate_media_edit_attributes(photos[0], description="un", focus=(0.5, -0.25))]
    [photo] = me.status_update(post, "Third", media_attributes=changes).media_attachments
    assert (str(photo.id), photo.description, photo.meta.focus.x) == (photos[0], "un", 0.5)
    source = me.status_source(post)
    assert (source.text, source.spoiler_text) == ("Third", ""), "a warning that is left out goes"
    assert site.anyone.get(f"/api/v1/statuses/{post.id}/source").status_code == 401
    assert len(site.anyone.get(f"/api/v1/statuses/{post.id}/history").json()) == 3


def test_editing_by_form(ada):
    first, second = [ada.photo()["id"] for _ in range(2)]
    post = ada.publish("Words", media_ids=[first, second])["id"]
    form = {
        "media_ids[]": [second],
        "media_attributes[][id]": second,
        "media_attributes[][description]": "a hill",
        "sensitive": "on",
    }
    edited = ada.ask("PUT", f"/api/v1/statuses/{post}", data=form).json()
    assert [(each["id"], each["description"]) for each in edited["media_attachments"]] == [(second, "a hill")]
    assert edited["sensitive"] is True
    assert "Words" in edited["content"], "what is not given stays as it is"
    without = ada.ask("PUT", f"/api/v1/statuses/{post}", data={"media_ids[]": [""], "status": "Only words"}).json()
    assert without["media_attachments"] == []
    assert len(ada.get(f"/api/v1/statuses/{post}/history").json()) == 3
    nothing = ada.ask("PUT", f"/api/v1/statuses/{post}", json={"status": "Only words"}).json()
    assert nothing["edited_at"] == without["edited_at"]


def test_a_warning_that_is_left_out_goes(ada):
    post = ada.publish("A spider", spoiler_text="spiders")["id"]
    kept = ada.ask("PUT", f"/api/v1/statuses/{post}", json={"sensitive": True}).json()
    assert kept["spoiler_text"] == "spiders"
    gone = ada.ask("PUT", f"/api/v1/statuses/{post}", json={"status": "A flower"}).json()
    assert gone["spoiler_text"] == ""


def test_what_cannot_be_edited(ada, grace):
    post = grace.publish("Hers")["id"]
    private = grace.publish("Hers alone", visibility="private")["id"]
    for ident in (post, private, "1", "x"):
        answer = ada.ask("PUT", f"/api/v1/statuses/{ident}", json={"status": "Mine"})
        assert (answer.status_code, answer.json()["error"]) == (404, "Record not found")
    for way in ("history", "source"):
        assert ada.get(f"/api/v1/statuses/{private}/{way}").status_code == 404
    own = ada.publish("Mine")["id"]
    answer = ada.ask("PUT", f"/api/v1/statuses/{own}", json={"status": " "})
    assert (answer.status_code, answer.json()["error"]) == (422, "Validation failed: Text can't be blank")
    assert ada.ask("PUT", f"/api/v1/statuses/{own}", json={"poll": {"options": ["a", "b"]}}).status_code == 422


def test_bookmarks(me, her, site, ada):
    posts = [her.status_post(f"Post {number}") for number in range(3)]
    for at in (1, 2, 0):
        assert me.status_bookmark(posts[at]).bookmarked is True
    assert [each.id for each in me.bookmarks(limit=3)] == [posts[at].id for at in (0, 2, 1)]
    pages = me.bookmarks(limit=1)
    assert [each.id for each in me.fetch_next(pages)] == [posts[2].id]
    assert me.status_unbookmark(posts[2]).bookmarked is False
    her.status_delete(posts[0])
    assert [each.id for each in me.bookmarks()] == [posts[1].id]
    assert her.bookmarks() == []
    assert ada.post(f"/api/v1/statuses/{posts[0].id}/bookmark").status_code == 404
    assert site.anyone.get("/api/v1/bookmarks").status_code == 401


def test_pins(me, her, ada, site):
    posts = [me.status_post(f"Pin {number}") for number in range(PINNED_AT_MOST + 1)]
    for post in posts[:PINNED_AT_MOST]:
        assert me.status_pin(post).pinned is True
    full = ada.post(f"/api/v1/statuses/{posts[-1].id}/pin")
    assert full.status_code == 422
    assert full.json()["error"] == "Validation failed: You have already pinned the maximum number of posts"
    pinned = [each.id for each in reversed(posts[:PINNED_AT_MOST])]
    assert [each.id for each in her.account_statuses(ada.id, pinned=True)] == pinned
    assert me.status_unpin(posts[0]).pinned is False
    path = f"/api/v1/accounts/{ada.id}/statuses"
    assert len(site.anyone.get(path, params={"pinned": "true"}).json()) == PINNED_AT_MOST - 1
    assert me.instance().configuration.accounts.max_pinned_statuses == PINNED_AT_MOST


def test_what_cannot_be_pinned(ada, grace):
    hers = grace.publish("Hers")["id"]
    shared = ada.post(f"/api/v1/statuses/{hers}/reblog").json()["id"]
    direct = ada.publish("Psst", visibility="direct")["id"]
    for ident, why in (
        (hers, "Someone else's post cannot be pinned"),
        (shared, "A boost cannot be pinned"),
        (direct, "Posts that are only visible to mentioned users cannot be pinned"),
    ):
        answer = ada.post(f"/api/v1/statuses/{ident}/pin")
        assert (answer.status_code, answer.json()["error"]) == (422, f"Validation failed: {why}")


def test_what_of_an_account_is_shown(stranger, grace):
    alone = stranger.publish("Alone #light")["id"]
    photo = stranger.publish("Photo", media_ids=[stranger.photo()["id"]])["id"]
    to_her = stranger.publish("To her", in_reply_to_id=grace.publish("Hers")["id"])["id"]
    to_me = stranger.publish("To me", in_reply_to_id=alone)["id"]
    shared = stranger.post(f"/api/v1/statuses/{grace.publish('Hers')['id']}/reblog").json()["id"]

    def shown(**only: str) -> list[str]:
        return idents(grace.get(f"/api/v1/accounts/{stranger.id}/statuses", params=only).json())

    assert shown() == [shared, to_me, to_her, photo, alone]
    assert shown(exclude_replies="true") == [shared, to_me, photo, alone]
    assert shown(exclude_reblogs="1") == [to_me, to_her, photo, alone]
    assert shown(exclude_replies="true", exclude_reblogs="true") == [to_me, photo, alone]
    assert shown(only_media="true") == [photo]
    assert shown(tagged="Light") == [alone]


def test_marks_on_what_one_may_no_longer_see_can_be_taken_back(site):
    author, reader = site.person(), site.person()
    post = author.publish("Liked and kept")["id"]
    for mark in ("favourite", "bookmark"):
        assert reader.post(f"/api/v1/statuses/{post}/{mark}").status_code == 200
    author.post(f"/api/v1/accounts/{reader.id}/block")
    for unmark in ("unfavourite", "unbookmark"):
        assert reader.post(f"/api/v1/statuses/{post}/{unmark}").status_code == 404
    assert site.anyone.get(f"/api/v1/statuses/{post}").json()["favourites_count"] == 0
    author.post(f"/api/v1/accounts/{reader.id}/unblock")
    seen = reader.get(f"/api/v1/statuses/{post}").json()
    assert (seen["favourited"], seen["bookmarked"]) == (False, False)
