"""Is everything there that was answered, is every home complete, is every count right? Read over HTTP, as a client does."""

import asyncio
import re
from collections import Counter

KEY = re.compile(r"k\d{4}")
LIMIT = 40
AT_ONCE = 8


class Truth:
    """What the site says after it has come to rest, compared with the journal and with itself."""

    def __init__(self, crowd):
        self._crowd, self._client, self._journal = crowd, crowd.client, crowd.journal
        self._people = {person.id: person for person in crowd.people}
        self._room = asyncio.Semaphore(AT_ONCE)
        self.wrong = list(crowd.journal.faults)

    async def check(self):
        """Everything that is wrong, a sentence each."""
        timelines = await self._each(self._timeline)
        following = await self._each(lambda person: self._edges(person, "following"))
        followers = await self._each(lambda person: self._edges(person, "followers"))
        await self._posts(timelines)
        self._both_ends(following, followers)
        await self._each(lambda person: self._relationships(person, following))
        await self._each(lambda person: self._account_counts(person, timelines, following, followers))
        likers = await self._likes(timelines)
        await self._each(lambda person: self._home(person, {person.id, *following[person.id]}, timelines, likers))
        return self.wrong

    async def _each(self, read):
        """What `read` makes of each person, by account id."""
        return dict(zip(self._people, await self._gather(map(read, self._people.values())), strict=True))

    async def _gather(self, reads):
        async def bounded(read):
            async with self._room:
                return await read

        return await asyncio.gather(*map(bounded, reads))

    def _say(self, condition, sentence):
        if not condition:
            self.wrong.append(sentence)

    async def _walk(self, path, person):
        """All posts of a timeline, walked by max_id to its end."""
        found, bound = [], ""
        while True:
            answer = await self._client.call("GET", f"{path}?limit={LIMIT}{bound}", person.token)
            page = answer.json()
            if not page:
                return found
            found += page
            bound = f"&max_id={page[-1]['id']}"

    def _in_order(self, found, what):
        twice = [ident for ident, times in Counter(found).items() if times > 1]
        self._say(not twice, f"{what}: twice {twice}")
        self._say(sorted(map(int, found), reverse=True) == [int(ident) for ident in found], f"{what}: not in order")

    async def _timeline(self, person):
        posts = await self._walk(f"/api/v1/accounts/{person.id}/statuses", person)
        self._in_order([post["id"] for post in posts], f"posts of {person.name}")
        return {post["id"]: post for post in posts}

    async def _edges(self, person, kind):
        answer = await self._client.call("GET", f"/api/v1/accounts/{person.id}/{kind}?limit=80", person.token)
        found = [account["id"] for account in answer.json()]
        self._say(len(found) == len(set(found)), f"{kind} of {person.name}: somebody twice {found}")
        return set(found)

    async def _posts(self, timelines):
        where = {}
        for posts in timelines.values():
            for ident, post in posts.items():
                where.setdefault(KEY.search(post["content"]).group(), []).append(ident)
        for post in self._journal.posts.values():
            found = where.pop(post.key, [])
            self._say(len(found) <= 1, f"{post.key} exists {len(found)} times: {found}")
            if post.deleted is True:
                self._say(not found, f"{post.key} was deleted and is there")
            elif post.id and post.deleted is False:
                self._say(found == [post.id], f"{post.key} was answered as {post.id}; there is {found}")
        self._say(not where, f"posts that nobody wrote: {where}")
        there = {ident for posts in timelines.values() for ident in posts}
        await self._gather(
            self._by_id(post, wanted=200 if post.id in there else 404)
            for post in self._journal.posts.values()
            if post.id
        )

    async def _by_id(self, post, wanted):
        path = f"/api/v1/statuses/{post.id}"
        answer = await self._client.call("GET", path, post.author.token, allowed=(200, 404))
        self._say(answer.status_code == wanted, f"{post.key}, {post.id}: {answer.status_code}, not {wanted}")

    def _both_ends(self, following, followers):
        for (one, other), wanted in self._journal.follows.items():
            near, far = other in following[one], one in followers[other]
            if wanted is None:
                self._say(near is far, f"{self._pair(one, other)}: following says {near}, followers {far}")
            else:
                self._say(
                    near is far is wanted,
                    f"{self._pair(one, other)}: answered {wanted}; following says {near}, followers {far}",
                )
        pairs = {(one, other) for one, others in following.items() for other in others}
        self._say(pairs <= self._journal.follows.keys(), f"follows of nobody: {pairs - self._journal.follows.keys()}")

    def _pair(self, one, other):
        return f"{self._people[one].name} -> {self._people[other].name}"

    async def _relationships(self, person, following):
        others = [other for other in self._people if other != person.id]
        query = "&".join(f"id[]={other}" for other in others)
        answer = await self._client.call("GET", f"/api/v1/accounts/relationships?{query}", person.token)
        told = {each["id"] for each in answer.json() if each["following"]}
        self._say(told == following[person.id], f"{person.name} follows {told}, the list says {following[person.id]}")
        told = {each["id"] for each in answer.json() if each["followed_by"]}
        true = {other for other in others if person.id in following[other]}
        self._say(told == true, f"{person.name} is followed by {told}, the lists say {true}")

    async def _account_counts(self, person, timelines, following, followers):
        account = (await self._client.call("GET", f"/api/v1/accounts/{person.id}", person.token)).json()
        for name, true in (
            ("statuses_count", len(timelines[person.id])),
            ("following_count", len(following[person.id])),
            ("followers_count", len(followers[person.id])),
        ):
            self._say(account[name] == true, f"{person.name}: {name} {account[name]}, in truth {true}")

    async def _likes(self, timelines):
        """Who likes each post that somebody has ever liked; checks both ends and the counts."""
        posts = {ident: post for some in timelines.values() for ident, post in some.items()}
        liked = [ident for ident, post in posts.items() if post["favourites_count"]]
        liked = list({*liked, *(post for _, post in self._journal.likes if post in posts)})
        likers = dict(zip(liked, await self._gather(self._likers(posts[ident]) for ident in liked), strict=True))
        for ident, post in posts.items():
            true = len(likers.get(ident, ()))
            self._say(post["favourites_count"] == true, f"{ident}: {post['favourites_count']} likes, in truth {true}")
        favourites = await self._each(self._favourites)
        for (ident, post), wanted in self._journal.likes.items():
            near, far = post in favourites[ident], ident in likers.get(post, ())
            # The liker's list shows only what the liker may see.
            hidden = post in posts and posts[post]["visibility"] == "private" and not near
            self._say(
                (wanted is None or far is wanted) and (near is far or hidden),
                f"like of {post} by {self._people[ident].name}: answered {wanted}; favourites {near}, favourited_by {far}",
            )
        return likers

    async def _likers(self, post):
        author = self._people[post["account"]["id"]]
        answer = await self._client.call("GET", f"/api/v1/statuses/{post['id']}/favourited_by?limit=80", author.token)
        return {account["id"] for account in answer.json()}

    async def _favourites(self, person):
        answer = await self._client.call("GET", f"/api/v1/favourites?limit={LIMIT}", person.token)
        self._say(len(answer.json()) < LIMIT, "more likes than this test can walk")
        return {post["id"] for post in answer.json()}

    async def _home(self, person, authors, timelines, likers):
        found = await self._walk("/api/v1/timelines/home", person)
        idents = [post["id"] for post in found]
        self._in_order(idents, f"home of {person.name}")
        wanted = {ident for author in authors for ident in timelines[author]}
        missing, extra = wanted - set(idents), set(idents) - wanted
        self._say(not missing, f"home of {person.name} lacks {self._named(missing)}")
        self._say(not extra, f"home of {person.name} has too much: {self._named(extra)}")
        for post in found:
            likes = likers.get(post["id"], set())
            self._say(
                post["favourited"] is (person.id in likes) and post["favourites_count"] == len(likes),
                f"home of {person.name}, {post['id']}: {post['favourites_count']} likes, own {post['favourited']}; "
                f"in truth {len(likes)}, {person.id in likes}",
            )

    def _named(self, idents):
        keys = {post.id: post.key for post in self._journal.posts.values()}
        return sorted(f"{keys.get(ident, '(not answered)')} {ident}" for ident in idents)


async def holds(site, crowd):
    """Wait until the site has come to rest, then assert that everything is right. Seconds until the outbox was empty."""
    drained_s = await site.drained()
    wrong = await Truth(crowd).check()
    told = "\n".join(wrong[:40])
    assert not wrong, f"{len(wrong)} wrong things ({crowd.journal.summary()}):\n{told}\n{site.tail()}"
    assert not site.bugs(), "\n".join(site.bugs()[:10])
    return drained_s


def report(name, crowd, **figures_s):
    """What was measured; docs/operate/failures.md quotes it (`pytest -s tests/chaos`)."""
    shown = ", ".join(f"{key} {value_s:.1f} s" for key, value_s in figures_s.items())
    print(f"\n{name}: {shown}; {crowd.journal.summary()}")
