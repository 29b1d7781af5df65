"""A few people on the real product, for tests of feeds, and what they must see. For everything there is `society/`."""

import itertools
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from uuid import uuid4

import msgspec

from heliograph.base import ids
from heliograph.base.paging import Page
from heliograph.base.settings import Settings
from heliograph.base.topology import Topology
from heliograph.domain.accounts.passwords import Passwords
from heliograph.domain.feeds.timelines import AccountFilter
from heliograph.domain.posts.edit import PostChanges
from heliograph.domain.posts.post import Visibility
from heliograph.domain.posts.publish import Draft
from heliograph.domain.product import Product
from heliograph.stores.outbox import LeaseLostError, Message
from heliograph.stores.queries import parse
from heliograph.wiring import drain, open_product
from heliograph.workers.handlers import handlers

EVERYTHING = AccountFilter()
TAGS = 2
NUMBERS = itertools.count(1)

sql = parse(
    "looking",
    """
-- name: messages
-- scatter
SELECT slot, id, kind, payload, cursor, 1 AS attempts, request_id, problem FROM outbox WHERE dead_at IS NULL;
""",
)


@asynccontextmanager
async def opened(settings: Settings, topology: Topology) -> AsyncIterator[Product]:
    """The product, with passwords that cost nothing."""
    async with open_product(settings, topology) as product:
        product.registration._passwords = Passwords(time_cost=1, memory_kib=64)
        yield product


def page_of(everything: list[int], page: Page) -> list[int]:
    """What `page` means for a list, newest first: the plainest words for it."""
    inside = [ident for ident in everything if page.max_id is None or ident < page.max_id]
    inside = [ident for ident in inside if page.since_id is None or ident > page.since_id]
    if page.min_id is None:
        return inside[: page.limit]
    inside = [ident for ident in inside if ident > page.min_id]
    return inside[max(0, len(inside) - page.limit) :]


@dataclass
class Written:
    """A post as the model has it."""

    author: int
    visibility: Visibility
    mentioned: set[int]
    tags: set[int] = field(default_factory=set)


@dataclass
class Circle:
    """People by number; the model's state; the product that must agree with it."""

    product: Product
    people: list[int] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    start: int = 0
    # Hashtags that nobody else uses, by number.
    tags: list[str] = field(default_factory=lambda: [f"light{next(NUMBERS)}" for _ in range(TAGS)])
    posts: dict[int, Written] = field(default_factory=dict)
    # Edges in the order in which they were made.
    follows: list[tuple[int, int]] = field(default_factory=list)
    likes: list[tuple[int, int]] = field(default_factory=list)
    tag_follows: list[tuple[int, int]] = field(default_factory=list)
    heard: list[Message] = field(default_factory=list)

    @classmethod
    async def gather(cls, product: Product, size: int = 6) -> "Circle":
        """`size` people, as many in the lower half of the slots as in the upper."""
        circle = cls(product)
        sides: dict[bool, int] = {True: 0, False: 0}
        while len(circle.people) < size:
            name = f"person{next(NUMBERS)}"
            account = (await product.registration.create(name, "correct horse battery")).account_id
            lower = ids.slot_of(account) < 512
            if sides[lower] < size / 2:
                sides[lower] += 1
                circle.people.append(account)
                circle.names.append(name)
            circle.start = account
        return circle

    # What is done.

    def text(self, mentioned: set[int], tags: frozenset[int]) -> str:
        names = [f"@{self.names[each]}" for each in sorted(mentioned)]
        return " ".join(["light", *names, *(f"#{self.tags[tag]}" for tag in sorted(tags))])

    async def post(
        self, author: int, visibility: Visibility, mentioned: set[int], tags: frozenset[int] = frozenset()
    ) -> int:
        draft = Draft(text=self.text(mentioned, tags), media_ids=[], visibility=visibility)
        made = await self.product.publishing.publish(self.people[author], draft)
        self.posts[made.post_id] = Written(author, visibility, mentioned, set(tags))
        return made.post_id

    def nth(self, nth: int) -> int:
        """A post; 0 when there is none."""
        originals = self.originals()
        return originals[nth % len(originals)] if originals else 0

    def originals(self) -> list[int]:
        return sorted(self.posts)

    async def retag(self, nth: int, tags: frozenset[int]) -> None:
        """Edit a post: it has these hashtags now."""
        if post_id := self.nth(nth):
            written = self.posts[post_id]
            changes = PostChanges(text=self.text(written.mentioned, tags))
            await self.product.publishing.edit(self.people[written.author], post_id, changes)
            written.tags = set(tags)

    async def delete(self, nth: int) -> None:
        if post_id := self.nth(nth):
            written = self.posts.pop(post_id)
            await self.product.remover.delete(self.people[written.author], post_id)
            self.likes = [like for like in self.likes if like[1] != post_id]

    async def follow_tag(self, who: int, tag: int) -> None:
        await self.product.tagging.follow(self.people[who], self.tags[tag])
        if (who, tag) not in self.tag_follows:
            self.tag_follows.append((who, tag))

    async def unfollow_tag(self, who: int, tag: int) -> None:
        await self.product.tagging.unfollow(self.people[who], self.tags[tag])
        self.tag_follows = [edge for edge in self.tag_follows if edge != (who, tag)]

    async def follow(self, follower: int, target: int) -> None:
        if follower != target:
            await self.product.following.follow(self.people[follower], self.people[target])
            if (follower, target) not in self.follows:
                self.follows.append((follower, target))

    async def unfollow(self, follower: int, target: int) -> None:
        await self.product.following.unfollow(self.people[follower], self.people[target])
        self.follows = [edge for edge in self.follows if edge != (follower, target)]

    async def like(self, who: int, nth: int) -> None:
        seen = [post_id for post_id in self.originals() if self.visible(post_id, who)]
        if seen:
            post_id = seen[nth % len(seen)]
            await self.product.likes.like(self.people[who], post_id)
            if (who, post_id) not in self.likes:
                self.likes.append((who, post_id))

    async def flush(self) -> None:
        """All of Valkey is lost."""
        await self.product.stores.valkey.one(lambda _: ("FLUSHALL",))

    async def drain(self) -> None:
        """Everything that is waiting is done."""
        await self.listen()
        await drain(self.product)

    async def listen(self) -> None:
        """Remember the messages that wait, to deliver them again some time."""
        rows = [row for shard in self.product.stores.shards.all for row in await shard.rows(sql.messages)]
        self.heard += [
            Message(shard=self.product.stores.shards.at(row["slot"]), lease=uuid4(), **row)
            for row in rows
            if row["id"] not in {message.id for message in self.heard}
        ]

    async def gossip(self, seed: int) -> None:
        """Messages, those done long ago too, come to workers without a lease: twice, late, in any order."""
        await self.listen()
        chance = random.Random(seed)
        for message in chance.choices(self.heard, k=min(8, len(self.heard))) if self.heard else []:
            try:
                await handlers(self.product)[message.kind](message)
            except LeaseLostError:
                continue

    # What must be.

    def following(self, who: int) -> list[int]:
        return [target for follower, target in reversed(self.follows) if follower == who]

    def followers(self, who: int) -> list[int]:
        return [follower for follower, target in reversed(self.follows) if target == who]

    def visible(self, post_id: int, who: int | None) -> bool:
        post = self.posts[post_id]
        if who is not None and (post.author == who or who in post.mentioned):
            return True
        if post.visibility in (Visibility.PUBLIC, Visibility.UNLISTED):
            return True
        return post.visibility == Visibility.PRIVATE and who is not None and (who, post.author) in self.follows

    def home(self, who: int) -> list[int]:
        """All that belongs there."""
        return [
            post_id
            for post_id in sorted(self.posts, reverse=True)
            if self.visible(post_id, who)
            and (self.posts[post_id].author in {who, *self.following(who)} or self.tagged(post_id, who))
        ]

    def tagged(self, post_id: int, who: int) -> bool:
        post = self.posts[post_id]
        return post.visibility == Visibility.PUBLIC and any((who, tag) in self.tag_follows for tag in post.tags)

    # What is.

    async def read_home(self, who: int, page: Page) -> list[int]:
        """A page of home, checked for all that holds even while messages wait."""
        timeline = await self.product.home.page(self.people[who], page)
        found = [msgspec.json.decode(item) for item in timeline.items]
        shown = [int(each["id"]) for each in found]
        everything = self.home(who)
        assert shown == sorted(set(shown), reverse=True), "in order, none twice"
        wrong = set(shown) - set(page_of(everything, msgspec.structs.replace(page, limit=10_000)))
        assert not wrong, {ident: self.posts.get(ident) for ident in wrong}
        assert (timeline.newest, timeline.oldest) == ((shown[0], shown[-1]) if shown else (0, 0))
        full = len(shown) == page.limit
        own = [ident for ident in everything if self.posts[ident].author == who and page.admits(ident)]
        if full and page.ascending:
            own = [ident for ident in own if ident <= shown[0]]
        elif full:
            own = [ident for ident in own if ident >= shown[-1]]
        assert set(own) <= set(shown), "own posts at once"
        for each in found:
            assert each["favourited"] == ((who, int(each["id"])) in self.likes), "own likes at once"
        return shown

    async def agrees(self, chance: random.Random) -> None:
        """Nothing waits: everybody sees exactly what the model says, whichever way they read."""
        for who in range(len(self.people)):
            await self._home_agrees(who, chance)
            await self._lists_agree(who)
            await self._timelines_agree(who, chance)
        await self._counts_agree()

    async def _home_agrees(self, who: int, chance: random.Random) -> None:
        everything = self.home(who)

        async def read(page: Page) -> list[int]:
            return await self.read_home(who, page)

        async def walk(beyond: Callable[[list[int]], Page]) -> None:
            found: list[int] = [0]
            at: list[int] = []
            while found:
                page = beyond(at)
                found = await read(page)
                assert found == page_of(everything, page), page
                at = found or at

        await walk(lambda at: Page(limit=chance.randint(1, 7), max_id=at[-1] if at else None))
        await walk(lambda at: Page(limit=chance.randint(1, 7), min_id=at[0] if at else 0))
        for _ in range(4):
            page = _any_page(everything, chance)
            assert await read(page) == page_of(everything, page), page

    async def _timelines_agree(self, who: int, chance: random.Random) -> None:
        viewer = chance.choice([None, *range(len(self.people))])
        reader = None if viewer is None else self.people[viewer]

        async def account(page: Page) -> list[int]:
            timeline = await self.product.timelines.account(reader, self.people[who], page, EVERYTHING)
            return _idents(timeline.items)

        own = [
            ident
            for ident in sorted(self.posts, reverse=True)
            if self.posts[ident].author == who and self.visible(ident, viewer)
        ]
        assert await _walked_down(account, chance) == own
        assert await _walked_up(account, chance) == own

        async def public(page: Page) -> list[int]:
            page = msgspec.structs.replace(page, since_id=max(self.start, page.since_id or 0))
            return _idents((await self.product.timelines.public(reader, page, media_only=False)).items)

        open_to_all = [ident for ident in self.originals()[::-1] if self.posts[ident].visibility == Visibility.PUBLIC]
        assert await _walked_down(public, chance) == open_to_all
        assert await _walked_up(public, chance) == open_to_all

    async def _lists_agree(self, who: int) -> None:
        edges, account = self.product.edges, self.people[who]
        assert (await edges.followers(account, Page())).ids == [self.people[each] for each in self.followers(who)]
        assert (await edges.following(account, Page())).ids == [self.people[each] for each in self.following(who)]
        tags = (await self.product.tag_follows.of(account, Page())).names
        assert tags == [self.tags[tag] for follower, tag in reversed(self.tag_follows) if follower == who]
        liked = [post_id for liker, post_id in reversed(self.likes) if liker == who and self.visible(post_id, who)]
        assert _idents((await self.product.timelines.favourites(account, Page())).items) == liked

    async def _counts_agree(self) -> None:
        for who, account in enumerate(self.people):
            shown = msgspec.json.decode(await self.product.people.one(account))
            posts = sum(post.author == who and post.visibility != Visibility.DIRECT for post in self.posts.values())
            assert shown["statuses_count"] == posts
            assert shown["followers_count"] == len(self.followers(who))
            assert shown["following_count"] == len(self.following(who))
        for post_id in self.originals():
            post = self.posts[post_id]
            shown = msgspec.json.decode(await self.product.timelines.post(self.people[post.author], post_id))
            assert shown["favourites_count"] == sum(liked == post_id for _, liked in self.likes)
            likers = [self.people[who] for who, liked in reversed(self.likes) if liked == post_id]
            assert (await self.product.likes.of(post_id, Page())).ids == likers


def _idents(items: list[bytes]) -> list[int]:
    return [int(msgspec.json.decode(item)["id"]) for item in items]


async def _walked_down(read, chance: random.Random) -> list[int]:
    """All pages by `max_id`, of any sizes."""
    found: list[int] = []
    while page := await read(Page(limit=chance.randint(1, 7), max_id=found[-1] if found else None)):
        assert not set(page) & set(found)
        found += page
    return found


async def _walked_up(read, chance: random.Random) -> list[int]:
    """All pages by `min_id`, from the bottom."""
    found: list[int] = []
    while page := await read(Page(limit=chance.randint(1, 7), min_id=found[0] if found else 0)):
        assert not set(page) & set(found)
        found = page + found
    return found


def _any_page(everything: list[int], chance: random.Random) -> Page:
    bounds = [None, *everything, *(ident + 1 for ident in everything)]
    return Page(
        limit=chance.randint(1, 9),
        max_id=chance.choice(bounds),
        since_id=chance.choice(bounds),
        min_id=chance.choice(bounds),
    )
