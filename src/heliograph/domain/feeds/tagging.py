"""What hashtags do to feeds: a post comes into the homes of those who follow one of its hashtags.

It is pushed by a message of its own for each hashtag (`tag.posted`), after the author's followers have it: a large hashtag
holds up nobody else. Whether anybody follows is asked only when the hashtag lists the post: whoever begins to later finds
it there, and merges it. Above `push_limit` followers a hashtag is pulled: its recent ids are one list, merged by who reads. It stays
so: unlike an author it has nobody who would be told when all that it lists has been pushed again.
"""

from collections.abc import Collection, Iterable

import msgspec

from heliograph.base import ids
from heliograph.base.errors import StoreUnavailableError
from heliograph.base.paging import Page
from heliograph.domain.feeds.crossing import Crossing
from heliograph.domain.feeds.deliver import PAGE, Advance
from heliograph.domain.feeds.pull import floor_of
from heliograph.domain.feeds.pulled import PulledAuthors
from heliograph.domain.feeds.tagged import TaggedPosts
from heliograph.domain.graph.tag_follows import TagFollowChanged, TagFollows
from heliograph.domain.posts.tags import Tags, TagShards, known_length
from heliograph.stores import outbox
from heliograph.stores.cache import note_degraded
from heliograph.stores.idlists import HOME, TAGGED, IdLists
from heliograph.stores.pace import Pace
from heliograph.stores.queries import load
from heliograph.stores.shards import Row, Shards

sql = load("tags")

POSTED = "tag.posted"


class TagPosted(msgspec.Struct, frozen=True):
    """`tag` lists `post`, and has followers."""

    tag: str
    post: int


class Tagging:
    """Hashtags with their effect on feeds. `push_limit`: followers up to which what is under one is pushed."""

    def __init__(
        self,
        shards: Shards,
        lists: IdLists,
        tags: Tags,
        tagged: TaggedPosts,
        tag_follows: TagFollows,
        pulled: PulledAuthors,
        crossing: Crossing,
        push_limit: int,
        pace: Pace,
    ) -> None:
        self._shards = shards
        self._by_tag = TagShards(shards)
        self._lists = lists
        self._tags = tags
        self._tagged = tagged
        self._tag_follows = tag_follows
        self._pulled = pulled
        self._crossing = crossing
        self._push_limit = push_limit
        self._pace = pace

    async def at_once(self, post_id: int, formerly: Iterable[str] = ()) -> None:
        """What the request itself does: the lists of hashtags have the post. A store that is away: a worker will do it."""
        try:
            await self.settle(post_id, formerly)
        except StoreUnavailableError as error:
            note_degraded(error.store)

    async def settle(self, post_id: int, formerly: Iterable[str] = ()) -> list[str]:
        """Have the lists of hashtags agree with a post, which may have had those of `formerly`; which list it."""
        listed = await self._tags.settle(post_id, formerly)
        await self._push_pulled(post_id, listed)
        return listed

    async def published(self, post_id: int, names: Iterable[str]) -> None:
        """The outbox' part of a new post with hashtags. Nearly always the request has had it listed."""
        names = known_length(names)
        await self._tags.refresh(names)
        standing = await self._by_tag.rows(sql.standing, names, post_id=post_id)
        if not all(row["listed"] for row in standing):
            await self.edited(post_id, names)
            return
        await self._push_pulled(post_id, names)
        await self._announce(post_id, standing)

    async def edited(self, post_id: int, names: Iterable[str], formerly: Collection[str] = ()) -> None:
        """The outbox' part of an edit: what had the hashtags `formerly` was to have `names`, as it was then."""
        listed = await self.settle(post_id, {*formerly, *names})
        await self._tags.refresh({*formerly, *names})
        new = [name for name in listed if name not in formerly]
        await self._announce(post_id, await self._by_tag.rows(sql.standing, new, post_id=post_id))

    async def _push_pulled(self, post_id: int, names: Iterable[str]) -> None:
        if pulled := await self._pulled.tags_of(names):
            await self._lists.push([(TAGGED, post_id, pulled)])

    async def _announce(self, post_id: int, standing: Iterable[Row]) -> None:
        """Leave a message for each hashtag that lists the post and is followed."""
        for row in standing:
            if row["listed"] and row["followed"]:
                slot = ids.slot_of_name(row["name"])
                async with self._shards.at(slot).session() as session:
                    await outbox.put(session, slot, POSTED, msgspec.to_builtins(TagPosted(row["name"], post_id)))

    async def deliver(self, posted: TagPosted, cursor: int, advance: Advance) -> None:
        """Push a post to the followers of a hashtag after `cursor`; `advance` is told the cursor after each page."""
        pull_from = await self._decide(posted.tag)
        if pull_from is not None and posted.post >= pull_from:
            return
        while followers := await self._tag_follows.followers_page(posted.tag, cursor, PAGE):
            await self._lists.push([(HOME, posted.post, followers)])
            self._pace.count(len(followers))
            cursor = followers[-1]
            if len(followers) < PAGE:
                return
            await advance(cursor)

    async def _decide(self, tag: str) -> int | None:
        """From which id on what is under `tag` is pulled; crossing the limit is noticed here."""
        slot = ids.slot_of_name(tag)
        row = await self._shards.at(slot).row(sql.audience, slot=slot, tag=tag, push_limit=self._push_limit)
        if row is None or (row["pull_from"] is None and not row["is_large"]):
            return None
        return await self._crossing.start_tag(tag) if row["pull_from"] is None else int(row["pull_from"])

    async def follow(self, account: int, tag: str) -> None:
        """Let `account` follow `tag`; what it lists is at home at once. Raises ValidationError (too many)."""
        change = await self._tag_follows.follow(account, tag)
        try:
            await self.merge(change)
        except StoreUnavailableError as error:
            note_degraded(error.store)

    async def unfollow(self, account: int, tag: str) -> None:
        """Let `account` no longer follow `tag`: the next read of home shows nothing that is there for it alone."""
        await self._tag_follows.unfollow(account, tag)

    async def merge(self, change: TagFollowChanged) -> None:
        """Merge what a hashtag has listed recently into the feed of a new follower. Safe to repeat."""
        if change.gone:
            return
        recent = await self._tagged.page_of([change.tag], Page(limit=self._lists.cap))
        await self._lists.add(HOME, change.account, recent, floor_of(recent, self._lists.cap))

    async def settle_follow(self, change: TagFollowChanged) -> None:
        """The outbox' part of a follow that was made or ended."""
        await self._tag_follows.settle(change)
        await self.merge(change)
