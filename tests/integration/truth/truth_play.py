"""People who write and read on two web processes at once, each their own script, and tell the model (truth_model.py)."""

import asyncio
import itertools

from truth_model import BLOCK, FOLLOW, LIKE, MUTE, SHARE, Post
from truth_site import decoded

# What changes between two, `me` and `you`, when `me` asks for it: (kind, from me, value).
TIES = {
    "follow": [(FOLLOW, True, True)],
    "unfollow": [(FOLLOW, True, False)],
    "remove_from_followers": [(FOLLOW, False, False)],
    "block": [(BLOCK, True, True), (FOLLOW, True, False), (FOLLOW, False, False)],
    "unblock": [(BLOCK, True, False)],
    "mute": [(MUTE, True, True)],
    "unmute": [(MUTE, True, False)],
}
MARKS = {
    "favourite": (LIKE, True),
    "unfavourite": (LIKE, False),
    "reblog": (SHARE, True),
    "unreblog": (SHARE, False),
}
WRITING = ["post", "post", "private", "edit", "delete"]
READING = ["look", "look", "home", "home", "home", "profile", "profile", "relate"]
# Drawn more often than what it undoes, since it is passed over where there is nothing to undo.
UNDOING = ["follow", "unblock", "unmute", "unfavourite", "unreblog"]
VERBS = [*WRITING, *MARKS, *MARKS, *TIES, *UNDOING, *UNDOING, *READING]


class Play:
    """One run of `people` on `webs`."""

    def __init__(self, webs, people, model):
        self.webs, self.people, self.model = webs, people, model

    async def go(self, me, steps):
        """All steps of one of the people, one after another."""
        for web, verb, target, pause_ms, looks in steps:
            await asyncio.sleep(pause_ms / 1000)
            if verb in TIES:
                await self.tie(me, web, verb, (me + 1 + target % (len(self.people) - 1)) % len(self.people))
            elif verb in MARKS:
                await self._mark(me, web, target, verb)
            else:
                await getattr(self, f"_{verb}")(me, web, target)
            if looks:
                # What one has done is seen at once on the other process, too.
                await self._home(me, 1 - web, 0)
                await self._profile(me, 1 - web, me)

    async def begin(self, *, friends):
        """Nothing is between people, whatever was before; everybody follows everybody, or nobody anybody."""
        for verb in ("unblock", "unmute", "follow" if friends else "unfollow"):
            for me, you in itertools.permutations(range(len(self.people)), 2):
                await self.tie(me, 0, verb, you, anew=True)

    async def look_around(self):
        """Everybody looks at everything, on both processes."""
        everything = range(max(len(self.people), len(self.model.posts)))
        for web in range(2):
            for me in range(len(self.people)):
                await self._home(me, web, 0)
                for target in everything:
                    await self._look(me, web, target)
                for target in range(len(self.people)):
                    await self._profile(me, web, target)
                    await self._relate(me, web, target)

    async def _ask(self, me, web, method, path, **options):
        answer = await self.people[me].call(self.webs[web], method, path, **options)
        assert answer.status_code in (200, 403, 404, 503), f"{method} {path}: {answer.status_code} {answer.text[:300]}"
        return answer

    # Ties.

    async def tie(self, me, web, verb, you, *, anew=False):
        """Ask for a change between two; not for what is so already, unless it is to be made `anew`."""
        changes = [(self.model.ties[(kind, me, you) if mine else (kind, you, me)], to) for kind, mine, to in TIES[verb]]
        if changes[0][0].value == changes[0][1] and not anew:
            return
        began = self.model.tick()
        before = self.model.by(you, began)
        for fact, _ in changes:
            fact.begin()
        answer = await self._ask(me, web, "POST", f"/api/v1/accounts/{self.people[you].id}/{verb}")
        refused = answer.status_code == 403
        assert not refused or (verb == "follow" and self._parted(me, you, began)), f"{me} may not {verb} {you}"
        for fact, to in changes:
            fact.end(began, self.model.tick(), None if not _done(answer) and not refused else to and not refused)
        if verb == "follow" and _done(answer):
            self.model.merged(me, before)

    def _parted(self, me, you, since):
        """Whether a block may have stood between two."""
        known = [self.model.ties[BLOCK, *pair].known(since) for pair in ((me, you), (you, me))]
        return known != [False, False]

    # Posts.

    def _target(self, target, fits=lambda _: True):
        posts = [post for post in self.model.alive() if fits(post)]
        return posts[-1 - target % len(posts)] if posts else None

    def _own(self, me, target):
        return self._target(target, lambda post: post.author == me)

    async def _post(self, me, web, _):
        await self.publish(me, web, "public")

    async def _private(self, me, web, _):
        await self.publish(me, web, "private")

    async def publish(self, me, web, visibility):
        """Post something new."""
        answer = await self._ask(
            me, web, "POST", "/api/v1/statuses", json={"status": "rev 0", "visibility": visibility}
        )
        assert answer.status_code in (200, 503), answer.text[:300]
        if answer.status_code == 200:
            ident = int(decoded(answer)["id"])
            self.model.posts[ident] = Post(ident, me, visibility == "private", born=self.model.tick())

    async def _edit(self, me, web, target):
        if post := self._own(me, target):
            revision = post.revision + 1
            if _done(await self._change(me, web, post, "PUT", "", json={"status": f"rev {revision}"})):
                post.revision = revision

    async def _delete(self, me, web, target):
        if post := self._own(me, target):
            began = self.model.tick()
            post.deleted.begin()
            answer = await self._change(me, web, post, "DELETE", "")
            post.deleted.end(began, self.model.tick(), _done(answer) or None)

    async def _mark(self, me, web, target, verb):
        kind, to = MARKS[verb]
        post = self._target(target, lambda post: to or post.marks[kind, me].value is not False)
        if post is None or (kind == SHARE and post.private):
            return
        fact, moved = post.marks[kind, me], (post.given if to else post.taken)[kind]
        began = self.model.tick()
        before = fact.value
        fact.begin()
        moved.begin()
        answer = await self._change(me, web, post, "POST", f"/{verb}")
        visible = self.model.visible(me, post, began)
        post.story.append(f"{me} may see it: {visible}")
        assert visible is None or answer.status_code in ((200, 503) if visible else (404,)), "\n".join(post.story)
        value = to if _done(answer) else before if visible is False else None
        if not to and answer.status_code == 404:
            # One takes back also what one may no longer see.
            value = False
        moved.end(began, self.model.tick(), False)
        if kind == SHARE and not value:
            post.shares.pop(me, None)
        elif kind == SHARE and _done(answer):
            post.shares[me] = int(decoded(answer)["id"])
        fact.end(began, self.model.tick(), value)

    async def _change(self, me, web, post, method, path, **options):
        """Ask for a change of `post`."""
        post.story.append(f"{me} asks {web} for {method} {path}")
        answer = await self._ask(me, web, method, f"/api/v1/statuses/{post.id}{path}", **options)
        post.story.append(f"{me} is answered {answer.status_code} by {web}")
        return answer

    # Looks.

    async def _look(self, me, web, target):
        # Those that are gone, too.
        if posts := list(self.model.posts.values()):
            post = posts[-1 - target % len(posts)]
            since, least = self.model.tick(), self.model.revisions(me)
            answer = await self._ask(me, web, "GET", f"/api/v1/statuses/{post.id}")
            if answer.status_code == 404:
                self.model.missed(me, f"web {web}", post, since)
            elif answer.status_code == 200:
                self.model.saw(me, f"web {web}", decoded(answer), since, least)

    async def _home(self, me, web, _):
        await self._list(me, web, "/api/v1/timelines/home?limit=40", self.model.saw_home)

    async def _profile(self, me, web, target):
        you = target % len(self.people)

        def saw(me, where, entities, since):
            self.model.saw_profile(me, where, you, entities, since)

        await self._list(me, web, f"/api/v1/accounts/{self.people[you].id}/statuses?limit=40", saw)

    async def _list(self, me, web, path, saw):
        since, least = self.model.tick(), self.model.revisions(me)
        answer = await self._ask(me, web, "GET", path)
        if answer.status_code == 200:
            entities, where = decoded(answer), f"web {web} {path}"
            for each in entities:
                self.model.saw(me, where, each["reblog"] or each, since, least)
            saw(me, where, entities, since)

    async def _relate(self, me, web, target):
        you = target % len(self.people)
        since = self.model.tick()
        path = f"/api/v1/accounts/relationships?id[]={self.people[you].id}"
        answer = await self._ask(me, web, "GET", path)
        if answer.status_code == 200 and me != you:
            self.model.saw_tie(me, f"web {web}", you, decoded(answer)[0], since)


def _done(answer):
    """Whether a change was made for all to see."""
    return answer.status_code == 200 and "heliograph-degraded" not in answer.headers
