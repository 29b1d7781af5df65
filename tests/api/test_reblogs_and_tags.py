"""Sharing posts, hashtags and who follows them, as Mastodon.py and plain requests see it."""

import itertools

import pytest
from living_site import Person, Site, until
from mastodon import Mastodon, MastodonAPIError, MastodonNotFoundError

_words = itertools.count(1)


def word() -> str:
    """A hashtag that nobody has used."""
    return f"tag{next(_words)}"


def client(who: Person) -> Mastodon:
    return Mastodon(access_token=who.token, api_base_url=who.site.url, version_check_mode="none")


def idents(statuses: list) -> list[str]:
    return [str(each["id"]) for each in statuses]


def test_a_reblog_and_its_end(ada: Person, grace: Person) -> None:
    post = ada.publish("to be shared")
    app = client(grace)
    wrapper = app.status_reblog(post["id"])
    assert str(wrapper.reblog.id) == post["id"]
    assert (wrapper.reblog.reblogged, wrapper.reblog.reblogs_count, wrapper.visibility) == (True, 1, "public")
    assert str(wrapper.account.id) == str(grace.id)
    assert app.status_reblog(wrapper.id).id == wrapper.id, "again, and by its own id: the same"
    assert str(app.timeline_home()[0].reblog.id) == post["id"]
    assert [str(each.id) for each in client(ada).status_reblogged_by(post["id"])] == [str(grace.id)]
    original = app.status_unreblog(post["id"])
    assert (str(original.id), original.reblogged, original.reblogs_count) == (post["id"], False, 0)
    assert str(app.status_unreblog(post["id"]).id) == post["id"], "twice is once"
    with pytest.raises(MastodonNotFoundError):
        app.status(wrapper.id)


def test_what_is_done_to_a_reblog_is_done_to_the_original(ada: Person, grace: Person) -> None:
    post = ada.publish("proper")
    wrapper = grace.post(f"/api/v1/statuses/{post['id']}/reblog").json()
    app = client(ada)
    assert app.status_favourite(wrapper["id"]).reblog.favourited is True
    assert app.status(post["id"]).favourites_count == 1
    assert app.status_bookmark(wrapper["id"])
    assert app.status(post["id"]).bookmarked is True
    answer = app.status_post("to it", in_reply_to_id=wrapper["id"])
    assert str(answer.in_reply_to_id) == post["id"]
    assert grace.ask("DELETE", f"/api/v1/statuses/{wrapper['id']}").status_code == 200
    assert client(grace).status(post["id"]).reblogged is False
    assert grace.get(f"/api/v1/statuses/{wrapper['id']}").status_code == 404
    again = grace.post(f"/api/v1/statuses/{post['id']}/reblog").json()
    assert ada.ask("DELETE", f"/api/v1/statuses/{post['id']}").status_code == 200
    assert grace.get(f"/api/v1/statuses/{again['id']}").status_code == 404


@pytest.mark.parametrize(("visibility", "status"), [("private", 404), ("direct", 404), ("unlisted", 200)])
def test_which_posts_can_be_shared(ada: Person, grace: Person, visibility: str, status: int) -> None:
    ada.follow(grace)
    post = grace.publish("mine", visibility=visibility)
    answer = ada.post(f"/api/v1/statuses/{post['id']}/reblog")
    assert answer.status_code == status
    if status == 404:
        assert answer.json()["error"] == "Record not found"


def test_how_a_reblog_is_shown(ada: Person, grace: Person, stranger: Person) -> None:
    post = ada.publish("as it likes")
    refused = grace.post(f"/api/v1/statuses/{post['id']}/reblog", json={"visibility": "direct"})
    assert (refused.status_code, refused.json()["error"]) == (422, "Validation failed: Visibility is reserved")
    assert grace.post(f"/api/v1/statuses/{post['id']}/reblog", json={"visibility": "all"}).status_code == 422
    made = grace.post(f"/api/v1/statuses/{post['id']}/reblog", data={"visibility": "private"}).json()
    assert (made["visibility"], made["reblog"]["visibility"], made["reblog"]["reblogs_count"]) == (
        "private",
        "public",
        0,
    )
    assert stranger.get(f"/api/v1/statuses/{made['id']}").status_code == 404
    assert stranger.get(f"/api/v1/statuses/{post['id']}/reblogged_by").json() == []
    page = grace.get(f"/api/v1/accounts/{grace.id}/statuses", params={"exclude_reblogs": "true"}).json()
    assert made["id"] not in idents(page)


def test_pages_show_what_is_shared(ada: Person, grace: Person) -> None:
    post = ada.publish(f"on a page of {word()}")
    wrapper = grace.post(f"/api/v1/statuses/{post['id']}/reblog").json()
    nobody = Person(ada.site)
    where = f"/@{ada.name}/{post['id']}"
    for path in (f"/p/{wrapper['id']}", f"/@{grace.name}/{wrapper['id']}"):
        assert nobody.get(path).headers["location"] == where


def test_who_shared_it_in_pages(ada: Person, grace: Person, stranger: Person) -> None:
    post = ada.publish("liked by many")
    for each in (grace, stranger):
        assert each.post(f"/api/v1/statuses/{post['id']}/reblog").status_code == 200
    first = ada.get(f"/api/v1/statuses/{post['id']}/reblogged_by", params={"limit": 1})
    assert idents(first.json()) == [str(stranger.id)]
    second = ada.site.http.get(first.links["next"]["url"])
    assert idents(second.json()) == [str(grace.id)]
    ada.post(f"/api/v1/accounts/{stranger.id}/block")
    assert idents(ada.get(f"/api/v1/statuses/{post['id']}/reblogged_by").json()) == [str(grace.id)]
    assert stranger.get(f"/api/v1/statuses/{post['id']}/reblogged_by").status_code == 404


def test_the_timeline_of_a_hashtag(ada: Person, grace: Person) -> None:
    tag, other = word(), word()
    plain = ada.publish(f"one #{tag.upper()}")["id"]
    both = grace.publish(f"two #{tag} #{other}")["id"]
    only_other = grace.publish(f"three #{other}")["id"]
    photo = ada.publish(f"#{tag}", media_ids=[ada.photo()["id"]])["id"]
    for visibility in ("unlisted", "private", "direct"):
        ada.publish(f"no #{tag}", visibility=visibility)
    app = client(ada)
    assert idents(app.timeline_hashtag(tag)) == [photo, both, plain]
    assert idents(app.timeline_hashtag(tag.upper(), only_media=True)) == [photo]

    def asked(**query: object) -> list[str]:
        return idents(ada.get(f"/api/v1/timelines/tag/{tag}", params=query).json())

    assert asked(**{"any[]": [other]}) == [photo, only_other, both, plain]
    assert asked(**{"all[]": [other]}) == [both]
    assert asked(**{"none[]": [other.upper()]}) == [photo, plain]
    assert asked(remote="true") == []
    assert asked(local="true", limit=2) == [photo, both]
    assert asked(max_id=both) == [plain]
    assert asked(min_id=plain, limit=1) == [both]
    assert asked(since_id=plain, limit=1) == [photo]
    nobody = Person(ada.site)
    assert idents(nobody.get(f"/api/v1/timelines/tag/{tag}").json()) == [photo, both, plain]
    assert nobody.get(f"/api/v1/timelines/tag/{word()}").json() == []
    assert nobody.get("/api/v1/timelines/tag/not%20one").status_code == 404
    assert both in nobody.get(f"/tags/{tag}").text


def test_edits_and_deletions_reach_the_hashtags(ada: Person) -> None:
    old, new = word(), word()
    post = ada.publish(f"#{old}")["id"]

    def under(tag: str) -> list[str]:
        return idents(ada.get(f"/api/v1/timelines/tag/{tag}").json())

    assert ada.ask("PUT", f"/api/v1/statuses/{post}", json={"status": f"#{new}"}).status_code == 200
    assert (under(old), under(new)) == ([], [post])
    ada.ask("DELETE", f"/api/v1/statuses/{post}")
    assert under(new) == []


def test_a_followed_hashtag_is_at_home(stranger: Person, grace: Person) -> None:
    tag = word()
    before = grace.publish(f"before #{tag}")["id"]
    app = client(stranger)
    assert app.tag(tag).following is False
    followed = app.tag_follow(tag.upper())
    assert (followed.name, followed.following) == (tag, True)
    assert int(followed.history[0]["uses"]) == 1
    assert before in idents(app.timeline_home())
    after = grace.publish(f"after #{tag}")["id"]
    until(lambda: after in idents(app.timeline_home()))
    assert next(each.name for each in app.followed_tags()) == tag
    assert app.tag_unfollow(tag).following is False
    assert not {before, after} & set(idents(app.timeline_home()))
    assert tag not in [each.name for each in app.followed_tags()]


def test_followed_hashtags_in_pages(stranger: Person) -> None:
    tags = [word() for _ in range(3)]
    for tag in tags:
        assert stranger.post(f"/api/v1/tags/{tag}/follow").json()["following"] is True
    first = stranger.get("/api/v1/followed_tags", params={"limit": 2})
    assert [each["name"] for each in first.json()] == tags[:0:-1]
    second = stranger.site.http.get(first.links["next"]["url"], headers={"Authorization": f"Bearer {stranger.token}"})
    assert [each["name"] for each in second.json()] == tags[:1]


@pytest.mark.parametrize("path", ["tags/12/follow", "tags/a%20b", "tags/12/feature", "tags/" + "x" * 300])
def test_what_is_no_hashtag(ada: Person, path: str) -> None:
    method = "POST" if path.endswith(("follow", "feature")) else "GET"
    answer = ada.ask(method, f"/api/v1/{path}")
    assert (answer.status_code, answer.json()["error"]) == (404, "Record not found")


def test_a_hashtag_that_is_too_long_to_be_listed(ada: Person) -> None:
    assert ada.publish("#" + "x" * 1500)["tags"] is not None


def test_featured_hashtags(site: Site, stranger: Person) -> None:
    tags = [word() for _ in range(12)]
    app = client(stranger)
    stranger.publish(f"#{tags[0]} #{tags[1]}")
    stranger.publish(f"#{tags[0]}")
    assert [each.name for each in app.featured_tag_suggestions()] == tags[:2]
    made = app.featured_tag_create(tags[0])
    assert (made.name, int(made.statuses_count)) == (tags[0], 2)
    assert made.last_status_at is not None
    (shown,) = Person(site).get(f"/api/v1/accounts/{stranger.id}/featured_tags").json()
    assert shown["id"] == str(made.id)
    assert shown["url"] == f"{site.url}/@{stranger.name}/tagged/{tags[0]}"
    assert Person(site).get(f"/@{stranger.name}/tagged/{tags[0]}").status_code == 200
    assert [each.name for each in app.featured_tag_suggestions()] == [tags[1]]
    with pytest.raises(MastodonAPIError, match="Tag has already been taken"):
        app.featured_tag_create(tags[0])
    with pytest.raises(MastodonAPIError, match="Tag is invalid"):
        app.featured_tag_create("12")
    assert app.tag(tags[0]).featuring is True
    for tag in [tags[0], *tags[1:10]]:
        assert stranger.post(f"/api/v1/tags/{tag}/feature").json()["featuring"] is True
    full = stranger.post("/api/v1/featured_tags", json={"name": tags[10]})
    assert full.status_code == 422
    assert full.json()["error"] == "Validation failed: You have already featured the maximum number of hashtags"
    assert [each.name for each in app.featured_tags()] == tags[:10]
    unused = app.featured_tags()[5]
    assert (int(unused.statuses_count), unused.last_status_at) == (0, None)
    app.featured_tag_delete(made.id)
    assert stranger.ask("DELETE", f"/api/v1/featured_tags/{made.id}").status_code == 404
    assert stranger.post(f"/api/v1/tags/{tags[1]}/unfeature").json()["featuring"] is False
    assert [each.name for each in app.featured_tags()] == tags[2:10]


def test_a_share_of_what_one_may_no_longer_see_can_be_taken_back(site: Site) -> None:
    author, sharer = site.person(), site.person()
    post = author.publish("Shared")["id"]
    share = sharer.post(f"/api/v1/statuses/{post}/reblog").json()["id"]
    author.post(f"/api/v1/accounts/{sharer.id}/block")
    assert sharer.ask("DELETE", f"/api/v1/statuses/{share}").status_code == 404
    assert site.anyone.get(f"/api/v1/statuses/{post}").json()["reblogs_count"] == 0
    assert site.anyone.get(f"/api/v1/accounts/{sharer.id}/statuses").json() == []
