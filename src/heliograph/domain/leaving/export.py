"""What a member takes along: one zip with everything that is theirs, in plain formats. docs/operate/accounts.md lists it.

No password, token or session is in it, and of others nothing but their names and the addresses of their posts. Lists of
accounts have the shapes that Mastodon imports. Everything is read in pages, so that the size of an account is no matter.
"""

import csv
import io
from collections.abc import AsyncIterator, Callable, Iterable
from typing import Any

import msgspec

from heliograph.base import clock, ids
from heliograph.base.errors import NotFoundError
from heliograph.domain.accounts.profiles import Profiles
from heliograph.domain.leaving.archive import Archive
from heliograph.domain.leaving.belongings import account_entry, photo_file, post_entry, readme
from heliograph.domain.media import attachments
from heliograph.domain.media.attachments import Attachment
from heliograph.stores.objects import Objects
from heliograph.stores.queries import Query, load
from heliograph.stores.shards import Row, Shards

sql = load("export")

PAGE = 200

# One line of a table, of a row and of the name of whom it is about.
Line = Callable[[Row, str], Iterable[str]]


class Links(msgspec.Struct, frozen=True):
    """How the site names things to the world: `domain`, the address of a post by its id, of a profile by its name."""

    domain: str
    post: Callable[[int], str]
    profile: Callable[[str], str]


class Progress(msgspec.Struct):
    """How far an export is. `missing`: photos that the store has lost."""

    posts: int = 0
    photos: int = 0
    missing: int = 0


class Export:
    """Makes exports."""

    def __init__(self, shards: Shards, objects: Objects, profiles: Profiles) -> None:
        self._shards = shards
        self._objects = objects
        self._profiles = profiles

    async def of(self, account_id: int, links: Links, progress: Progress) -> AsyncIterator[bytes]:
        """The zip of an account, chunk by chunk; `progress` is kept up to date. Raises NotFoundError."""
        slot = ids.slot_of(account_id)
        row = await self._shards.at(slot).row(sql.account, slot=slot, id=account_id)
        if row is None or row["state"] == "deleted":
            raise NotFoundError
        archive = Archive(clock.now())
        for name, chunks in self._files(account_id, row, links, progress):
            async for data in archive.packed(name, chunks):
                yield data
        async for data in self._photos(archive, account_id, row, progress):
            yield data
        yield archive.end()

    def _files(
        self, account_id: int, row: Row, links: Links, progress: Progress
    ) -> list[tuple[str, AsyncIterator[bytes]]]:
        at = f"@{links.domain}"
        yes = ("false", "true")
        addresses = self._table(sql.followers, account_id, lambda _, name: (name + at,))
        return [
            ("README.txt", _one(readme(row["username"], links.domain).encode())),
            ("account.json", self._account(account_id, row, links)),
            ("posts.json", _array(self._posts(account_id, links, progress))),
            ("likes.json", _array(self._addresses(sql.likes, account_id, links))),
            ("notes.json", _array(self._notes(account_id, at))),
            (
                "following_accounts.csv",
                self._table(
                    sql.following,
                    account_id,
                    lambda edge, name: (name + at, yes[edge["reblogs"]], yes[edge["notify"]], ""),
                    ("Account address", "Show boosts", "Notify on new posts", "Languages"),
                ),
            ),
            ("followers.csv", addresses),
            ("blocked_accounts.csv", self._table(sql.blocked, account_id, lambda _, name: (name + at,))),
            (
                "muted_accounts.csv",
                self._table(
                    sql.muted,
                    account_id,
                    lambda edge, name: (name + at, yes[edge["notifications"]]),
                    ("Account address", "Hide notifications"),
                ),
            ),
            ("bookmarks.csv", self._bookmarks(account_id, links)),
        ]

    async def _account(self, account_id: int, row: Row, links: Links) -> AsyncIterator[bytes]:
        slot = ids.slot_of(account_id)
        tags = await self._shards.at(slot).rows(sql.tags, slot=slot, account_id=account_id)
        entry = account_entry(account_id, row, tags)
        entry |= {"address": f"{row['username']}@{links.domain}", "url": links.profile(row["username"])}
        yield msgspec.json.format(msgspec.json.encode(entry), indent=2) + b"\n"

    async def _posts(self, account_id: int, links: Links, progress: Progress) -> AsyncIterator[Any]:
        slot = ids.slot_of(account_id)
        async for rows in self._pages(sql.posts, account_id):
            idents = [row["id"] for row in rows]
            photos = await attachments.of_posts(self._shards, idents)
            edits: dict[int, list[Row]] = {}
            for edit in await self._shards.at(slot).rows(sql.edits, slot=slot, ids=idents):
                edits.setdefault(edit["post_id"], []).append(edit)
            for row in rows:
                yield post_entry(row, photos.get(row["id"], []), edits.get(row["id"], []), links.post)
            progress.posts += len(rows)

    async def _addresses(self, query: Query, account_id: int, links: Links) -> AsyncIterator[Any]:
        async for rows in self._pages(query, account_id):
            for row in rows:
                yield links.post(row["id"])

    async def _bookmarks(self, account_id: int, links: Links) -> AsyncIterator[bytes]:
        async for address in self._addresses(sql.bookmarks, account_id, links):
            yield _csv([(address,)])

    async def _notes(self, account_id: int, at: str) -> AsyncIterator[Any]:
        async for row, name in self._named(sql.notes, account_id):
            yield {"account": name + at, "comment": row["comment"]}

    async def _table(
        self, query: Query, account_id: int, line: Line, head: tuple[str, ...] = ()
    ) -> AsyncIterator[bytes]:
        if head:
            yield _csv([head])
        async for row, name in self._named(query, account_id):
            yield _csv([line(row, name)])

    async def _named(self, query: Query, account_id: int) -> AsyncIterator[tuple[Row, str]]:
        """The rows of `query` with the username that each is about; without those of accounts that are no more."""
        async for rows in self._pages(query, account_id):
            accounts = await self._profiles.many([row["id"] for row in rows])
            for row in rows:
                account = accounts.get(row["id"])
                if account is not None and account.state != "deleted":
                    yield row, account.username

    async def _pages(self, query: Query, account_id: int) -> AsyncIterator[list[Row]]:
        slot, above = ids.slot_of(account_id), 0
        shard = self._shards.at(slot)
        while rows := await shard.rows(query, slot=slot, account_id=account_id, above=above, limit=PAGE):
            yield rows
            above = rows[-1]["id"]

    async def _photos(self, archive: Archive, account_id: int, row: Row, progress: Progress) -> AsyncIterator[bytes]:
        for name in ("avatar", "header"):
            if row[name]:
                async for data in self._photo(archive, row[name], photo_file(name, row[name]), progress):
                    yield data
        async for rows in self._pages(sql.photos, account_id):
            for photo in map(Attachment.of, rows):
                largest = photo.objects[-1]
                async for data in self._photo(archive, largest, photo_file(str(photo.id), largest), progress):
                    yield data

    async def _photo(self, archive: Archive, stored: str, name: str, progress: Progress) -> AsyncIterator[bytes]:
        try:
            opened = await self._objects.get(stored)
        except NotFoundError:
            progress.missing += 1
            return
        async for data in archive.stored(name, opened.info.size, opened.chunks):
            yield data
        progress.photos += 1


async def _one(data: bytes) -> AsyncIterator[bytes]:
    yield data


async def _array(entries: AsyncIterator[Any]) -> AsyncIterator[bytes]:
    """A JSON array with an entry a line."""
    before = b"[\n"
    async for entry in entries:
        yield before + msgspec.json.encode(entry)
        before = b",\n"
    yield b"[]\n" if before == b"[\n" else b"\n]\n"


def _csv(lines: Iterable[Iterable[str]]) -> bytes:
    held = io.StringIO()
    csv.writer(held, lineterminator="\n").writerows(lines)
    return held.getvalue().encode()
