"""Every key that Mastodon's documentation does not call optional is there, with its type, whatever the entity's state.

The tables are the documentation's (entities/*, as of 4.6): a name for each key, `?` behind a type that may be null. Keys
that it calls optional are listed where we send them.
"""

import re
from typing import Any

import pytest
from living_site import PASSWORD, Person, Site

INT, STR, BOOL, HASH, LIST, FLOAT = "integer", "string", "boolean", "hash", "list", "float"
ID, URL, TIME, DATE = "id", "url", "datetime", "date"

FORMS = {
    ID: re.compile(r"[0-9]+"),
    URL: re.compile(r"(https?|wss?)://[^\s]+"),
    TIME: re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z"),
    DATE: re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}"),
}
TYPES: dict[str, Any] = {INT: int, STR: str, BOOL: bool, HASH: dict, LIST: list, FLOAT: (int, float)}

FIELD = {"name": STR, "value": STR, "verified_at": f"{TIME}?"}
ROLE = {"id": STR, "name": STR, "color": STR, "permissions": STR, "highlighted": BOOL, "collection_limit": INT}
FEATURE_APPROVAL = {"automatic": LIST, "manual": LIST, "current_user": STR}
ACCOUNT = {
    "id": ID, "username": STR, "acct": STR, "url": f"{URL}?", "uri": URL, "display_name": STR, "note": STR,
    "avatar": URL, "avatar_static": URL, "avatar_description": STR, "header": URL, "header_static": URL,
    "header_description": STR, "locked": BOOL, "fields": [FIELD], "emojis": LIST, "bot": BOOL, "group": BOOL,
    "discoverable": f"{BOOL}?", "indexable": BOOL, "noindex": f"{BOOL}?", "moved": f"{HASH}?", "memorial": BOOL,
    "suspended": BOOL, "limited": BOOL, "created_at": TIME, "last_status_at": f"{DATE}?", "statuses_count": INT,
    "followers_count": INT, "following_count": INT, "hide_collections": f"{BOOL}?", "show_media": BOOL,
    "show_media_replies": BOOL, "show_featured": BOOL, "roles": [ROLE], "feature_approval": FEATURE_APPROVAL,
}  # fmt: skip
SOURCE = {
    "attribution_domains": LIST, "note": STR, "fields": [FIELD], "privacy": STR, "sensitive": BOOL, "language": STR,
    "follow_requests_count": INT, "hide_collections": f"{BOOL}?", "discoverable": f"{BOOL}?", "indexable": BOOL,
    "quote_policy": STR,
}  # fmt: skip
CREDENTIAL_ACCOUNT = ACCOUNT | {"source": SOURCE, "role": ROLE}
SIZE = {"width": INT, "height": INT, "size": STR, "aspect": FLOAT}
META = {"original": SIZE, "small": SIZE, "focus": {"x": FLOAT, "y": FLOAT}}
MEDIA = {
    "id": ID, "type": STR, "url": URL, "preview_url": URL, "remote_url": f"{URL}?", "text_url": f"{URL}?",
    "meta": META, "description": f"{STR}?", "blurhash": STR,
}  # fmt: skip
WAITING_MEDIA = MEDIA | {"url": f"{URL}?", "preview_url": f"{URL}?", "meta": f"{HASH}?", "blurhash": f"{STR}?"}
MENTION = {"id": ID, "username": STR, "url": URL, "acct": STR}
TAG = {"name": STR, "url": URL}
STATUS = {
    "id": ID, "uri": URL, "created_at": TIME, "account": ACCOUNT, "content": STR, "visibility": STR,
    "sensitive": BOOL, "spoiler_text": STR, "media_attachments": [MEDIA],
    "application": {"name": STR, "website": f"{URL}?"}, "mentions": [MENTION], "tags": [TAG], "emojis": LIST,
    "reblogs_count": INT, "favourites_count": INT, "quotes_count": INT, "replies_count": INT, "url": f"{URL}?",
    "in_reply_to_id": f"{ID}?", "in_reply_to_account_id": f"{ID}?", "reblog": f"{HASH}?", "poll": f"{HASH}?",
    "card": f"{HASH}?", "language": f"{STR}?", "text": f"{STR}?", "edited_at": f"{TIME}?", "quote": f"{HASH}?",
    "quote_approval": {"automatic": LIST, "manual": LIST, "current_user": STR}, "tagged_collections": LIST,
}  # fmt: skip
# For somebody who is logged in.
FLAGS = {"favourited": BOOL, "reblogged": BOOL, "muted": BOOL, "bookmarked": BOOL, "filtered": LIST}
SEEN_STATUS = STATUS | FLAGS
OWN_STATUS = SEEN_STATUS | {"pinned": BOOL}
STATUS_EDIT = {
    "content": STR, "spoiler_text": STR, "sensitive": BOOL, "created_at": TIME, "account": ACCOUNT,
    "media_attachments": [MEDIA], "emojis": LIST,
}  # fmt: skip
STATUS_SOURCE = {"id": ID, "text": STR, "spoiler_text": STR}
RELATIONSHIP = {
    "id": ID, "following": BOOL, "showing_reblogs": BOOL, "notifying": BOOL, "languages": f"{LIST}?",
    "followed_by": BOOL, "blocking": BOOL, "blocked_by": BOOL, "muting": BOOL, "muting_notifications": BOOL,
    "muting_expires_at": f"{TIME}?", "requested": BOOL, "requested_by": BOOL, "domain_blocking": BOOL,
    "endorsed": BOOL, "note": STR,
}  # fmt: skip
APPLICATION = {
    "id": ID, "name": STR, "website": f"{URL}?", "scopes": LIST, "redirect_uris": LIST, "redirect_uri": STR,
    "vapid_key": STR,
}  # fmt: skip
CREDENTIAL_APPLICATION = APPLICATION | {"client_id": STR, "client_secret": STR, "client_secret_expires_at": INT}
TOKEN = {"access_token": STR, "token_type": STR, "scope": STR, "created_at": INT}
ERROR = {"error": STR, "error_description": STR}
PREFERENCES = {
    "posting:default:visibility": STR, "posting:default:sensitive": BOOL, "posting:default:language": f"{STR}?",
    "reading:expand:media": STR, "reading:expand:spoilers": BOOL,
}  # fmt: skip
V1_CONFIGURATION = {
    "accounts": {"max_featured_tags": INT},
    "statuses": {"max_characters": INT, "max_media_attachments": INT, "characters_reserved_per_url": INT},
    "media_attachments": {
        "supported_mime_types": LIST, "image_size_limit": INT, "image_matrix_limit": INT, "video_size_limit": INT,
        "video_frame_rate_limit": INT, "video_matrix_limit": INT,
    },
    "polls": {
        "max_options": INT, "max_characters_per_option": INT, "min_expiration": INT, "max_expiration": INT,
    },
}  # fmt: skip
V1_INSTANCE = {
    "uri": STR, "title": STR, "short_description": STR, "description": STR, "email": STR, "version": STR,
    "urls": {"streaming_api": URL}, "stats": {"user_count": INT, "status_count": INT, "domain_count": INT},
    "thumbnail": f"{URL}?", "languages": LIST, "registrations": BOOL, "approval_required": BOOL,
    "invites_enabled": BOOL, "configuration": V1_CONFIGURATION, "contact_account": f"{HASH}?", "rules": LIST,
}  # fmt: skip
FEEDS = {"local": STR, "remote": STR}
CONFIGURATION = {
    "urls": {
        "streaming": URL, "status": f"{URL}?", "about": URL, "privacy_policy": f"{URL}?",
        "terms_of_service": f"{URL}?",
    },
    "vapid": {"public_key": STR},
    "accounts": {
        "max_display_name_length": INT, "max_note_length": INT, "max_avatar_description_length": INT,
        "max_header_description_length": INT, "max_featured_tags": INT, "max_pinned_statuses": INT,
        "max_profile_fields": INT, "profile_field_name_limit": INT, "profile_field_value_limit": INT,
    },
    "statuses": V1_CONFIGURATION["statuses"],
    "media_attachments": V1_CONFIGURATION["media_attachments"] | {"description_limit": INT},
    "polls": V1_CONFIGURATION["polls"],
    "translation": {"enabled": BOOL},
    "timelines_access": {"live_feeds": FEEDS, "hashtag_feeds": FEEDS, "trending_link_feeds": FEEDS},
    "limited_federation": BOOL,
}  # fmt: skip
INSTANCE = {
    "domain": STR, "title": STR, "version": STR, "source_url": URL, "description": STR, "wrapstodon": f"{STR}?",
    "usage": {"users": {"active_month": INT}}, "thumbnail": {"url": URL, "description": STR}, "icon": LIST,
    "languages": LIST, "configuration": CONFIGURATION,
    "registrations": {
        "enabled": BOOL, "approval_required": BOOL, "message": f"{STR}?", "min_age": f"{INT}?",
        "reason_required": f"{BOOL}?", "url": f"{URL}?",
    },
    "api_versions": {"mastodon": INT}, "contact": {"email": STR, "account": f"{HASH}?"}, "rules": LIST,
}  # fmt: skip
POLICY = {
    "for_not_following": STR, "for_not_followers": STR, "for_new_accounts": STR, "for_private_mentions": STR,
    "for_limited_accounts": STR, "summary": {"pending_requests_count": INT, "pending_notifications_count": INT},
}  # fmt: skip


def faults(value: Any, expected: Any, place: str = "") -> list[str]:
    """What is wrong with `value`: a sentence for each fault, with the path to it."""
    if isinstance(expected, dict):
        if not isinstance(value, dict):
            return [f"{place}: {value!r} is no hash"]
        missing = [f"{place}.{key}: missing" for key in expected if key not in value]
        inner = [faults(value[key], expected[key], f"{place}.{key}") for key in expected if key in value]
        return missing + [fault for some in inner for fault in some]
    if isinstance(expected, list):
        if not isinstance(value, list):
            return [f"{place}: {value!r} is no list"]
        return [fault for n, item in enumerate(value) for fault in faults(item, expected[0], f"{place}[{n}]")]
    return _scalar_faults(value, expected, place)


def _scalar_faults(value: Any, expected: str, place: str) -> list[str]:
    if value is None:
        return [] if expected.endswith("?") else [f"{place}: null"]
    kind = expected.removesuffix("?")
    if kind in FORMS:
        right = isinstance(value, str) and bool(FORMS[kind].fullmatch(value))
    else:
        right = isinstance(value, TYPES[kind]) and isinstance(value, bool) == (kind == BOOL)
    return [] if right else [f"{place}: {value!r} is no {kind}"]


def test_the_check_finds_faults():
    assert faults({"a": 1, "b": None, "c": "x"}, {"a": BOOL, "b": STR, "c": URL, "d": INT}) == [
        ".d: missing", ".a: 1 is no boolean", ".b: null", ".c: 'x' is no url",
    ]  # fmt: skip
    assert faults([{"a": True}], [{"a": INT}]) == ["[0].a: True is no integer"]


@pytest.fixture(scope="module")
def full(ada: Person, grace: Person) -> dict[str, Any]:
    """A post in which nothing is empty, by somebody whose profile is full."""
    ada.ask(
        "PATCH",
        "/api/v1/accounts/update_credentials",
        json={"note": "About me", "fields_attributes": [{"name": "a", "value": "https://example.org/"}]},
    )
    photo = ada.photo(description="Teal")
    return ada.publish(f"@{grace.name} #tag https://example.org/", media_ids=[photo["id"]], spoiler_text="x")


def test_status(site: Site, ada: Person, grace: Person, full: dict[str, Any]):
    path = f"/api/v1/statuses/{full['id']}"
    assert faults(full, OWN_STATUS) == []
    assert all(full[key] for key in ("media_attachments", "mentions", "tags", "application"))
    assert faults(grace.get(path).json(), SEEN_STATUS) == []
    unseen = site.anyone.get(path).json()
    assert faults(unseen, STATUS) == []
    assert not set(unseen) & set(FLAGS), "flags are somebody's"
    for timeline in ("timelines/home", "timelines/public", f"accounts/{ada.id}/statuses", "favourites"):
        ada.post(f"{path}/favourite")
        found = ada.get(f"/api/v1/{timeline}").json()
        assert found
        assert faults(found, [OWN_STATUS]) == [], timeline


def test_thread_and_history(ada: Person, grace: Person, full: dict[str, Any]):
    path = f"/api/v1/statuses/{full['id']}"
    grace.publish("Indeed", in_reply_to_id=full["id"])
    found = ada.get(f"{path}/context").json()
    assert faults(found, {"ancestors": LIST, "descendants": [SEEN_STATUS]}) == []
    assert faults(ada.get(f"{path}/history").json(), [STATUS_EDIT]) == []
    assert faults(ada.get(f"{path}/source").json(), STATUS_SOURCE) == []
    edited = ada.ask("PUT", path, json={"status": f"@{grace.name} again"}).json()
    assert faults(edited, OWN_STATUS) == []
    assert faults(ada.get(f"{path}/history").json(), [STATUS_EDIT, STATUS_EDIT]) == []


def test_bare_status(site: Site, stranger: Person):
    bare = stranger.publish("Nothing else")
    assert faults(bare, OWN_STATUS) == []
    assert faults(site.anyone.get(f"/api/v1/statuses/{bare['id']}").json(), STATUS) == []
    deleted = stranger.ask("DELETE", f"/api/v1/statuses/{bare['id']}")
    assert faults(deleted.json(), OWN_STATUS) == []
    assert deleted.json()["text"] == "Nothing else"
    assert deleted.text.count('"text":') == 1


def test_account(site: Site, ada: Person, stranger: Person, full: dict[str, Any]):
    assert faults(site.anyone.get(f"/api/v1/accounts/{ada.id}").json(), ACCOUNT) == []
    assert faults(site.anyone.get(f"/api/v1/accounts/{stranger.id}").json(), ACCOUNT) == []
    assert faults(stranger.get("/api/v1/accounts/verify_credentials").json(), CREDENTIAL_ACCOUNT) == []
    mine = ada.get("/api/v1/accounts/verify_credentials").json()
    assert faults(mine, CREDENTIAL_ACCOUNT) == []
    assert mine["last_status_at"] == full["created_at"][:10]
    answer = ada.ask("PATCH", "/api/v1/accounts/update_credentials", json={"bot": False})
    assert faults(answer.json(), CREDENTIAL_ACCOUNT) == []
    found = ada.get("/api/v1/accounts/search", params={"q": stranger.name}).json()
    assert found[0]["id"] == str(stranger.id)
    assert faults(found, [ACCOUNT]) == []


def test_admin(site: Site):
    registered = site.run(site.product.registration.create("the_admin", PASSWORD, role="admin"))
    admin = site.again(Person(site, registered.account_id, "the_admin"))
    mine = admin.get("/api/v1/accounts/verify_credentials").json()
    assert faults(mine, CREDENTIAL_ACCOUNT) == []
    assert [role["name"] for role in mine["roles"]] == ["Admin"]


def test_relationship(ada: Person, stranger: Person):
    for found in (
        ada.post(f"/api/v1/accounts/{stranger.id}/follow").json(),
        ada.get("/api/v1/accounts/relationships", params={"id[]": stranger.id}).json()[0],
        ada.post(f"/api/v1/accounts/{stranger.id}/unfollow").json(),
    ):
        assert faults(found, RELATIONSHIP) == []


def test_media(ada: Person):
    upload = ada.upload(description="Alt")
    assert upload.status_code == 202
    assert faults(upload.json(), WAITING_MEDIA) == []
    assert faults(ada.ready(upload.json()["id"]), MEDIA) == []


def test_application_and_token(site: Site, ada: Person):
    values = {"client_name": "x", "redirect_uris": "app://x", "scopes": "read write", "website": "https://example.org"}
    made = site.anyone.post("/api/v1/apps", json=values).json()
    assert faults(made, CREDENTIAL_APPLICATION) == []
    client = {"client_id": made["client_id"], "client_secret": made["client_secret"]}
    token = site.anyone.post("/oauth/token", data=client | {"grant_type": "client_credentials"}).json()
    assert faults(token, TOKEN) == []
    own = Person(site, token=token["access_token"])
    assert faults(own.get("/api/v1/apps/verify_credentials").json(), APPLICATION) == []
    assert faults(ada.get("/api/v1/apps/verify_credentials").json(), APPLICATION) == []


def test_site(site: Site, ada: Person):
    assert faults(site.anyone.get("/api/v2/instance").json(), INSTANCE) == []
    assert faults(site.anyone.get("/api/v1/instance").json(), V1_INSTANCE) == []
    assert faults(ada.get("/api/v1/preferences").json(), PREFERENCES) == []
    assert faults(ada.get("/api/v2/notifications/policy").json(), POLICY) == []


def test_errors(site: Site, ada: Person):
    for answer, status in (
        (site.anyone.get("/api/v1/timelines/home"), 401),
        (site.again(ada, "profile").get("/api/v1/timelines/home"), 403),
        (ada.get("/api/v1/statuses/1"), 404),
        (ada.get("/api/v1/nothing/here"), 404),
        (ada.post("/api/v1/timelines/home"), 405),
        (ada.get("/api/v1/timelines/home", params={"limit": "many"}), 400),
        (ada.post("/api/v1/statuses", json={}), 422),
        (ada.post("/api/v1/statuses", content=b"{" + b" " * 2_000_000), 413),
    ):
        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"] == "application/json"
        assert faults(answer.json(), ERROR) == []
