"""Puts a made-up community on a running site, as sixty people with sixty apps would: over HTTP, by the public API.

It goes on where an earlier call was interrupted. It never touches a site that has people of its own.
"""

import secrets
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Protocol, TypeVar

import msgspec

from heliograph.base.errors import ConfigError, StartError
from heliograph.lab.client import Client, RefusedError, Upload
from heliograph.lab.deeds import Deeds
from heliograph.lab.pictures.draw import draw
from heliograph.lab.plan import plan
from heliograph.lab.planned import DAY, EARLY_POSTS, VIEWER, Person, Picture, Plan, PlannedPost, Size
from heliograph.lab.state import Notebook, State

T = TypeVar("T")

# Requests under way; a small machine has nothing from more.
THREADS = 4
READY_TIMEOUT_S = 120.0
POLL_S = 0.05
STOPPING_S = 15.0
APP = {"client_name": "Heliograph demo", "redirect_uris": "urn:ietf:wg:oauth:2.0:oob", "scopes": "read write follow"}


class Community(msgspec.Struct, frozen=True):
    """A community that is there: who to log in as, with which password, and a token of theirs."""

    viewer: str
    password: str
    token: str


class Hears(Protocol):
    """Who hears how far it is, in the thread of `fill`."""

    def progress(self, stage: str, done: int, total: int) -> None:
        """So much of a stage is done."""

    def enter(self, community: Community, coming: int) -> None:
        """There is enough to look at; `coming` more posts are on their way."""


class _StoppedError(Exception):
    """The site is being stopped."""


def fill(base: str, data_dir: Path, size: Size, hears: Hears, stopped: threading.Event) -> None:
    """Have the community on the site at `base`. Returns early when `stopped` is set.

    `data_dir`: of the site, where the state is kept.
    Raises ConfigError for a site that has people of its own, StartError when the site does not do as it should.
    """
    try:
        with Client(base) as client:
            _Seeder(client, Notebook(data_dir), hears, stopped).fill(size)
    except _StoppedError:
        return
    except (OSError, RefusedError) as error:
        # While a site stops it answers no more, and we hear of it only at the end.
        if stopped.wait(STOPPING_S):
            return
        raise StartError(f"The demo community could not be made: {error}. Try again: it goes on from here.") from error


class _Seeder:
    """One filling of one site."""

    def __init__(self, client: Client, notebook: Notebook, hears: Hears, stopped: threading.Event) -> None:
        self._client = client
        self._notebook = notebook
        self._hears = hears
        self._stopped = stopped

    def fill(self, size: Size) -> None:
        state = self._notebook.read() or self._new(size)
        planned = plan(Size(state.people, state.planned))
        if state.done:
            self._hears.enter(_community(state, planned), 0)
            return
        with ThreadPoolExecutor(THREADS, "demo") as pool:
            self._people(pool, state, planned)
            self._follows(pool, state, planned)
            deeds = Deeds(self._client, state, planned)
            self._each(pool, "circles", deeds.nearing())
            total = len(planned.posts)
            early = min(EARLY_POSTS, total)
            self._days(pool, deeds, state, planned, range(early))
            self._each(pool, "letters", deeds.calling())
            self._hears.enter(_community(state, planned), total - early)
            self._days(pool, deeds, state, planned, range(early, total))
            self._each(pool, "hiding", deeds.hiding())
        state.done = True
        self._notebook.write(state)

    def _new(self, size: Size) -> State:
        users = self._client.call("GET", "/nodeinfo/2.0").body["usage"]["users"]["total"]
        if users:
            raise ConfigError(
                f"This site has {users} people of its own; the demo would put made-up ones among them. "
                "Set HELIOGRAPH_DATA_DIR to another folder."
            )
        state = State(secrets.token_urlsafe(9), size.people, size.posts)
        self._notebook.write(state)
        return state

    def _each(
        self, pool: ThreadPoolExecutor, stage: str, jobs: Sequence[Callable[[], T]], had: int = 0, total: int = 0
    ) -> None:
        """Run `jobs`, telling how far it is: of `total` in all, of which some may be `had` already."""

        def run(job: Callable[[], T]) -> T:
            if self._stopped.is_set():
                raise _StoppedError
            return job()

        total = total or len(jobs)
        self._hears.progress(stage, had, total)
        for done, _ in enumerate(pool.map(run, jobs), had + 1):
            self._hears.progress(stage, done, total)

    def _days(self, pool: ThreadPoolExecutor, deeds: Deeds, state: State, planned: Plan, numbers: range) -> None:
        """Post `numbers`, and do what is done about posts while they are new, so that feeds look as if days went by."""
        for start in range(numbers.start, numbers.stop, DAY):
            day = range(start, min(start + DAY, numbers.stop))
            self._posts(pool, state, planned, day)
            jobs = [lambda number=number: deeds.about(number) for number in day if number >= state.lively]
            self._each(pool, "talk", jobs, min(day.stop, max(state.lively, day.start)), len(planned.posts))
            state.lively = max(state.lively, day.stop)
            self._notebook.write(state)

    def _people(self, pool: ThreadPoolExecutor, state: State, planned: Plan) -> None:
        missing = [person for person in planned.people if person.username not in state.ids]
        if not missing:
            return
        app = self._client.call("POST", "/api/v1/apps", form=APP).body
        grant = {"grant_type": "client_credentials", "scope": APP["scopes"]}
        secret = {"client_id": app["client_id"], "client_secret": app["client_secret"]}
        token = self._client.call("POST", "/oauth/token", form=grant | secret).body["access_token"]
        jobs = [lambda one=person: self._join(state, token, one) for person in missing]
        self._each(pool, "people", jobs, len(planned.people) - len(missing), len(planned.people))

    def _join(self, state: State, app_token: str, person: Person) -> None:
        if person.username not in state.tokens:
            form = {"username": person.username, "password": state.password, "agreement": "true", "locale": "en"}
            answer = self._client.call("POST", "/api/v1/accounts", app_token, form=form)
            state.tokens[person.username] = answer.body["access_token"]
            self._notebook.write(state)
        avatar = Upload("avatar", _drawn(person.avatar))
        profile = {"display_name": person.display_name, "note": person.note}
        token = state.tokens[person.username]
        path = "/api/v1/accounts/update_credentials"
        answer = self._client.call("PATCH", path, token, form=profile, upload=avatar)
        state.ids[person.username] = str(answer.body["id"])
        self._notebook.write(state)

    def _follows(self, pool: ThreadPoolExecutor, state: State, planned: Plan) -> None:
        if state.followed:
            return
        names = [person.username for person in planned.people]

        def follow(pair: tuple[int, int]) -> None:
            who, whom = pair
            self._client.call("POST", f"/api/v1/accounts/{state.ids[names[whom]]}/follow", state.tokens[names[who]])

        jobs = [lambda pair=pair: follow(pair) for pair in planned.follows]
        self._each(pool, "follows", jobs, 0, len(jobs))
        state.followed = len(jobs)
        self._notebook.write(state)

    def _posts(self, pool: ThreadPoolExecutor, state: State, planned: Plan, numbers: range) -> None:
        """Pictures are drawn and sent ahead, some at once; posts are published in their order, as pictures get ready."""
        missing = [number for number in numbers if number not in state.posts]
        tokens = [state.tokens[person.username] for person in planned.people]

        def send(number: int) -> tuple[int, str]:
            if self._stopped.is_set():
                raise _StoppedError
            post = planned.posts[number]
            return number, self._send(post, tokens[post.author])

        total = len(planned.posts)
        for number, media in pool.map(send, missing):
            post = planned.posts[number]
            state.posts[number] = self._publish(number, post, tokens[post.author], media)
            self._notebook.write(state)
            self._hears.progress("posts", len(state.posts), total)

    def _send(self, post: PlannedPost, token: str) -> str:
        data = _drawn(post.picture)
        form = {"description": post.description}
        answer = self._client.call("POST", "/api/v2/media", token, form=form, upload=Upload("file", data))
        return str(answer.body["id"])

    def _publish(self, number: int, post: PlannedPost, token: str, media: str) -> str:
        self._await(media, token)
        form = {"status": post.caption, "media_ids[]": media, "language": "en", "visibility": post.visibility}
        if post.warning:
            form |= {"spoiler_text": post.warning, "sensitive": "true"}
        # Should we die before the id is noted, the same key gives the same post at the next try.
        headers = {"Idempotency-Key": f"demo-{number}"}
        return str(self._client.call("POST", "/api/v1/statuses", token, form=form, headers=headers).body["id"])

    def _await(self, media: str, token: str) -> None:
        deadline_s = time.monotonic() + READY_TIMEOUT_S
        while self._client.call("GET", f"/api/v1/media/{media}", token).status != 200:
            if self._stopped.wait(POLL_S):
                raise _StoppedError
            if time.monotonic() > deadline_s:
                raise StartError("The demo community could not be made: no worker decodes its pictures.")


def _community(state: State, planned: Plan) -> Community:
    viewer = planned.people[VIEWER].username
    return Community(viewer, state.password, state.tokens[viewer])


def _drawn(picture: Picture) -> bytes:
    return draw(picture.motif, picture.seed, picture.guise, picture.width, picture.height)
