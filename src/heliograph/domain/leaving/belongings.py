"""The entries of an export: an account and a post as plain JSON, and the words that explain the rest. Pure functions."""

from collections.abc import Callable, Sequence
from pathlib import PurePosixPath
from typing import Any

from heliograph.base import clock, ids
from heliograph.domain.media.attachments import Attachment
from heliograph.domain.posts.post import Visibility
from heliograph.stores.shards import Row

PHOTOS = "photos"
SETTINGS = ("bot", "locked", "discoverable", "hide_collections", "default_sensitive", "default_language", "locale")
PLAIN = ("username", "display_name", "note", "fields", "email", "role", "state")


def account_entry(account_id: int, row: Row, tags: Sequence[Row]) -> dict[str, Any]:
    """`account.json`, but for the addresses. Never a password or what stands for one: `row` does not have them."""
    confirmed = row["email_confirmed_at"]
    settings = {name: row[name] for name in SETTINGS}
    return {
        "id": str(account_id),
        "created_at": clock.iso(ids.time_of(account_id)),
        "exported_at": clock.iso(clock.now()),
        **{name: row[name] for name in PLAIN},
        "email_confirmed_at": clock.iso(confirmed) if confirmed else None,
        "avatar": photo_file("avatar", row["avatar"]) if row["avatar"] else None,
        "header": photo_file("header", row["header"]) if row["header"] else None,
        "settings": settings | {"default_visibility": Visibility(row["default_visibility"]).name.lower()},
        "followed_tags": [row["tag"] for row in tags if row["kind"] == 1],
        "featured_tags": [row["tag"] for row in tags if row["kind"] == 2],
    }


def post_entry(
    row: Row, photos: Sequence[Attachment], edits: Sequence[Row], address: Callable[[int], str]
) -> dict[str, Any]:
    """An entry of `posts.json`. `edits`: what the post was, the original first and what it is last; none if never edited."""
    answered, shared = row["in_reply_to_id"], row["reblog_of_id"]
    return {
        "id": str(row["id"]),
        "url": address(row["id"]),
        "created_at": clock.iso(ids.time_of(row["id"])),
        "edited_at": clock.iso(row["edited_at"]) if row["edited_at"] else None,
        "visibility": Visibility(row["visibility"]).name.lower(),
        "text": row["text"],
        "spoiler_text": row["spoiler_text"],
        "sensitive": row["sensitive"],
        "language": row["language"],
        "tags": row["tags"],
        "mentions": [mention["username"] for mention in row["mentions"]],
        "application": row["application"]["name"] if row["application"] else None,
        "in_reply_to": None if answered is None else address(answered),
        "reblog_of": None if shared is None else address(shared),
        "photos": [_photo_entry(photo) for photo in photos],
        "edits": [_edit_entry(edit) for edit in edits],
    }


def _photo_entry(photo: Attachment) -> dict[str, Any]:
    largest = photo.variants[-1]
    return {
        "file": photo_file(str(photo.id), largest.file),
        "description": photo.description,
        "width": largest.width,
        "height": largest.height,
        "focus": [photo.focus_x, photo.focus_y],
    }


def _edit_entry(edit: Row) -> dict[str, Any]:
    return {
        "at": clock.iso(ids.time_of(edit["id"])),
        "text": edit["text"],
        "spoiler_text": edit["spoiler_text"],
        "sensitive": edit["sensitive"],
    }


def photo_file(name: str, stored: str) -> str:
    """Where a photo that is kept as `stored` lies in the zip."""
    return f"{PHOTOS}/{name}{PurePosixPath(stored).suffix}"


def readme(username: str, domain: str) -> str:
    """`README.txt`."""
    return README.format(address=f"{username}@{domain}")


README = """This is what {address} has on this site.

account.json            the profile, the settings, the e-mail address, followed and featured hashtags
posts.json              all posts, the oldest first, an entry a line: text, dates, visibility, the files of the photos with
                        their alt texts, what each post was before it was edited, what it answers or shares
photos/                 each photo in its largest size; a file is named in posts.json. The photo as it was uploaded is not
                        kept by the site. Photos that are in no post any more are those that an edit has taken out
likes.json              the addresses of the posts that were liked
notes.json              private notes about other accounts
following_accounts.csv  who is followed, who is blocked, who is muted, what is bookmarked: in the forms that Mastodon
blocked_accounts.csv    exports, so that it and sites like it can import them
muted_accounts.csv
bookmarks.csv
followers.csv           who follows; nobody can import this, they would have to follow again

Texts are UTF-8, dates are in UTC. There is no password in here, nor anything else that lets somebody in; private and direct
posts are in here, though: keep it as you would keep your letters.
"""
