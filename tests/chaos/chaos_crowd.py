"""People who post, follow and like over HTTP, and the journal of what they were answered.

A crowd never trusts the site: it knows only what an answer said. Who gets no answer asks again (posts with their
idempotency key) or, now and then, gives up; then both outcomes are right, but the site must be of one mind.
"""

import asyncio
import contextlib
import random
import time
from dataclasses import dataclass, field

import httpx

PEOPLE = 9
CLIENTS = 8
READERS = 2
# The site's own deadlines end any request before; the client waits a little longer, to see that they do.
SLOWEST_S = 12.0
PATIENCE_S = 16.0
OP_DEADLINE_S = 60.0
GIVES_UP = 0.3
PASSWORD = "correct horse battery staple"
SCOPES = "read write follow"


class UnansweredError(Exception):
    """Nobody knows whether it was done."""


@dataclass
class Person:
    name: str
    id: str
    token: str


@dataclass
class Post:
    """What one person wanted to post; `id` is None until it was answered."""

    key: str
    author: Person
    id: str | None = None
    deleted: bool | None = False  # None: a deletion was not answered


@dataclass
class Journal:
    """What was answered. Edges: True or False as answered last, None when the last change was not answered."""

    posts: dict[str, Post] = field(default_factory=dict)
    follows: dict[tuple[str, str], bool | None] = field(default_factory=dict)
    likes: dict[tuple[str, str], bool | None] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    unanswered: int = 0
    refused: int = 0
    degraded: int = 0
    slowest_s: float = 0.0
    longest_gap_s: float = 0.0

    def summary(self):
        answered = sum(post.id is not None for post in self.posts.values())
        return (
            f"{answered} of {len(self.posts)} posts, {len(self.follows)} follows, {len(self.likes)} likes; "
            f"{self.unanswered} requests without an answer, {self.refused} x 503, {self.degraded} degraded, "
            f"slowest {self.slowest_s:.2f} s, longest time without an answered change {self.longest_gap_s:.2f} s"
        )


class Client:
    """HTTP with a journal: every answer is looked at, however it is used."""

    def __init__(self, base, http, journal):
        self._base, self._http, self.journal = base, http, journal

    async def call(self, method, path, token="", *, allowed=(200,), headers=None, **options):
        """An answer with a status of `allowed`. Raises UnansweredError; anything else is a fault of the site."""
        sent = dict(headers or {}) | ({"Authorization": f"Bearer {token}"} if token else {})
        begin = time.monotonic()
        try:
            answer = await self._http.request(method, self._base + path, headers=sent, timeout=PATIENCE_S, **options)
        except httpx.TransportError as error:
            self._took(begin, f"{method} {path}: {error!r}")
            self.journal.unanswered += 1
            raise UnansweredError from error
        self._took(begin, f"{method} {path}: {answer.status_code}")
        if "heliograph-degraded" in answer.headers and answer.status_code == 200:
            self.journal.degraded += 1
        if answer.status_code == 503:
            self.journal.refused += 1
            if not answer.headers.get("retry-after", "").isdigit():
                self.journal.faults.append(f"{method} {path}: 503 without Retry-After")
            raise UnansweredError
        if answer.status_code not in allowed:
            self.journal.faults.append(f"{method} {path}: {answer.status_code} {answer.text[:300]}")
            raise UnansweredError
        return answer

    def _took(self, begin, what):
        took_s = time.monotonic() - begin
        self.journal.slowest_s = max(self.journal.slowest_s, took_s)
        if took_s > SLOWEST_S:
            self.journal.faults.append(f"{what} after {took_s:.1f} s")


@contextlib.asynccontextmanager
async def crowd(site, seed):
    """A crowd on a site that serves: people made, some follows among them, their feeds read once."""
    limits = httpx.Limits(max_connections=32, max_keepalive_connections=32)
    async with httpx.AsyncClient(limits=limits) as http:
        made = Crowd(site, Client(site.base, http, Journal()), random.Random(seed))
        await made.arrive()
        yield made


class Crowd:
    """The people of one test. `done`: changes that were answered or given up."""

    def __init__(self, site, client, dice):
        self.site, self.client, self.journal, self._dice = site, client, client.journal, dice
        self.people = []
        self.done = 0
        self.done_at = 0.0
        self._moved = asyncio.Condition()
        self._busy = set()
        self._closed = set()
        self._finished = False

    async def arrive(self):
        app = (
            await self.client.call(
                "POST",
                "/api/v1/apps",
                json={"client_name": "Crowd", "redirect_uris": "urn:ietf:wg:oauth:2.0:oob", "scopes": SCOPES},
            )
        ).json()
        grant = {"grant_type": "client_credentials", "scope": SCOPES, "redirect_uri": "urn:ietf:wg:oauth:2.0:oob"}
        grant |= {"client_id": app["client_id"], "client_secret": app["client_secret"]}
        token = (await self.client.call("POST", "/oauth/token", data=grant)).json()["access_token"]
        for number in range(PEOPLE):
            self.people.append(await self._sign_up(f"person{number}", token))
        pairs = [(one, other) for one in self.people for other in self.people if one is not other]
        for one, other in self._dice.sample(pairs, len(pairs) // 3):
            await self.set_follow(one, other, wanted=True)
        for person in self.people:  # from now on they are active readers, to whom posts are delivered
            await self.client.call("GET", "/api/v1/timelines/home", person.token)

    async def _sign_up(self, name, token):
        form = {"username": name, "email": f"{name}@example.com", "password": PASSWORD, "agreement": True}
        own = (await self.client.call("POST", "/api/v1/accounts", token, json=form)).json()["access_token"]
        account = (await self.client.call("GET", "/api/v1/accounts/verify_credentials", own)).json()
        return Person(name, account["id"], own)

    async def live(self, *, posts=200, follows=60, likes=50, deletions=10):
        """Do all of that, CLIENTS at once, in an order that the dice have thrown, while others read their homes."""
        ops = [self._post] * posts + [self._follow] * follows + [self._like] * likes + [self._delete] * deletions
        self._dice.shuffle(ops)
        self.done_at = time.monotonic()
        todo = iter(ops)
        readers = [asyncio.create_task(self._read()) for _ in range(READERS)]
        try:
            await asyncio.gather(*(self._work(todo) for _ in range(CLIENTS)))
        finally:
            self._finished = True
            await asyncio.gather(*readers)

    async def reached(self, number):
        """Wait until `number` changes are done."""
        async with self._moved:
            await self._moved.wait_for(lambda: self.done >= number or self._finished)

    async def _work(self, todo):
        for op in todo:
            await op()
            self.done += 1
            async with self._moved:
                self._moved.notify_all()

    async def _read(self):
        while not self._finished:
            person = self._dice.choice(self.people)
            try:
                answer = await self.client.call("GET", "/api/v1/timelines/home", person.token, allowed=(200, 206))
            except UnansweredError:
                await asyncio.sleep(0.05)
                continue
            found = [int(status["id"]) for status in answer.json()]
            if found != sorted(set(found), reverse=True):
                self.journal.faults.append(f"home of {person.name}, not in order or twice: {found}")
            await asyncio.sleep(0.01)

    async def _insist(self, *call, **options):
        """The answer, after as many tries as it takes; None when it was given up. And whether it took more than one."""
        end = time.monotonic() + OP_DEADLINE_S
        patient = self._dice.random() > GIVES_UP
        again = False
        while True:
            try:
                answer = await self.client.call(*call, **options)
            except UnansweredError:
                again = True
                if not patient:
                    return None, again
                if time.monotonic() > end:
                    self.journal.faults.append(f"{call[:2]}: no answer for {OP_DEADLINE_S} s")
                    return None, again
                await asyncio.sleep(0.1)
                continue
            self._answered()
            return answer, again

    def _answered(self):
        now = time.monotonic()
        if self.done_at:
            self.journal.longest_gap_s = max(self.journal.longest_gap_s, now - self.done_at)
        self.done_at = now

    async def _post(self):
        author = self._dice.choice(self.people)
        post = Post(f"k{len(self.journal.posts):04d}", author)
        self.journal.posts[post.key] = post
        form = {"status": f"{post.key} of {author.name}", "visibility": self._dice.choice(["public"] * 5 + ["private"])}
        answer, _ = await self._insist(
            "POST", "/api/v1/statuses", author.token, headers={"Idempotency-Key": post.key}, json=form
        )
        if answer is not None:
            post.id = answer.json()["id"]

    async def _follow(self):
        one, other = self._dice.sample(self.people, 2)
        await self.set_follow(one, other, wanted=not self.journal.follows.get((one.id, other.id), False))

    async def set_follow(self, one, other, *, wanted):
        """Have `one` follow `other`, or no longer."""
        async with self._alone(("follow", one.id, other.id)) as edge:
            if edge is None:
                return
            verb = "follow" if wanted else "unfollow"
            answer, again = await self._insist("POST", f"/api/v1/accounts/{other.id}/{verb}", one.token)
            if answer is not None and answer.json()["following"] is not wanted:
                self.journal.faults.append(f"{one.name} {verb} {other.name}: answered {answer.text}")
            self.journal.follows[one.id, other.id] = None if answer is None else wanted
            if again:
                self._closed.add(edge)

    async def _like(self):
        known = [post for post in self.journal.posts.values() if post.id and post.deleted is False]
        if not known:
            return
        post, person = self._dice.choice(known), self._dice.choice(self.people)
        if ("delete", post.id) in self._busy | self._closed:
            return
        async with self._alone(("like", person.id, post.id)) as edge:
            if edge is None:
                return
            wanted = not self.journal.likes.get((person.id, post.id), False)
            self.journal.likes.setdefault((person.id, post.id), False)
            verb = "favourite" if wanted else "unfavourite"
            # 404: a private post that this person does not see any more, perhaps since a moment before the answer.
            answer, again = await self._insist(
                "POST", f"/api/v1/statuses/{post.id}/{verb}", person.token, allowed=(200, 404)
            )
            if answer is None or answer.status_code == 404:
                self.journal.likes[person.id, post.id] = None
                self._closed.add(edge)
            else:
                if answer.json()["favourited"] is not wanted:
                    self.journal.faults.append(f"{person.name} {verb} {post.key}: answered {answer.text[:300]}")
                self.journal.likes[person.id, post.id] = wanted
            if again:
                self._closed.add(edge)

    async def _delete(self):
        liked = {ident for _, ident in self.journal.likes}
        known = [post for post in self.journal.posts.values() if post.id and post.deleted is False]
        known = [post for post in known if post.id not in liked]
        if not known:
            return
        post = self._dice.choice(known)
        async with self._alone(("delete", post.id)) as edge:
            if edge is None:
                return
            self._closed.add(edge)
            post.deleted = None
            # 404: an earlier try has done it.
            answer, again = await self._insist(
                "DELETE", f"/api/v1/statuses/{post.id}", post.author.token, allowed=(200, 404)
            )
            if answer is None:
                return
            if answer.status_code == 404 and not again:
                self.journal.faults.append(f"{post.key} was answered and is not there to be deleted")
            post.deleted = True

    @contextlib.asynccontextmanager
    async def _alone(self, edge):
        """`edge`, nobody else's now; None when it is.

        What was tried more than once is closed: a try that was not answered may still come to its end, and must not
        meet a change to the contrary.
        """
        if edge in self._busy or edge in self._closed:
            yield None
            return
        self._busy.add(edge)
        try:
            yield edge
        finally:
            self._busy.discard(edge)
