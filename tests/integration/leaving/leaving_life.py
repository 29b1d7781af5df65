"""An account that has done everything there is, among others who have done everything there is to it."""

import itertools
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import msgspec
from PIL import Image

from heliograph.base import ids
from heliograph.base.paging import Page
from heliograph.base.topology import Topology
from heliograph.domain.accounts.account import Field, ProfileChanges
from heliograph.domain.graph.decisions import Wish
from heliograph.domain.media.portraits import AVATAR_PX, HEADER_PX
from heliograph.domain.posts.edit import PostChanges
from heliograph.domain.posts.post import Visibility
from heliograph.domain.posts.publish import Draft
from heliograph.domain.product import Product
from heliograph.stores import counts
from heliograph.wiring import drain

PASSWORD = "correct horse battery"
_EARLIER = datetime(2025, 2, 1, tzinfo=UTC)
_LATER = datetime(2125, 2, 1, tzinfo=UTC)
_numbers = itertools.count(1)


class Life:
    """`who` is the one that will leave; `others` by name, half of them on the other server."""

    def __init__(self, product: Product, topology: Topology, folder: Path) -> None:
        self.product, self.topology, self.folder = product, topology, folder
        self.who, self.name = 0, ""
        self.others: dict[str, int] = {}
        self.names: dict[str, str] = {}
        self.posts: list[int] = []

    async def live(self) -> None:
        """Everything, and what workers make of it."""
        self.who, self.name = await self._somebody(lower=True, email="leaver@example.com")
        for number, each in enumerate(("friend", "fan", "locked", "asker", "enemy", "hater", "loud", "deaf")):
            self.others[each], self.names[each] = await self._somebody(lower=number % 2 == 1)
        await self._profile()
        await self._ties()
        await self._writes()
        await self._is_answered()
        await drain(self.product)
        await counts.fold(self.product.stores.shards)
        await self._reads()
        await self._waits()

    async def _somebody(self, *, lower: bool, email: str | None = None) -> tuple[int, str]:
        while True:
            number = next(_numbers)
            name = f"soul{number}"
            address = f"{number}.{email}" if email else None
            account = (await self.product.registration.create(name, PASSWORD, address)).account_id
            if (ids.slot_of(account) < 512) == lower:
                return account, name

    def _file(self, colour: str) -> Path:
        file = self.folder / f"{colour}.png"
        Image.new("RGB", (700, 500), colour).save(file)
        return file

    async def _profile(self) -> None:
        product, who = self.product, self.who
        avatar = await product.portraits.make(who, self._file("red"), AVATAR_PX)
        header = await product.portraits.make(who, self._file("green"), HEADER_PX)
        field = Field("Site", "https://example.com")
        changes = ProfileChanges(display_name="A soul", note="Words", fields=(field,), avatar=avatar, header=header)
        await product.profiles.update(who, changes)
        app = (await product.apps.register("An app", ["app://x"], "read", None))[0].id
        await product.tokens.issue(who, app, ("read",))
        await product.codes.issue(who, app, "app://x", ("read",), None)
        await product.sessions.start(who, "a browser")
        await self._insert(
            who,
            "mail_tokens",
            hash=b"secret",
            account_id=who,
            purpose="confirm",
            email="x@example.com",
            expires_at=_LATER,
        )

    async def _ties(self) -> None:
        product, who, others = self.product, self.who, self.others
        for each in ("friend", "fan"):
            await product.following.follow(who, others[each], Wish(notify=True))
            await product.following.follow(others[each], who, Wish(notify=True))
        await product.following.follow(who, others["loud"])
        await product.following.unfollow(who, others["loud"])
        await product.following.follow(others["loud"], who)
        await product.profiles.update(others["locked"], ProfileChanges(locked=True))
        await product.following.follow(who, others["locked"])
        await product.profiles.update(who, ProfileChanges(locked=True))
        await product.following.follow(others["asker"], who)
        await product.blocks.block(who, others["enemy"])
        await product.blocks.block(others["hater"], who)
        await product.mutes.mute(who, others["loud"])
        await product.mutes.mute(others["deaf"], who, notifications=False)
        for each in ("friend", "fan"):
            await product.notes.write(who, others[each], "kind")
            await product.notes.write(others[each], who, "strange")
        for number, tag in enumerate(("light", "shadow")):
            slot = ids.slot_of_name(tag)
            await self._insert(slot << 12, "tag_followers", tag=tag, account_id=who, rev=1)
            await self._insert(who, "followed_tags", account_id=who, tag=tag, rev=1)
            await self._insert(who, "featured_tags", account_id=who, id=number, tag=tag)

    async def _photo(self, colour: str) -> int:
        media_id = await self.product.uploads.receive(self.who, self._file(colour), "an alt text")
        await drain(self.product)
        return media_id

    async def post(self, author: int, text: str, answered: int | None = None, **values) -> int:
        """Publish; the post's id."""
        draft = Draft(text=text, **({"media_ids": [], "visibility": Visibility.PUBLIC} | values))
        made = await self.product.publishing.publish(author, draft, answered)
        if author == self.who:
            self.posts.append(made.post_id)
        return made.post_id

    async def _writes(self) -> None:
        product, who, friend, fan = self.product, self.who, self.others["friend"], self.others["fan"]
        greeting = f"@{self.names['friend']} @{self.names['fan']} #light #shadow"
        photos = [await self._photo("blue"), await self._photo("yellow")]
        first = await self.post(who, f"first {greeting}", media_ids=photos, key="once")
        await product.publishing.edit(who, first, PostChanges(text=f"second {greeting}", media_ids=photos[:1]))
        for visibility in (Visibility.UNLISTED, Visibility.PRIVATE, Visibility.DIRECT):
            await self.post(who, greeting, visibility=visibility)
        thread = await self.post(friend, "a thread")
        answer = await self.post(who, "an answer", thread)
        await self.post(who, "to myself", answer)
        below = await self.post(fan, "below", answer)
        await self.post(who, "the last word", below)
        letter = await self.post(fan, f"@{self.name} a letter", visibility=Visibility.DIRECT)
        await self.post(who, f"@{self.names['fan']} back", letter, visibility=Visibility.DIRECT)
        await self.post(fan, f"@{self.name} @{self.names['friend']} three", visibility=Visibility.DIRECT)
        for liked in (thread, below):
            await product.likes.like(who, liked)
            await product.bookmarks.add(who, liked)
            await self._reblog(who, liked)
        await product.pins.pin(who, await product.timelines.header(who, first))
        await product.markers.set(who, {"home": first, "notifications": first})

    async def _reblog(self, account: int, post: int) -> None:
        header = await self.product.timelines.header(account, post)
        made = await self.product.publishing.reblog(account, header, Visibility.PUBLIC)
        if account == self.who:
            self.posts.append(made)

    async def _is_answered(self) -> None:
        product = self.product
        first, own = self.posts[0], await self.post(self.who, "likes itself")
        for each in ("friend", "fan"):
            other = self.others[each]
            await product.likes.like(other, first)
            await product.bookmarks.add(other, first)
            await self._reblog(other, first)
            answer = await self.post(other, f"@{self.name} well", first)
            await self.post(self.others["friend"], "indeed", answer)
            about = await self.post(other, f"of @{self.name} and @{self.names['friend']}")
            await product.publishing.edit(other, about, PostChanges(text=f"again @{self.name}"))
            await product.publishing.edit(other, about, PostChanges(text="of nobody" if each == "fan" else None))
        await product.likes.like(self.who, own)
        await product.likes.like(self.others["fan"], own)
        await product.likes.unlike(self.others["fan"], own)

    async def _reads(self) -> None:
        """Feeds, caches and lists come into being."""
        for account in (self.who, *self.others.values()):
            await self.product.home.page(account, Page())
            await self.product.notifications.page(account, Page())
            await self.product.conversations.page(account, Page())
            await self.product.people.one(account)
        await self.product.crowds.look(self.who, 10_000, pulled=False)

    async def _waits(self) -> None:
        """What nobody has finished: an upload, a deletion, messages that were given up."""
        await self.product.uploads.receive(self.who, self._file("black"))
        await self._photo("white")
        gone = await self.post(self.who, "soon gone")
        await self.product.remover.delete(self.who, gone)
        dead = {"kind": "like.changed", "dead_at": _EARLIER}
        await self._insert(self.who, "outbox", id=2, payload={"account_id": self.who}, **dead)
        own = {"account": self.others["fan"], "post": self.posts[0], "rev": 1, "gone": False}
        await self._insert(self.others["fan"], "outbox", id=1, payload=own, **dead)
        await self._insert(self.who, "outbox", id=1, payload=own | {"account": self.who}, **dead)

    async def _insert(self, owner: int, table: str, **values) -> None:
        """A row of `owner`, for what no part of the product writes, or not so."""
        shard = self.product.stores.shards.of(owner)
        (spec,) = [spec for spec in self.topology.shards if spec.name == shard.name]
        values = {"slot": ids.slot_of(owner)} | values
        columns, places = ", ".join(values), ", ".join(f"${number}" for number in range(1, len(values) + 1))
        connection = await asyncpg.connect(spec.dsn)
        try:
            await connection.set_type_codec(
                "jsonb", schema="pg_catalog", encoder=lambda value: msgspec.json.encode(value).decode(), decoder=str
            )
            await connection.execute(f"INSERT INTO {table} ({columns}) VALUES ({places})", *values.values())
        finally:
            await connection.close()
