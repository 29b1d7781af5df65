"""Mastodon.py, unmodified, as a person's client, from registering itself to deleting a post."""

import html
import io
import re
import time
from collections.abc import Iterator
from itertools import pairwise
from types import SimpleNamespace

import httpx
import pytest
from living_site import PASSWORD, Person, Site, jpeg, until
from mastodon import Mastodon, MastodonIllegalArgumentError, MastodonNotFoundError
from PIL import Image

OOB = "urn:ietf:wg:oauth:2.0:oob"
SCOPES = ["read", "write", "follow", "push"]
REDDISH = 150


def register(site: Site) -> Mastodon:
    client_id, secret = Mastodon.create_app("Mastodon.py", scopes=SCOPES, redirect_uris=OOB, api_base_url=site.url)
    return Mastodon(client_id, secret, api_base_url=site.url)


def logged_in(site: Site, person: Person) -> Mastodon:
    return Mastodon(access_token=person.token, api_base_url=site.url)


@pytest.fixture(scope="module")
def me(site: Site, ada: Person) -> Iterator[Mastodon]:
    made = logged_in(site, ada)
    yield made
    made.session.close()


@pytest.fixture(scope="module")
def her(site: Site, grace: Person) -> Iterator[Mastodon]:
    made = logged_in(site, grace)
    yield made
    made.session.close()


@pytest.fixture
def _quick_polls(monkeypatch):
    """Mastodon.py looks every five seconds whether a photo is ready."""
    monkeypatch.setattr("mastodon.media.time", SimpleNamespace(sleep=lambda _: time.sleep(0.05)))


@pytest.fixture(scope="module")
def real_photo(test_data):
    """The bytes of a real photo by its name."""
    return lambda name: (test_data / "photos" / name).read_bytes()


def form_of(page: str) -> dict[str, str]:
    """The hidden fields of the page's last form."""
    last = page[page.rindex("<form") :]
    hidden = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', last)
    return {name: html.unescape(value) for name, value in hidden}


def test_code_flow(site, grace):
    client = register(site)
    address = client.auth_request_url(scopes=SCOPES, redirect_uris=OOB, allow_http=True)
    with httpx.Client(base_url=site.url, headers={"Origin": site.url}) as browser:
        fields = form_of(browser.get("/auth/sign_in").text)
        browser.post("/auth/sign_in", data=fields | {"name": grace.name, "password": PASSWORD})
        fields = form_of(browser.get(address).text)
        shown = browser.post("/oauth/authorize", data=fields | {"decision": "allow"})
    code = re.search(r'value="([\w.-]{20,})"', shown.text)
    assert code, shown.text
    client.log_in(code=code[1], redirect_uri=OOB, scopes=SCOPES, allow_http=True)
    assert client.account_verify_credentials().username == grace.name
    client.session.close()


def test_password_grant(site, ada):
    client = register(site)
    client.log_in(ada.name, PASSWORD, scopes=SCOPES, allow_http=True)
    assert client.me().id == str(ada.id)
    with pytest.raises(MastodonIllegalArgumentError):
        client.log_in(ada.name, "not the password", scopes=SCOPES, allow_http=True)
    client.session.close()


def test_profile(site, her, grace):
    changed = her.account_update_credentials(
        display_name="Grace H. 🚢",
        note="Compilers & #ships",
        avatar=jpeg(300, 300, "red"),
        avatar_mime_type="image/jpeg",
        header=jpeg(1500, 500, "navy"),
        header_mime_type="image/jpeg",
        fields=[("Rank", "Rear admiral"), ("Site", "https://example.org/x")],
        bot=False,
        discoverable=True,
        default_privacy="unlisted",
        default_sensitive=True,
        default_language="de",
    )
    assert changed.display_name == "Grace H. 🚢"
    assert "Compilers &amp; " in changed.note
    assert [field.name for field in changed.fields] == ["Rank", "Site"]
    assert 'href="https://example.org/x"' in changed.fields[1].value
    assert (changed.source.privacy, changed.source.sensitive, changed.source.language) == ("unlisted", True, "de")
    assert changed.source.note == "Compilers & #ships"
    avatar = httpx.get(changed.avatar)
    assert avatar.headers["content-type"] == "image/webp"
    red, _, blue = Image.open(io.BytesIO(avatar.content)).convert("RGB").getpixel((50, 50))
    assert red > REDDISH > blue
    preferences = her.preferences()
    assert preferences["posting:default:visibility"] == "unlisted"
    # Mastodon.py says sensitive=false unless told otherwise.
    post = grace.publish("By default")
    assert (post["visibility"], post["sensitive"], post["language"]) == ("unlisted", True, "de")
    seen = her.account_verify_credentials()
    assert (seen.display_name, seen.avatar) == (changed.display_name, changed.avatar)
    cleared = her.account_update_credentials(
        note="", fields=[("Only", "one")], default_privacy="public", default_sensitive=False
    )
    assert (cleared.note, [field.name for field in cleared.fields]) == ("", ["Only"])
    before = [name for name in site.stored() if name.startswith("media/") or "/" in name]
    her.account_update_credentials(avatar=jpeg(64, 64, "blue"), avatar_mime_type="image/jpeg")
    until(lambda: len([name for name in site.stored() if "/" in name]) == len(before))
    assert httpx.get(changed.avatar).status_code == httpx.codes.NOT_FOUND
    with pytest.raises(Exception, match="indexable is not supported"):
        her.account_update_credentials(indexable=True)


def no_metadata(url: str) -> Image.Image:
    picture = Image.open(io.BytesIO(httpx.get(url).content))
    picture.load()
    assert not picture.getexif()
    assert not {"exif", "xmp", "XML:com.adobe.xmp"} & set(picture.info)
    return picture


@pytest.mark.usefixtures("_quick_polls")
def test_real_photos(me, real_photo):
    places = me.media_post(
        real_photo("DSCN0010.jpg"), "image/jpeg", description="A square 📷", focus=(0.5, -0.25), synchronous=True
    )
    assert (places.type, places.description) == ("image", "A square 📷")
    assert (places.meta.focus.x, places.meta.focus.y) == (0.5, -0.25)
    no_metadata(places.url)
    turned = me.media_post(real_photo("landscape_6.jpg"), "image/jpeg", synchronous=True)
    picture = no_metadata(turned.url)
    assert picture.width > picture.height
    assert (turned.meta.original.width, turned.meta.original.height) == picture.size
    phone = me.media_post(real_photo("IMG_5195.HEIC"), "image/heic", synchronous=True)
    no_metadata(phone.preview_url)
    changed = me.media_update(phone, description="From a phone", focus=(0, 1))
    assert (changed.description, changed.meta.focus.y) == ("From a phone", 1)
    post = me.status_post("Three real ones", media_ids=[phone, places, turned])
    assert [photo.id for photo in post.media_attachments] == [phone.id, places.id, turned.id]
    assert [photo.description for photo in post.media_attachments] == ["From a phone", "A square 📷", None]
    me.media_update(turned, description="Written later")
    assert me.status(post).media_attachments[2].description == "Written later"


def test_ten_photos(me):
    photos = [
        me.media_post(jpeg(64 + n, 48), "image/jpeg", description=f"No. {n}", focus=(n / 10, 0)) for n in range(10)
    ]
    until(lambda: all(me.media(photo).url for photo in photos))
    post = me.status_post("Ten of them", media_ids=photos, sensitive=True, spoiler_text="many", language="fr")
    assert [photo.description for photo in post.media_attachments] == [f"No. {n}" for n in range(10)]
    assert [photo.meta.focus.x for photo in post.media_attachments] == [n / 10 for n in range(10)]
    assert (post.sensitive, post.spoiler_text, post.language) == (True, "many", "fr")
    assert post.application.name == "A client"
    again = me.status(post)
    assert again.media_attachments == post.media_attachments
    with pytest.raises(Exception, match="another post"):
        me.status_post("A thief", media_ids=[photos[0]])
    with pytest.raises(Exception, match="more than 10"):
        me.status_post("Too many", media_ids=[*photos, "1"])


def test_text_becomes_links(me, grace):
    post = me.status_post(f"Hi @{grace.name} and @nobody_here, #Fine <b>day</b> https://example.org/a?b=1&c=2")
    assert [mention.acct for mention in post.mentions] == [grace.name]
    assert [tag.name for tag in post.tags] == ["fine"]
    assert "&lt;b&gt;" in post.content
    assert 'href="https://example.org/a?b=1&amp;c=2"' in post.content
    assert "@nobody_here" in post.content


@pytest.mark.parametrize("visibility", ["public", "unlisted", "private", "direct"])
def test_visibility(me, visibility):
    assert me.status_post("Who sees me?", visibility=visibility).visibility == visibility


def test_idempotency(me):
    first = me.status_post("Once", idempotency_key="one")
    assert me.status_post("Once", idempotency_key="one").id == first.id
    assert me.status_post("Once", idempotency_key="two").id != first.id


def test_follow(site, me, ada):
    other = site.person()
    them = logged_in(site, other)
    post = them.status_post("Before you came")
    assert me.account_relationships(other.id)[0].following is False
    relationship = me.account_follow(other.id)
    assert (relationship.following, relationship.followed_by, relationship.requested) == (True, False, False)
    assert post.id in [each.id for each in me.timeline_home()]
    assert them.account_relationships([ada.id])[0].followed_by is True
    assert [each.id for each in me.account_following(ada.id)] == [str(other.id)]
    assert [each.id for each in me.account_followers(other.id)] == [str(ada.id)]
    assert me.account(other.id).followers_count == 1
    assert them.me().followers_count == 1
    assert me.account_unfollow(other.id).following is False
    assert post.id not in [each.id for each in me.timeline_home()]
    assert me.account_followers(other.id) == []
    them.session.close()


def test_favourite(me, her):
    post = her.status_post("Like me", visibility="public")
    liked = me.status_favourite(post)
    assert (liked.favourited, liked.favourites_count) == (True, 1)
    assert me.status_favourite(post).favourites_count == 1
    assert [each.id for each in me.favourites()] == [post.id]
    assert [each.username for each in her.status_favourited_by(post)] == [me.me().username]
    assert her.status(post).favourited is False
    gone = me.status_unfavourite(post)
    assert (gone.favourited, gone.favourites_count) == (False, 0)
    assert me.status_unfavourite(post).favourites_count == 0
    assert me.favourites() == []


def test_delete(me):
    post = me.status_post("Short-lived & sweet", visibility="public")
    before = me.me().statuses_count
    deleted = me.status_delete(post)
    assert deleted.text == "Short-lived & sweet"
    with pytest.raises(MastodonNotFoundError):
        me.status(post)
    with pytest.raises(MastodonNotFoundError):
        me.status_delete(post)
    assert post.id not in [each.id for each in me.timeline_home()]
    assert me.me().statuses_count == before - 1


@pytest.fixture(scope="module")
def writer(site, ada):
    """Somebody with 25 posts whom ada follows, and the ids of these, the newest first."""
    other = site.person()
    ada.follow(other)
    posts = [other.publish(f"No. {n}")["id"] for n in range(25)]
    site.settled()
    return other, posts[::-1]


def timeline(me, name, writer):
    return {
        "home": me.timeline_home,
        "public": me.timeline_public,
        "local": me.timeline_local,
        "account": lambda **bounds: me.account_statuses(writer[0].id, **bounds),
    }[name]


@pytest.mark.parametrize("name", ["home", "public", "local", "account"])
def test_paging(me, writer, name):
    read, posts = timeline(me, name, writer), writer[1]

    def ids_of(page):
        return [each.id for each in page]

    newest = read(limit=10)
    assert ids_of(newest) == posts[:10]
    assert ids_of(read(limit=10, max_id=posts[9])) == posts[10:20]
    assert ids_of(read(limit=10, since_id=posts[19])) == posts[:10]
    assert ids_of(read(limit=10, min_id=posts[19])) == posts[9:19]
    assert ids_of(read(limit=5, min_id=posts[19], max_id=posts[2])) == posts[14:19]
    older = me.fetch_next(newest)
    assert ids_of(older) == posts[10:20]
    assert ids_of(me.fetch_previous(older)) == posts[:10]
    assert me.fetch_previous(newest) == []
    everything = ids_of(me.fetch_remaining(newest))
    assert everything[:25] == posts
    assert len(everything) == len(set(everything))
    assert all(int(above) > int(below) for above, below in pairwise(everything))


def test_paging_of_people(site, me):
    star = site.person()
    fans = [site.person() for _ in range(5)]
    for fan in fans:
        fan.follow(star)
    page = me.account_followers(star.id, limit=2)
    assert [each.id for each in page] == [str(fan.id) for fan in fans[:2:-1]]
    everybody = me.fetch_remaining(page)
    assert [each.id for each in everybody] == [str(fan.id) for fan in reversed(fans)]
    back = me.fetch_previous(me.fetch_next(page))
    assert [each.id for each in back] == [each.id for each in page]
    post = star.publish("Popular")
    for fan in fans:
        fan.post(f"/api/v1/statuses/{post['id']}/favourite")
    likers = me.fetch_remaining(me.status_favourited_by(post["id"]))
    assert {each.id for each in likers} == {str(fan.id) for fan in fans}


def test_finding(me, her, grace):
    assert me.account_lookup(grace.name.upper()).id == str(grace.id)
    assert me.account_lookup(f"@{grace.name}").id == str(grace.id)
    with pytest.raises(MastodonNotFoundError):
        me.account_lookup("nobody_at_all")
    assert me.account_search(grace.name)[0].id == str(grace.id)
    assert me.account_search("nobody_at_all") == []
    post = her.status_post("Find me", visibility="public")
    found = me.search(post.url)
    assert ([each.id for each in found.statuses], found.hashtags) == ([post.id], [])
    assert me.search_v2(f"@{grace.name}").accounts[0].id == str(grace.id)
    assert [each.id for each in me.statuses([post.id, "1"])] == [post.id]


def test_what_the_site_says(site, me):
    instance = me.instance()
    assert instance.configuration.statuses.max_media_attachments == 10
    assert me.instance_v1().registrations is True
    assert me.instance_v2().configuration.media_attachments.image_size_limit == site.product.settings.upload_max_bytes
    assert me.instance_nodeinfo().software.name == "heliograph"
    assert me.instance_health() is True
    assert me.custom_emojis() == []
    assert me.filters() == []
    assert me.filters_v2() == []
    assert me.instance_rules() == []
    assert me.verify_minimum_version("4.0.0")


def test_what_clients_ask_at_their_start(me, ada):
    post = me.status_post("No answers", visibility="public")
    context = me.status_context(post)
    assert (context.ancestors, context.descendants) == ([], [])
    empty = [
        me.bookmarks, me.lists, me.follow_requests, me.mutes, me.blocks,
        me.domain_blocks, me.endorsements, me.featured_tags, me.followed_tags,
        me.scheduled_statuses, me.suggestions, me.announcements, me.trending_tags, me.trending_statuses,
        me.trending_links, me.instance_peers,
    ]  # fmt: skip
    assert [ask.__name__ for ask in empty if ask() != []] == []
    assert me.markers_get() == {}
    assert me.status_reblogged_by(post) == []
    assert me.account_lists(ada.id) == []
    assert me.account_featured_tags(ada.id) == []
    with pytest.raises(MastodonNotFoundError):
        me.push_subscription()


def test_alt_text_after_the_upload(me):
    media = me.media_post(jpeg(), mime_type="image/jpeg", synchronous=True)
    changed = me.media_update(media, description="A teal field", focus=(0.5, -0.5))
    assert (changed.description, changed.meta.focus.x) == ("A teal field", 0.5)
    assert me.status_post("With words for it", media_ids=[media]).media_attachments[0].description == "A teal field"
