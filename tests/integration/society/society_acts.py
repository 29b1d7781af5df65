"""What people do, at random: each act is done to the product and to the model, and must be answered as the model says."""

from collections.abc import Awaitable, Callable
from typing import Any

from society_model import DIRECT, OPEN, PINS_AT_MOST, PRIVATE, PUBLIC, UNLISTED, Follow, Model, Post
from society_people import People

TAGS = ("dawn", "dusk")
VISIBILITIES = (PUBLIC, PUBLIC, PUBLIC, UNLISTED, PRIVATE, PRIVATE, DIRECT)
OK, FORBIDDEN, NOT_FOUND, REFUSED = 200, 403, 404, 422

Act = Callable[[], Awaitable[None]]


class Acts:
    """The acts of people, and what becomes of the model. `drain`: has all messages handled."""

    def __init__(self, model: Model, people: People, drain: Act) -> None:
        self.model, self.people, self.chance, self._drain = model, people, people.chance, drain
        self._words = 0

    def anybody(self) -> int:
        return self.chance.randrange(self.model.size)

    def two(self) -> tuple[int, int]:
        one, other = self.chance.sample(range(self.model.size), 2)
        return one, other

    def any_post(self) -> Post | None:
        """Mostly one of the latest, sometimes one that is gone."""
        if not self.model.posts:
            return None
        every = sorted(self.model.posts)
        alive = [post.id for post in self.model.alive()]
        pool = every if not alive or self.chance.random() < 0.04 else alive[: self.chance.choice([4, 12, len(alive)])]
        return self.model.posts[self.chance.choice(pool)]

    def own_post(self) -> Post | None:
        originals = self.model.originals()
        return self.chance.choice(originals) if originals else None

    def _tell(self, who: int, kind: str, by: int, ident: int = 0, *, again: bool = False) -> None:
        sure = self.model.tellable(who, kind, by, ident)
        self.model.notices.happen(who, (kind, by, ident), sure=sure, again=again)

    # Posts.

    def _text(self) -> tuple[dict[str, Any], str]:
        """A text that mentions some and has hashtags; and its word."""
        self._words += 1
        word = f"w{self._words}w"
        mentions = self.chance.sample(range(self.model.size), self.chance.choice([0, 0, 0, 1, 1, 2]))
        tags = self.chance.sample(range(len(TAGS)), self.chance.choice([0, 0, 1, 2]))
        names = [f"@{self.people.names[each]}" for each in mentions]
        text = " ".join([word, *names, *(f"#{TAGS[tag]}" for tag in tags)])
        return {"text": text, "mentions": set(mentions), "tags": set(tags)}, word

    async def post(self) -> None:
        await self._publish(self.anybody(), None)

    async def burst(self) -> None:
        """Somebody posts more than a list holds."""
        author = self.anybody()
        for _ in range(self.chance.randint(3, 6)):
            await self._publish(author, None)

    async def reply(self) -> None:
        if parent := self.any_post():
            await self._publish(self.anybody(), parent)

    async def _publish(self, author: int, parent: Post | None) -> None:
        written, word = self._text()
        visibility = self.chance.choice(VISIBILITIES)
        form = {"status": written.pop("text"), "visibility": visibility}
        if parent is not None:
            form["in_reply_to_id"] = str(parent.id)
            if not self.model.sees(author, parent.id):
                await self.people.do(author, "/api/v1/statuses", expect=NOT_FOUND, **form)
                return
            parent = self.model.shown(parent)
        made = await self.people.do(author, "/api/v1/statuses", **form)
        post = Post(int(made["id"]), author, visibility, word, **written)
        post.root = parent.root if parent else post.id
        if parent is not None:
            post.answers, post.answered = parent.id, parent.author
        self.model.posts[post.id] = post
        self._tell_of(post)

    def _tell_of(self, post: Post) -> None:
        for who in post.mentions | ({post.answered} - {None}):
            self._tell(who, "mention", post.author, post.id)
        if post.visibility != DIRECT and post.answered in (None, post.author):
            for who, author in self.model.follows:
                if author == post.author and self.model.follows[who, author].bell:
                    self._tell(who, "status", author, post.id)

    async def edit(self) -> None:
        if post := self.own_post():
            written, word = self._text()
            path = f"/api/v1/statuses/{post.id}"
            await self.people.ask(post.author, "PUT", path, json={"status": written["text"]})
            added = written["mentions"] - post.mentions
            if post.visibility == DIRECT and written["mentions"] != post.mentions:
                self.model.readdressed.add(post.id)
            post.word, post.mentions, post.tags = word, written["mentions"], written["tags"]
            self.model.unsettle(post.id)
            for who in added:
                self._tell(who, "mention", post.author, post.id)

    async def delete(self) -> None:
        """Delete a post, or a reblog by its own id."""
        post = self.any_post()
        if post is None:
            return
        expect = NOT_FOUND if post.gone or not self.model.sees(post.author, post.id) else OK
        await self.people.ask(post.author, "DELETE", f"/api/v1/statuses/{post.id}", expect=expect)
        if expect == OK and post.original:
            self._end_reblog(post.author, post.original)
        elif expect == OK:
            self._end(post)

    def _end(self, post: Post) -> None:
        model = self.model
        post.gone = True
        for marks in (model.likes, model.bookmarks, model.pins):
            for edge in [edge for edge in marks if edge[1] == post.id]:
                del marks[edge]
        for edge in [edge for edge in model.reblogs if edge[1] == post.id]:
            model.posts[model.reblogs.pop(edge)].gone = True
        model.notices.forget(post.id)

    # Marks.

    async def reblog(self) -> None:
        post, who = self.any_post(), self.anybody()
        if post is None:
            return
        wanted = self.chance.choice([PUBLIC, PUBLIC, UNLISTED, PRIVATE])
        path = f"/api/v1/statuses/{post.id}/reblog"
        seen = self.model.sees(who, post.id)
        post = self.model.shown(post)
        own = post.visibility == PRIVATE and post.author == who
        if not seen or not (post.visibility in OPEN or own):
            await self.people.do(who, path, expect=NOT_FOUND, visibility=wanted)
            return
        ident = int((await self.people.do(who, path, visibility=wanted))["id"])
        had = self.model.reblogs.get((who, post.id), ident)
        assert had == ident, "again is the same"
        if (who, post.id) not in self.model.reblogs:
            self.model.reblogs[who, post.id] = ident
            self.model.posts[ident] = Post(ident, who, PRIVATE if own else wanted, original=post.id)
            self._tell(post.author, "reblog", who, post.id, again=True)

    async def unreblog(self) -> None:
        if self.model.reblogs:
            who, ident = self.chance.choice(list(self.model.reblogs))
            expect = OK if self.model.sees(who, ident) else NOT_FOUND
            await self.people.do(who, f"/api/v1/statuses/{ident}/unreblog", expect=expect)
            self._end_reblog(who, ident)

    def _end_reblog(self, who: int, ident: int) -> None:
        self.model.posts[self.model.reblogs.pop((who, ident))].gone = True
        self.model.notices.take_back(self.model.posts[ident].author, ("reblog", who, ident))

    async def like(self) -> None:
        post, who = self.any_post(), self.anybody()
        if post is not None and await self._mark(who, post, "favourite"):
            post = self.model.shown(post)
            if (who, post.id) not in self.model.likes:
                self.model.likes[who, post.id] = True
                self._tell(post.author, "favourite", who, post.id, again=True)

    async def unlike(self) -> None:
        if self.model.likes:
            who, ident = self.chance.choice(list(self.model.likes))
            # Also of what one does not see any more.
            await self._mark(who, self.model.posts[ident], "unfavourite")
            del self.model.likes[who, ident]
            self.model.notices.take_back(self.model.posts[ident].author, ("favourite", who, ident))

    async def bookmark(self) -> None:
        post, who = self.any_post(), self.anybody()
        if post is not None and await self._mark(who, post, "bookmark"):
            self.model.bookmarks.setdefault((who, self.model.shown(post).id), True)

    async def unbookmark(self) -> None:
        if self.model.bookmarks:
            who, ident = self.chance.choice(list(self.model.bookmarks))
            # Also what one does not see any more.
            await self._mark(who, self.model.posts[ident], "unbookmark")
            del self.model.bookmarks[who, ident]

    async def pin(self) -> None:
        post = self.any_post()
        if post is None:
            return
        who = post.author if self.chance.random() < 0.9 else self.anybody()
        full = sum(each == who for each, _ in self.model.pins) >= PINS_AT_MOST and (who, post.id) not in self.model.pins
        refused = post.original or post.author != who or post.visibility == DIRECT or full
        if await self._mark(who, post, "pin", OK if not refused else REFUSED):
            self.model.pins.setdefault((who, post.id), True)

    async def unpin(self) -> None:
        if self.model.pins:
            who, ident = self.chance.choice(list(self.model.pins))
            await self._mark(who, self.model.posts[ident], "unpin")
            del self.model.pins[who, ident]

    async def _mark(self, who: int, post: Post, verb: str, expect: int = OK) -> bool:
        """Whether it is done."""
        expect = expect if self.model.sees(who, post.id) else NOT_FOUND
        await self.people.do(who, f"/api/v1/statuses/{post.id}/{verb}", expect=expect)
        return expect == OK

    # People.

    async def follow(self) -> None:
        who, other = self.two()
        wish: dict[str, bool] = {}
        if self.chance.random() < 0.3:
            wish["reblogs"] = self.chance.random() < 0.4
        if self.chance.random() < 0.3:
            wish["notify"] = self.chance.random() < 0.7
        await self._follow(who, other, **wish)

    async def crowd(self) -> None:
        """Somebody gets more followers than they are pushed to, posts, and loses all but one of them again."""
        star = self.anybody()
        for fan in self.chance.sample(range(self.model.size), 4):
            if fan != star:
                await self._follow(fan, star)
        for _ in range(self.chance.randint(0, 2)):
            await self._publish(star, None)
            # That a line is crossed is noticed when a post is delivered.
            await self._perhaps_drain()
        if self.chance.random() < 0.5:
            for fan in self.model.followers(star, None)[1:]:
                await self._unfollow(fan, star)
            await self._publish(star, None)
            await self._perhaps_drain()

    async def _perhaps_drain(self) -> None:
        self.model.notices.doubt(self.model.tellable)
        if self.chance.random() < 0.5:
            await self._drain()

    async def _follow(self, who: int, other: int, **wish: bool) -> None:
        model = self.model
        path = f"/api/v1/accounts/{self.people.accounts[other]}/follow"
        if model.apart(who, other):
            await self.people.do(who, path, expect=FORBIDDEN, **wish)
            return
        await self.people.do(who, path, **wish)
        edge = (who, other)
        had = model.follows.get(edge) or model.requests.get(edge)
        now = Follow(**vars(had or Follow()))
        now.reblogs, now.bell = wish.get("reblogs", now.reblogs), wish.get("notify", now.bell)
        waits = edge in model.requests or (had is None and other in model.locked)
        if now != had:
            for edges in (model.follows, model.requests):
                edges.pop(edge, None)
            (model.requests if waits else model.follows)[edge] = now
        if had is None:
            self._tell(other, "follow_request" if waits else "follow", who, again=True)
        if now.bell:
            model.ever_bell.add(edge)

    async def unfollow(self) -> None:
        edges = [*self.model.follows, *self.model.requests]
        if edges:
            await self._unfollow(*self.chance.choice(edges))

    async def _unfollow(self, who: int, other: int) -> None:
        await self.people.do(who, f"/api/v1/accounts/{self.people.accounts[other]}/unfollow")
        self._part(who, other)

    async def remove_follower(self) -> None:
        edges = [*self.model.follows, *self.model.requests]
        if edges:
            who, other = self.chance.choice(edges)
            await self.people.do(other, f"/api/v1/accounts/{self.people.accounts[who]}/remove_from_followers")
            if (who, other) in self.model.follows:
                self._part(who, other)

    def _part(self, who: int, other: int) -> None:
        """No follow any more, nor a request."""
        if self.model.follows.pop((who, other), None):
            self.model.notices.take_back(other, ("follow", who, 0))
        if self.model.requests.pop((who, other), None):
            self.model.notices.take_back(other, ("follow_request", who, 0))

    async def lock(self) -> None:
        await self._lock(self.anybody(), locked=True)

    async def unlock(self) -> None:
        """Who has asked is let in, by a worker: only then is it known who sees what."""
        if self.model.locked:
            who = self.chance.choice(sorted(self.model.locked))
            await self._lock(who, locked=False)
            for edge in [edge for edge in self.model.requests if edge[1] == who]:
                self._let_in(*edge)
            self.model.notices.doubt(self.model.tellable)
            await self._drain()

    async def _lock(self, who: int, *, locked: bool) -> None:
        await self.people.ask(who, "PATCH", "/api/v1/accounts/update_credentials", json={"locked": locked})
        (self.model.locked.add if locked else self.model.locked.discard)(who)

    def _let_in(self, who: int, other: int) -> None:
        self.model.follows[who, other] = self.model.requests.pop((who, other))
        self.model.notices.take_back(other, ("follow_request", who, 0))
        self._tell(other, "follow", who, again=True)

    async def authorize(self) -> None:
        await self._decide("authorize")

    async def reject(self) -> None:
        await self._decide("reject")

    async def _decide(self, word: str) -> None:
        edges = list(self.model.requests)
        who, other = self.chance.choice(edges) if edges and self.chance.random() < 0.9 else self.two()
        expect = OK if (who, other) in self.model.requests else NOT_FOUND
        path = f"/api/v1/follow_requests/{self.people.accounts[who]}/{word}"
        await self.people.do(other, path, expect=expect)
        if expect == OK:
            (self._let_in if word == "authorize" else self._part)(who, other)

    async def block(self) -> None:
        who, other = self.two()
        await self.people.do(who, f"/api/v1/accounts/{self.people.accounts[other]}/block")
        self.model.blocks.setdefault((who, other), True)
        self.model.ever_blocked.add(frozenset((who, other)))
        self._part(who, other)
        self._part(other, who)

    async def unblock(self) -> None:
        if self.model.blocks:
            who, other = self.chance.choice(list(self.model.blocks))
            await self.people.do(who, f"/api/v1/accounts/{self.people.accounts[other]}/unblock")
            del self.model.blocks[who, other]

    async def mute(self) -> None:
        (who, other), silent = self.two(), self.chance.random() < 0.5
        await self.people.do(who, f"/api/v1/accounts/{self.people.accounts[other]}/mute", notifications=silent)
        self.model.mutes[who, other] = silent

    async def unmute(self) -> None:
        if self.model.mutes:
            who, other = self.chance.choice(list(self.model.mutes))
            await self.people.do(who, f"/api/v1/accounts/{self.people.accounts[other]}/unmute")
            del self.model.mutes[who, other]

    async def follow_tag(self) -> None:
        tag = self.chance.randrange(len(TAGS))
        for who in self.chance.sample(range(self.model.size), self.chance.choice([1, 1, 4])):
            await self.people.do(who, f"/api/v1/tags/{TAGS[tag]}/follow")
            self.model.tag_follows.setdefault((who, tag), True)

    async def unfollow_tag(self) -> None:
        if self.model.tag_follows:
            who, tag = self.chance.choice(list(self.model.tag_follows))
            await self.people.do(who, f"/api/v1/tags/{TAGS[tag]}/unfollow")
            del self.model.tag_follows[who, tag]

    def often(self) -> list[tuple[int, Act]]:
        """All acts, each with how often it is done."""
        return [
            (9, self.post), (2, self.burst), (10, self.reply), (6, self.edit), (4, self.delete),
            (9, self.reblog), (4, self.unreblog), (9, self.like), (4, self.unlike),
            (3, self.bookmark), (1, self.unbookmark), (3, self.pin), (1, self.unpin),
            (9, self.follow), (4, self.crowd), (3, self.unfollow), (2, self.remove_follower),
            (3, self.lock), (2, self.unlock), (4, self.authorize), (2, self.reject),
            (3, self.block), (3, self.unblock), (4, self.mute), (3, self.unmute),
            (4, self.follow_tag), (2, self.unfollow_tag),
        ]  # fmt: skip
