"""One author, whoever looks at what they do, and posts of every visibility; made once, then only looked at.

The author is locked, followed by the `_fan`s. `friend` follows them, is followed by everybody, answers, likes and shares
what they post. `host` has written what the author answers. `gone` has done the same as the author, and was suspended.
"""

import asyncio
from collections.abc import Coroutine, Iterable
from contextlib import ExitStack
from typing import Any

import httpx
from httpx import QueryParams
from living_site import Person, Site

from heliograph.domain.graph.decisions import Wish
from heliograph.domain.posts.post import Visibility
from heliograph.domain.posts.publish import Draft, Published

VISIBILITIES = ("public", "unlisted", "private", "direct")
# Who looks -> what they are to the author.
VIEWERS = {
    "anyone": "nobody who is logged in",
    "app": "an app, with its own token and nobody's",
    "stranger": "a member (who followed the author once, as the next does)",
    "requested": "has asked to follow the author, who is locked",
    "follower": "follows the author, with a bell",
    "blocked": "is blocked by the author",
    "blocked_fan": "was following when the author blocked them",
    "blocking": "blocks the author",
    "blocking_fan": "was following when they blocked the author",
    "muting": "mutes the author",
    "muting_fan": "follows and mutes the author",
    "muted_fan": "follows the author, who mutes them",
    "mentioned": "is named in the author's posts, and follows nobody of note",
    "mentioned_blocked": "is named there too, and blocked since",
    "mentioned_muting": "is named there too, and mutes the author",
    "author": "the author",
}
PEOPLE = tuple(name for name in VIEWERS if name not in ("anyone", "app"))
FANS = ("follower", "blocked_fan", "blocking_fan", "muting_fan", "muted_fan")
NAMED = ("mentioned", "mentioned_blocked", "mentioned_muting")
TAG = "matrix"
# Everybody whose name is looked for begins so.
AUTHORS = "zoe"
# A post of the author's or a friend's by what it is -> in which columns it is there.
KINDS = {
    "post": (*VISIBILITIES, "suspended"),
    "reply": (*VISIBILITIES, "suspended"),
    "answer": (*VISIBILITIES, "suspended"),
    "share": ("public", "unlisted", "private", "suspended"),
}

Entity = dict[str, Any]


class World:
    """The people, their posts by kind and column (ids), and what was heard on streams while some of these were made."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.people: dict[str, Person] = {"anyone": site.anyone, "app": self._app()}
        self.people |= {name: site.person() for name in (*PEOPLE, "friend", "host") if name != "author"}
        self.people |= {"author": site.person(name=f"{AUTHORS}_author"), "gone": site.person(name=f"{AUTHORS}_gone")}
        self.ids: dict[str, dict[str, str]] = {kind: {} for kind in KINDS}
        self.own: dict[str, str] = {}
        self.root = ""
        self._kept: dict[Any, Any] = {}
        self._cookies = {name: self._cookie(name) for name in PEOPLE}

    def _app(self) -> Person:
        app = self.site.http.post("/api/v1/apps", json={"client_name": "An app", "redirect_uris": "app://x"}).json()
        asked = {"grant_type": "client_credentials", "client_id": app["client_id"]}
        secret = {"client_secret": app["client_secret"], "scope": "read"}
        return Person(self.site, token=self.site.http.post("/oauth/token", data=asked | secret).json()["access_token"])

    def together(self, doing: Iterable[Coroutine[Any, Any, Any]]) -> list[Any]:
        """Have the product do all of it."""

        async def do() -> list[Any]:
            return await asyncio.gather(*doing)

        done: list[Any] = self.site.run(do())
        return done

    def _cookie(self, name: str) -> str:
        return self.site.run(self.site.product.sessions.start(self.people[name].id, "x"))

    def author_of(self, column: str) -> Person:
        """The author of what is in a column."""
        return self.people["gone" if column == "suspended" else "author"]

    @staticmethod
    def word(kind: str, column: str) -> str:
        """What only that post says."""
        return f"{kind}{column}"

    def ask(self, viewer: str, path: str, **params: Any) -> httpx.Response:
        """GET, once for all that look at the answer."""
        path, _, query = path.partition("?")
        asked = QueryParams(query).merge(params)
        key = (viewer, path, asked)
        if key not in self._kept:
            self._kept[key] = self.people[viewer].get(path, params=asked)
        return self._kept[key]

    def all_of(self, viewer: str, path: str, **params: Any) -> list[Entity] | int:
        """All pages of a list; the status where it is refused."""
        key = (viewer, "pages", path, *sorted((name, str(value)) for name, value in params.items()))
        if key not in self._kept:
            self._kept[key] = self._pages(viewer, path, params)
        return self._kept[key]

    def _pages(self, viewer: str, path: str, params: dict[str, Any]) -> list[Entity] | int:
        found: list[Entity] = []
        answer = self.ask(viewer, path, limit=40, **params)
        while answer.status_code == 200 and (page := answer.json()):
            found += page
            if "next" not in answer.links or len(page) < 30:
                return found
            answer = self.people[viewer].get(answer.links["next"]["url"])
        return found if answer.status_code == 200 else answer.status_code

    def page(self, viewer: str, path: str) -> httpx.Response:
        """GET as a browser does in which the viewer has logged in."""
        key = (viewer, "page", path)
        if key not in self._kept:
            cookie = {"Cookie": f"heliograph_session={self._cookies[viewer]}"} if viewer in self._cookies else {}
            answer = self.site.http.get(path, headers=cookie)
            # To the login is no way to the page.
            while answer.is_redirect and "sign_in" not in answer.headers["location"]:
                answer = self.site.http.get(answer.headers["location"], headers=cookie)
            self._kept[key] = answer
        return self._kept[key]


def build(site: Site, listen: Any) -> World:
    """The world; `listen(world, stack)` opens streams, and what it returns is called when all has been posted."""
    world = World(site)
    _befriend(world)
    _greet(world)
    for column in KINDS["post"]:
        _post(world, column)
    for column in KINDS["post"]:
        _react(world, column)
    _feature(world)
    with ExitStack() as stack:
        _relate(world)
        site.run(site.product.suspension.suspend(world.people["gone"].id))
        site.settled()
        world.heard = listen(world, stack)
    site.settled()
    return world


def _befriend(world: World) -> None:
    follow, people = world.site.product.following.follow, world.people
    edges = [(name, "friend") for name in (*PEOPLE, "gone")]
    edges += [(name, author) for name in (*PEOPLE, "friend", "host") for author in ("author", "gone") if name != author]
    edges += [(author, "host") for author in ("author", "gone")]
    bell = Wish(notify=True)
    world.together(
        follow(people[who].id, people[whom].id, bell if who == "follower" else Wish()) for who, whom in edges
    )


def _feature(world: World) -> None:
    for author in ("author", "gone"):
        assert world.people[author].post(f"/api/v1/tags/{TAG}/feature").status_code == 200


def _greet(world: World) -> None:
    """What the author and `gone` do to the viewers before there is anything between them: each kind of notification."""
    people, product = world.people, world.site.product
    viewers = [name for name in PEOPLE if name != "author"]
    everybody = " ".join(f"@{people[name].name}" for name in viewers)
    own = world.together(_say(world, name, f"own{name}.") for name in PEOPLE)
    world.own = {name: str(made.post_id) for name, made in zip(PEOPLE, own, strict=True)}
    # Of a post and its share a page of home shows one: so other posts are shared than those that are looked for.
    shared = world.together(_say(world, name, "Something else") for name in viewers)
    world.root = people["host"].publish("rootofall")["id"]
    ids = [int(world.own[name]) for name in viewers]
    for author in (people["author"], people["gone"]):
        author.publish(f"Good morning {everybody}", visibility="unlisted")
        world.together(product.likes.like(author.id, ident) for ident in (*ids, int(world.root)))
        world.together(product.following.follow(author.id, people[name].id) for name in viewers)
        assert author.post(f"/api/v1/statuses/{world.root}/reblog").status_code == 200
    author = people["author"].id
    world.together(product.reblogs.reblog(author, made.post_id, Visibility.PUBLIC) for made in shared)


def _say(world: World, name: str, text: str) -> Coroutine[Any, Any, Published]:
    return world.site.product.publishing.publish(world.people[name].id, Draft(text, [], Visibility.PUBLIC))


def _post(world: World, column: str) -> None:
    """A post with a photo and a hashtag, edited, pinned where that is possible; and an answer to `host`."""
    author, visibility = world.author_of(column), "public" if column == "suspended" else column
    named = " ".join(f"@{world.people[name].name}" for name in (*NAMED, "friend"))
    word = world.word("post", column)
    photo = author.photo(description=f"photoof{word}")["id"]
    ident = author.publish(f"before {named} #{TAG}", visibility=visibility, media_ids=[photo])["id"]
    text = {"status": f"{word} {named} #{TAG}", "media_ids": [photo]}
    assert author.ask("PUT", f"/api/v1/statuses/{ident}", json=text).status_code == 200
    if visibility != "direct":
        assert author.post(f"/api/v1/statuses/{ident}/pin").status_code == 200
    answer = {"visibility": visibility, "in_reply_to_id": world.root}
    reply = author.publish(f"{world.word('reply', column)} {named}", **answer)["id"]
    world.ids["post"][column], world.ids["reply"][column] = ident, reply


def _react(world: World, column: str) -> None:
    """Whoever may see the post likes and keeps it; a friend answers and shares it, the author what is private."""
    friend, ident, product = world.people["friend"], world.ids["post"][column], world.site.product
    answer = friend.publish(world.word("answer", column), in_reply_to_id=ident)
    world.ids["answer"][column] = answer["id"]
    if column != "direct":
        sharing = world.people["author"] if column == "private" else friend
        share = sharing.post(f"/api/v1/statuses/{ident}/reblog")
        assert share.status_code == 200, share.text
        world.ids["share"][column] = share.json()["id"]
    seeing = (*PEOPLE, "friend") if column != "direct" else (*NAMED, "author", "friend")
    assert all(world.people[name].get(f"/api/v1/statuses/{ident}").status_code == 200 for name in seeing)
    for act in (product.likes.like, product.bookmarks.add):
        world.together(act(world.people[name].id, int(ident)) for name in seeing)


def _relate(world: World) -> None:
    """Now they become what they are called."""
    people = world.people
    author = people["author"]

    def act(name: str, what: str) -> None:
        assert people[name].post(f"/api/v1/accounts/{author.id}/{what}").status_code == 200

    def suffer(name: str, what: str) -> None:
        assert author.post(f"/api/v1/accounts/{people[name].id}/{what}").status_code == 200

    locked = author.ask("PATCH", "/api/v1/accounts/update_credentials", data={"locked": "true", "discoverable": "true"})
    assert locked.json()["locked"] is True
    for name in PEOPLE:
        if name not in (*FANS, "author"):
            act(name, "unfollow")
    act("requested", "follow")
    for name in ("blocked", "blocked_fan", "mentioned_blocked"):
        suffer(name, "block")
    for name in ("blocking", "blocking_fan"):
        act(name, "block")
    for name in ("muting", "muting_fan", "mentioned_muting"):
        act(name, "mute")
    suffer("muted_fan", "mute")
