"""What people see, compared with the model. Each look may be taken at any time, while messages wait and workers are dead:
then a home may lack what is not yet delivered, and notifications may be late. All else is exact at any time.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from society_acts import TAGS
from society_model import DIRECT, Model, Post
from society_notices import Key
from society_people import People

Look = Callable[[], Awaitable[None]]
EVERYTHING = 40
WIDEST = 7
AT_ONCE = 0.5


class Eyes:
    """Looks, at random or at everything. Each raises AssertionError for what must not be."""

    def __init__(self, model: Model, people: People) -> None:
        self.model, self.people, self.chance = model, people, people.chance

    def anybody(self) -> int:
        return self.chance.randrange(self.model.size)

    def anyone(self) -> int | None:
        """Sometimes somebody who is not logged in."""
        return self.chance.choice([None, *range(self.model.size)])

    # A post.

    def check(self, entity: dict[str, Any], viewer: int | None) -> int:
        """Whether a post may be shown to somebody, and is what it is; its id."""
        post = self.model.posts.get(int(entity["id"]))
        assert post is not None, f"nobody has written {entity['id']}"
        assert self.model.sees(viewer, post.id), f"{viewer} must not see {post}"
        shown, inner = self.model.shown(post), entity["reblog"] or entity
        assert self.people.number(entity["account"]) == post.author
        assert entity["visibility"] == post.visibility
        assert int(inner["id"]) == shown.id
        assert bool(entity["reblog"]) == bool(post.original)
        self._check_words(inner, shown)
        self._check_flags(inner, shown, viewer)
        return post.id

    def _check_words(self, entity: dict[str, Any], post: Post) -> None:
        assert self.people.number(entity["account"]) == post.author
        assert post.word in entity["content"], "as it is now"
        assert {int(each["id"]) for each in entity["mentions"]} == {self.people.accounts[who] for who in post.mentions}
        assert {each["name"] for each in entity["tags"]} == {TAGS[tag] for tag in post.tags}
        assert entity["in_reply_to_id"] == (str(post.answers) if post.answers else None)
        counts = self.model.post_counts(post.id)
        found = {name: entity[name] for name in counts}
        assert found == counts, f"{found} instead of {counts}: {post}"

    def _check_flags(self, entity: dict[str, Any], post: Post, viewer: int | None) -> None:
        if viewer is None:
            return
        edge = (viewer, post.id)
        assert entity["favourited"] == (edge in self.model.likes), "own likes at once"
        assert entity["reblogged"] == (edge in self.model.reblogs), "own reblogs at once"
        assert entity["bookmarked"] == (edge in self.model.bookmarks), "own bookmarks at once"
        if post.author == viewer:
            assert entity["pinned"] == (edge in self.model.pins), "own pins at once"

    def check_all(self, entities: list[dict[str, Any]], viewer: int | None) -> list[int]:
        return [self.check(each, viewer) for each in entities]

    async def post(self) -> None:
        """Any post, one that is gone too."""
        if self.model.posts:
            viewer, ident = self.anyone(), self.chance.choice(sorted(self.model.posts))
            if self.model.sees(viewer, ident):
                assert self.check(await self.people.get(viewer, f"/api/v1/statuses/{ident}"), viewer) == ident
                await self.marks_of(viewer, ident)
            else:
                await self.people.get(viewer, f"/api/v1/statuses/{ident}", expect=404)
                await self.people.get(viewer, f"/api/v1/statuses/{ident}/context", expect=404)
                await self.people.get(viewer, f"/api/v1/statuses/{ident}/favourited_by", expect=404)

    async def marks_of(self, viewer: int | None, ident: int) -> None:
        """Who likes and who reblogs."""
        shown = self.model.shown(self.model.posts[ident]).id
        likers = await self.people.get(viewer, f"/api/v1/statuses/{ident}/favourited_by")
        assert self.people.numbers(likers) == self.model.likers(shown, viewer)
        rebloggers = await self.people.get(viewer, f"/api/v1/statuses/{ident}/reblogged_by")
        assert self.people.numbers(rebloggers) == self.model.rebloggers(shown, viewer)

    async def context(self) -> None:
        posts = [post for post in self.model.alive() if post.answers or self.chance.random() < 0.3]
        if posts:
            viewer, post = self.anyone(), self.chance.choice(posts)
            if self.model.sees(viewer, post.id):
                found = await self.people.get(viewer, f"/api/v1/statuses/{post.id}/context")
                around = tuple(self.check_all(found[part], viewer) for part in ("ancestors", "descendants"))
                assert around == self.model.context(viewer, post.id), (viewer, post)

    # Timelines.

    async def home(self, viewer: int, *, settled: bool = False, **page: int | None) -> list[int]:
        """A page of home. `settled`: no message waits, so nothing may be missing."""
        found = await self.people.get(viewer, "/api/v1/timelines/home", **page)
        shown = self.check_all(found, viewer)
        assert shown == sorted(set(shown), reverse=True), "in order, none twice"
        belongs = within(self.model.home(viewer), page)
        assert set(shown) <= set(belongs), f"{[self.model.posts[each] for each in set(shown) - set(belongs)]}"
        originals = [self._original(ident) for ident in shown]
        assert len(set(originals)) == len(originals), "one entry for one original"
        if settled:
            expected = self._once(belongs, page)
            lacks = [self.model.posts[each] for each in expected if each not in shown]
            assert shown == expected, f"{viewer} in {page} lacks {lacks}"
        else:
            self._nothing_lost(viewer, shown, belongs, page)
        return shown

    def _original(self, ident: int) -> int:
        return self.model.shown(self.model.posts[ident]).id

    def _once(self, belongs: list[int], page: dict[str, int | None]) -> list[int]:
        """A page of what belongs there, one entry for one original."""
        first: dict[int, int] = {}
        ascending = page.get("min_id") is not None
        for ident in belongs[::-1] if ascending else belongs:
            first.setdefault(self._original(ident), ident)
        return sorted(list(first.values())[: page["limit"]], reverse=True)

    def _nothing_lost(self, viewer: int, shown: list[int], belongs: list[int], page: dict[str, int | None]) -> None:
        """Own posts are there at once, and what has been delivered is there at any time."""
        must = [each for each in belongs if self.model.posts[each].author == viewer or self._is_settled(each)]
        if len(shown) == page["limit"]:
            ascending = page.get("min_id") is not None
            must = [each for each in must if (each <= shown[0] if ascending else each >= shown[-1])]
        lost = {self._original(each) for each in must} - {self._original(each) for each in shown}
        assert not lost, f"{viewer} does not see {[self.model.posts[each] for each in lost]} in {page}"

    def _is_settled(self, ident: int) -> bool:
        return {ident, self._original(ident)} <= self.model.settled

    async def some_home(self) -> None:
        viewer = self.anybody()
        if self.chance.random() < 0.5:
            await self.home(viewer, limit=self.chance.choice([3, 5, 20]))
        else:
            await self.home(viewer, **self._any_page(self.model.home(viewer)))

    async def look_at_once(self) -> None:
        """Who has just done something looks at home: what they did is seen there, on any process."""
        if self.chance.random() < AT_ONCE:
            await self.home(self.people.actor, limit=self.chance.choice([5, 20]))

    def _any_page(self, everything: list[int]) -> dict[str, int | None]:
        bounds = [None, None, *everything, *(ident + 1 for ident in everything)]
        names = ("max_id", "since_id", "min_id")
        return {"limit": self.chance.randint(1, 9)} | {name: self.chance.choice(bounds) for name in names}

    async def account(self, viewer: int | None, author: int) -> None:
        path = f"/api/v1/accounts/{self.people.accounts[author]}/statuses"
        await self.walk(viewer, path, self.model.account(viewer, author))
        pinned = await self.people.get(viewer, path, pinned=True)
        assert self.check_all(pinned, viewer) == self.model.kept(self.model.pins, author, viewer)

    async def some_account(self) -> None:
        await self.account(self.anyone(), self.anybody())

    async def public(self) -> None:
        viewer = self.anyone()
        await self.walk(viewer, "/api/v1/timelines/public", self.model.public(viewer))

    async def tag(self) -> None:
        viewer, tag = self.anyone(), self.chance.randrange(len(TAGS))
        await self.walk(viewer, f"/api/v1/timelines/tag/{TAGS[tag]}", self.model.tag(viewer, tag))

    async def walk(self, viewer: int | None, path: str, expected: list[int]) -> None:
        """All pages of a timeline, down or up, of any sizes."""
        up = self.chance.random() < 0.5
        found: list[int] = []
        while True:
            limit = self.chance.choice([2, WIDEST, EVERYTHING])
            bound = {"min_id": found[0] if found else 0} if up else {"max_id": found[-1] if found else None}
            page = self.check_all(await self.people.get(viewer, path, limit=limit, **bound), viewer)
            found = page + found if up else found + page
            if not page or len(found) >= EVERYTHING:
                break
        expected = expected[-len(found) :] if up and page else expected[: len(found)] if page else expected
        assert found == expected, (viewer, path)

    async def kept(self) -> None:
        """What somebody likes, and has bookmarked."""
        who = self.anybody()
        for name, edges in (("favourites", self.model.likes), ("bookmarks", self.model.bookmarks)):
            found = await self.people.get(who, f"/api/v1/{name}", limit=EVERYTHING)
            # A page lies where it lies, with what one does not see any more.
            expected = self.model.kept(dict(list(edges.items())), who, who)[: len(found) if found else None]
            assert self.check_all(found, who) == expected, name

    # People.

    async def relationships(self, who: int) -> None:
        others = [other for other in range(self.model.size) if other != who]
        asked = [str(self.people.accounts[other]) for other in others]
        found = await self.people.get(who, "/api/v1/accounts/relationships", **{"id[]": asked})
        for other, entity in zip(others, found, strict=True):
            expected = {"id": str(self.people.accounts[other])} | self.model.relationship(who, other)
            assert entity == expected, f"{who} and {other}"

    async def some_relationships(self) -> None:
        await self.relationships(self.anybody())

    async def lists(self, who: int) -> None:
        """Followers and followed as others see them, and what is for oneself alone."""
        viewer, account = self.anyone(), self.people.accounts[who]
        for name, expected in (
            (f"accounts/{account}/followers", self.model.followers(who, viewer)),
            (f"accounts/{account}/following", self.model.following(who, viewer)),
        ):
            assert self.people.numbers(await self.people.get(viewer, f"/api/v1/{name}")) == expected, (viewer, name)
        for name, edges in (("blocks", self.model.blocks), ("mutes", self.model.mutes)):
            expected = [b for a, b in reversed(edges) if a == who]
            assert self.people.numbers(await self.people.get(who, f"/api/v1/{name}")) == expected, (who, name)
        asking = [a for a, b in reversed(self.model.requests) if b == who]
        assert self.people.numbers(await self.people.get(who, "/api/v1/follow_requests")) == asking
        tags = [TAGS[tag] for each, tag in reversed(self.model.tag_follows) if each == who]
        assert [each["name"] for each in await self.people.get(who, "/api/v1/followed_tags")] == tags

    async def some_lists(self) -> None:
        await self.lists(self.anybody())

    async def counts(self, who: int) -> None:
        found = await self.people.get(self.anyone(), f"/api/v1/accounts/{self.people.accounts[who]}")
        expected = self.model.account_counts(who)
        assert {name: found[name] for name in expected} == expected, who

    # Notifications and conversations.

    async def notifications(self, who: int, *, settled: bool = False) -> list[tuple[int, Key]]:
        """What somebody has been told: (id of the notification, what), the latest first."""
        found: list[dict[str, Any]] = []
        while True:
            oldest = found[-1]["id"] if found else None
            page = await self.people.get(who, "/api/v1/notifications", limit=EVERYTHING, max_id=oldest)
            found += page
            if not page:
                break
        told = [(int(each["id"]), self._key(each, who)) for each in found]
        idents, keys = [ident for ident, _ in told], [key for _, key in told]
        assert idents == sorted(set(idents), reverse=True), "in order"
        assert len(set(keys)) == len(keys), "nothing twice"
        for key in keys:
            assert self._may_be_told(who, key, settled=settled), (who, key, self.model.posts.get(key[2]))
        if settled:
            missing = self._must_be_told(who) - set(keys)
            assert not missing, [(who, key, self.model.posts.get(key[2])) for key in missing]
            self._check_times(who, keys)
        return told

    def _key(self, entity: dict[str, Any], who: int) -> Key:
        ident = self.check(entity["status"], who) if entity.get("status") else 0
        return entity["type"], self.people.number(entity["account"]), ident

    def _may_be_told(self, who: int, key: Key, *, settled: bool) -> bool:
        kind, by, ident = key
        if not self.model.readable(who, by, ident):
            return False
        notice = self.model.notices.of(who).get(key)
        if notice is not None:
            return not notice.dismissed
        # Whoever has got the bell since hears of it, should the message come late.
        rings = kind == "status" and (who, by) in self.model.ever_bell and self.model.posts[ident].visibility != DIRECT
        return rings or (not settled and (who, key) in self.model.notices.lingering)

    def _must_be_told(self, who: int) -> set[Key]:
        sure = {key for key, each in self.model.notices.of(who).items() if each.sure and not each.dismissed}
        return {key for key in sure if self.model.readable(who, key[1], key[2])}

    def _check_times(self, who: int, keys: list[Key]) -> None:
        """What came after a draining is newer than what came before."""
        known = [self.model.notices.of(who).get(key) for key in keys]
        times = [each.time for each in known if each is not None and each.sure and not each.renewed]
        assert times == sorted(times, reverse=True), "the latest first"

    async def some_notifications(self) -> None:
        await self.notifications(self.anybody())

    async def dismiss(self) -> None:
        """Put away one notification of which nothing is under way."""
        who, notices = self.anybody(), self.model.notices
        told = [
            (ident, key)
            for ident, key in await self.notifications(who)
            if (each := notices.of(who).get(key)) and not each.pending and (who, key) not in notices.lingering
        ]
        if told:
            ident, key = self.chance.choice(told)
            await self.people.do(who, f"/api/v1/notifications/{ident}/dismiss")
            notices.of(who)[key].dismissed = True

    async def conversations(self, who: int, *, settled: bool = False) -> None:
        found = await self.people.get(who, "/api/v1/conversations", limit=EVERYTHING)
        shown: dict[int, tuple[int, set[int]]] = {}
        for each in found:
            last = self.model.posts[self.check(each["last_status"], who)]
            assert last.visibility == DIRECT
            assert self.model.welcome(who, last), "not from whom one has muted"
            assert who in (last.author, *last.mentions)
            assert last.root not in shown, "each once"
            shown[last.root] = last.id, set(self.people.numbers(each["accounts"]))
        lasts = [last for last, _ in shown.values()]
        assert lasts == sorted(lasts, reverse=True), "the latest first"
        if settled:
            for root in {post.root for post in self.model.originals() if post.visibility == DIRECT}:
                self._check_conversation(who, root, shown.get(root))

    def _check_conversation(self, who: int, root: int, shown: tuple[int, set[int]] | None) -> None:
        """Where nobody was blocked or named only later, it is known which post is the last."""
        thread = self.model.addressed(who, root)
        changed = [post.id for post in self.model.posts.values() if post.root == root and post.visibility == DIRECT]
        if set(changed) & self.model.readdressed or any(
            frozenset((who, each)) in self.model.ever_blocked
            for post in thread
            for each in (post.author, *post.mentions)
        ):
            return
        alive = [post for post in thread if not post.gone]
        expected = None
        if alive and self.model.welcome(who, alive[0]):
            everybody = {alive[0].author, *alive[0].mentions}
            expected = alive[0].id, (everybody - {who}) or {who}
        assert shown == expected, f"{who} sees {shown} and not {expected} of {thread}"

    async def some_conversations(self) -> None:
        await self.conversations(self.anybody())

    def often(self) -> list[tuple[int, Look]]:
        """All looks, each with how often it is taken."""
        return [
            (16, self.some_home), (5, self.post), (4, self.context), (3, self.some_account), (2, self.public),
            (3, self.tag), (2, self.kept), (2, self.some_relationships), (2, self.some_lists),
            (4, self.some_notifications), (2, self.dismiss), (1, self.some_conversations),
        ]  # fmt: skip

    async def agree(self) -> None:
        """No message waits: everybody sees exactly what the model says."""
        for who in range(self.model.size):
            await self._home_agrees(who)
            await self.account(self.anyone(), who)
            await self.relationships(who)
            await self.lists(who)
            await self.counts(who)
            await self.notifications(who, settled=True)
            await self.conversations(who, settled=True)
        for _ in range(self.model.size):
            for look in (self.kept, self.post, self.context):
                await look()
        for look in (self.public, self.tag, self.tag):
            await look()

    async def _home_agrees(self, who: int) -> None:
        """Walked down, walked up, and any pages."""
        at: int | None = None
        while page := await self.home(who, settled=True, limit=self.chance.choice([3, WIDEST, 20]), max_id=at):
            at = page[-1]
        at = 0
        while page := await self.home(who, settled=True, limit=self.chance.choice([3, WIDEST, 20]), min_id=at):
            at = page[0]
        for _ in range(3):
            await self.home(who, settled=True, **self._any_page(self.model.home(who)))


def within(everything: list[int], page: dict[str, int | None]) -> list[int]:
    """What lies between the bounds of a page."""
    above = max(page.get("since_id") or 0, page.get("min_id") or 0)
    return [each for each in everything if above < each < (page.get("max_id") or each + 1)]
