"""Random writes and reads by several people on two web processes at once, against a model (truth_model.py)."""

import asyncio

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from truth_model import DELETION, Model, Post
from truth_site import Valkey, decoded, own_folder, sign_up, site

PEOPLE = 3
VERBS = ["post", "edit", "delete", "like", "reblog", "look", "look", "home", "profile", "home"]
# Who, on which web process, does what, to the how-manieth post that is there, after so long (ms).
STEP = st.tuples(st.integers(0, 1), st.sampled_from(VERBS), st.integers(0, 2), st.sampled_from([0, 0, 0, 1, 5, 20]))


class Play:
    """One run: everybody goes through their steps, all at once."""

    def __init__(self, webs, people, model):
        self.webs, self.people, self.model = webs, people, model

    async def go(self, number, steps):
        for web, verb, target, pause_ms in steps:
            await asyncio.sleep(pause_ms / 1000)
            await getattr(self, f"_{verb}")(number, web, target)

    async def _ask(self, number, web, method, path, **options):
        answer = await self.people[number].call(self.webs[web], method, path, **options)
        assert answer.status_code in (200, 404, 503), f"{method} {path}: {answer.status_code} {answer.text[:300]}"
        return answer

    def _target(self, target, mine=None):
        posts = [post for post in self.model.alive() if mine is None or post.author == mine]
        return posts[-1 - target % len(posts)] if posts else None

    async def _change(self, number, web, post, method, path, **options):
        """Ask for a change of `post`; whether it was done for all to see."""
        post.story.append(f"{number} asks {web} for {method} {path}")
        answer = await self._ask(number, web, method, f"/api/v1/statuses/{post.id}{path}", **options)
        post.story.append(f"{number} is answered {answer.status_code} by {web}")
        return answer.status_code == 200 and "heliograph-degraded" not in answer.headers

    async def _post(self, number, web, _):
        answer = await self._ask(number, web, "POST", "/api/v1/statuses", json={"status": "rev 0"})
        if answer.status_code == 200:
            ident = decoded(answer)["id"]
            self.model.posts[ident] = Post(ident, number)

    async def _edit(self, number, web, target):
        if post := self._target(target, number):
            revision = post.revision + 1
            if await self._change(number, web, post, "PUT", "", json={"status": f"rev {revision}"}):
                post.revision = revision

    async def _delete(self, number, web, target):
        if post := self._target(target, number):
            post.story.append(DELETION)
            post.deleted = await self._change(number, web, post, "DELETE", "") or post.deleted

    async def _like(self, number, web, target):
        if (post := self._target(target)) and await self._change(number, web, post, "POST", "/favourite"):
            post.likers.add(number)

    async def _reblog(self, number, web, target):
        if (post := self._target(target)) and await self._change(number, web, post, "POST", "/reblog"):
            post.rebloggers.add(number)

    async def _look(self, number, web, target):
        if post := self._target(target):
            must = self.model.least(number)
            answer = await self._ask(number, web, "GET", f"/api/v1/statuses/{post.id}")
            if answer.status_code == 404:
                self.model.missed(number, f"web {web}", post.id)
            elif answer.status_code == 200:
                self.model.saw(number, f"web {web}", decoded(answer), must)

    async def _home(self, number, web, _):
        await self._list(number, web, "/api/v1/timelines/home?limit=40")

    async def _profile(self, number, web, target):
        person = self.people[target % PEOPLE]
        await self._list(number, web, f"/api/v1/accounts/{person.id}/statuses?limit=40")

    async def _list(self, number, web, path):
        must = self.model.least(number)
        answer = await self._ask(number, web, "GET", path)
        if answer.status_code == 200:
            for each in decoded(answer):
                self.model.saw(number, f"web {web} {path}", each["reblog"] or each, must)


@pytest.mark.timeout(600)
@given(scripts=st.lists(st.lists(STEP, min_size=4, max_size=25), min_size=PEOPLE, max_size=PEOPLE))
@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
async def test_nobody_sees_the_past(friends, scripts):
    webs, people = friends
    play = Play(webs, people, Model(people))
    for number in range(PEOPLE):
        await play._post(number, number % 2, 0)
    await asyncio.gather(*(play.go(number, steps) for number, steps in enumerate(scripts)))


@pytest.fixture
async def friends(database, tmp_path_factory):
    """Two web processes, and people who follow each other."""
    folder = own_folder(tmp_path_factory)
    valkey = Valkey(folder)
    valkey.start()
    async with site(database, valkey, folder) as made:
        people = await sign_up(made.webs[0], [f"friend{number}" for number in range(PEOPLE)])
        for one in people:
            for other in people:
                if one is not other:
                    assert (await one.call(made.webs[0], "POST", f"/api/v1/accounts/{other.id}/follow")).is_success
        yield made.webs, people
        assert '"request.bug"' not in made.logs()
    valkey.kill()
