"""How each endpoint is asked what a viewer sees: `METHOD /path | which part of it` -> a function to a token.

A token is what stands in a cell of expected.txt: `yes` or `-` for what is in an answer or not, else a status or what the
block says. Answers are kept by the world, so that a list is read once for all of its columns.
"""

from collections.abc import Callable, Iterable
from typing import Any

import httpx
from streams import CHANNELS, NEWS
from world import AUTHORS, PEOPLE, TAG, Entity, World

# (world, viewer, column) -> token.
Ask = Callable[[World, str, str], str]

ASKS: dict[str, Ask] = {}
YES, NO, OWN = "yes", "-", "own"


def asks(title: str) -> Callable[[Ask], Ask]:
    def note(function: Ask) -> Ask:
        assert title not in ASKS, title
        ASKS[title] = function
        return function

    return note


def token(found: bool) -> str:
    return YES if found else NO


def ids_of(items: Iterable[Entity]) -> set[str]:
    """The posts that a list shows, be it by a reblog."""
    return {each["id"] for item in items for each in (item, item.get("reblog") or item)}


def in_list(items: list[Entity] | int, ident: str) -> str:
    return str(items) if isinstance(items, int) else token(ident in ids_of(items))


def on_page(answer: httpx.Response, text: str) -> str:
    if answer.is_redirect:
        return "login"
    return token(text in answer.text) if answer.status_code == 200 else str(answer.status_code)


def named_on_page(world: World, viewer: str, path: str, name: str) -> str:
    """Whether the page leads to somebody. Every page leads to whoever has logged in: of that nothing can be said."""
    if name == world.people[viewer].name:
        return OWN
    return on_page(world.page(viewer, path), f'"/@{name}"')


def refused(answer: httpx.Response) -> str:
    return "" if answer.status_code == 200 else str(answer.status_code)


# -- one post -----------------------------------------------------------------------------------------------------------

BY_ADDRESS = ("", "/context", "/history", "/favourited_by", "/reblogged_by", "/quotes", "/source")


def _by_address(suffix: str, kind: str) -> Ask:
    def ask(world: World, viewer: str, column: str) -> str:
        return str(world.ask(viewer, f"/api/v1/statuses/{world.ids[kind][column]}{suffix}").status_code)

    return ask


for _suffix in BY_ADDRESS:
    # Where a reply and a share are looked up is where a post is: two endpoints are enough to show it.
    for _kind in ("post", "reply", "share") if _suffix in ("", "/context") else ("post",):
        asks(f"GET /api/v1/statuses/{{status_id}}{_suffix} | a {_kind}")(_by_address(_suffix, _kind))


def _page_of(path: str) -> Ask:
    def ask(world: World, viewer: str, column: str) -> str:
        ident, author = world.ids["post"][column], world.author_of(column)
        answer = world.page(viewer, path.format(ident=ident, handle=f"@{author.name}"))
        if answer.status_code == 200:
            assert world.word("post", column) in answer.text
        return "login" if answer.is_redirect else str(answer.status_code)

    return ask


asks("GET /{handle}/{post_id}")(_page_of("/{handle}/{ident}"))
asks("GET /p/{post_id}")(_page_of("/p/{ident}"))
asks("GET /p/{post_id}/history")(_page_of("/p/{ident}/history"))
asks("GET /p/{post_id}/edit")(_page_of("/p/{ident}/edit"))
asks("GET /{handle}/{post_id}/embed")(_page_of("/{handle}/{ident}/embed"))


@asks("GET /{handle}/{post_id} | under the name of another")
def other_name(world: World, viewer: str, column: str) -> str:
    path = f"/@{world.people['stranger'].name}/{world.ids['post'][column]}"
    return str(world.page(viewer, path).status_code)


@asks("GET /api/oembed")
def oembed(world: World, viewer: str, column: str) -> str:
    address = f"{world.site.url}/p/{world.ids['post'][column]}"
    return str(world.ask(viewer, "/api/oembed", url=address).status_code)


@asks("GET /api/v1/statuses")
def several(world: World, viewer: str, column: str) -> str:
    ident = world.ids["post"][column]
    answer = world.ask(viewer, "/api/v1/statuses", **{"id[]": [*world.ids["post"].values(), world.root]})
    return refused(answer) or in_list(answer.json(), ident)


@asks("GET /api/v2/search | the address of a post")
def found_by_address(world: World, viewer: str, column: str) -> str:
    ident = world.ids["post"][column]
    answer = world.ask(viewer, "/api/v2/search", q=f"{world.site.url}/p/{ident}")
    return refused(answer) or in_list(answer.json()["statuses"], ident)


@asks("GET /api/v2/search | the words of a post")
def found_by_words(world: World, viewer: str, column: str) -> str:
    answer = world.ask(viewer, "/api/v2/search", q=world.word("post", column))
    return refused(answer) or in_list(answer.json()["statuses"], world.ids["post"][column])


@asks("GET /search | the address of a post")
def page_found_by_address(world: World, viewer: str, column: str) -> str:
    path = f"/search?q={world.site.url}/p/{world.ids['post'][column]}"
    return on_page(world.page(viewer, path), world.word("post", column))


# -- threads ------------------------------------------------------------------------------------------------------------


@asks("GET /api/v1/statuses/{status_id}/context | above a friend's answer")
def above(world: World, viewer: str, column: str) -> str:
    answer = world.ask(viewer, f"/api/v1/statuses/{world.ids['answer'][column]}/context")
    return refused(answer) or in_list(answer.json()["ancestors"], world.ids["post"][column])


@asks("GET /{handle}/{post_id} | above a friend's answer")
def page_above(world: World, viewer: str, column: str) -> str:
    answer = world.page(viewer, f"/@{world.people['friend'].name}/{world.ids['answer'][column]}")
    return on_page(answer, world.word("post", column))


@asks("GET /api/v1/statuses/{status_id}/context | the author's reply below the host's post")
def below(world: World, viewer: str, column: str) -> str:
    answer = world.ask(viewer, f"/api/v1/statuses/{world.root}/context")
    return refused(answer) or in_list(answer.json()["descendants"], world.ids["reply"][column])


@asks("GET /{handle}/{post_id} | the author's reply below the host's post")
def page_below(world: World, viewer: str, column: str) -> str:
    answer = world.page(viewer, f"/@{world.people['host'].name}/{world.root}")
    return on_page(answer, world.word("reply", column))


@asks("GET /api/v1/statuses/{status_id}/context | a friend's answer below the post")
def below_own(world: World, viewer: str, column: str) -> str:
    answer = world.ask(viewer, f"/api/v1/statuses/{world.ids['post'][column]}/context")
    return refused(answer) or in_list(answer.json()["descendants"], world.ids["answer"][column])


# -- timelines ----------------------------------------------------------------------------------------------------------


def _timeline(path: str, kind: str = "post", **params: Any) -> Ask:
    def ask(world: World, viewer: str, column: str) -> str:
        at = path.format(author=world.author_of(column).id, friend=world.people["friend"].id)
        return in_list(world.all_of(viewer, at, **params), world.ids[kind][column])

    return ask


STATUSES = "/api/v1/accounts/{author}/statuses"
for _part, _kind, _params in (
    ("all", "post", {}),
    ("replies", "reply", {}),
    ("the author's own share", "share", {}),
    ("only_media", "post", {"only_media": "true"}),
    ("pinned", "post", {"pinned": "true"}),
    ("tagged", "post", {"tagged": TAG}),
    ("exclude_replies, exclude_reblogs", "post", {"exclude_replies": "true", "exclude_reblogs": "true"}),
):
    asks(f"GET /api/v1/accounts/{{ident}}/statuses | {_part}")(_timeline(STATUSES, _kind, **_params))

asks("GET /api/v1/accounts/{ident}/statuses | what a friend shares")(
    _timeline("/api/v1/accounts/{friend}/statuses", exclude_replies="true")
)
asks("GET /api/v1/timelines/home")(_timeline("/api/v1/timelines/home"))
asks("GET /api/v1/timelines/home | replies")(_timeline("/api/v1/timelines/home", "reply"))
asks("GET /api/v1/timelines/public")(_timeline("/api/v1/timelines/public"))
asks("GET /api/v1/timelines/public | local, only_media")(
    _timeline("/api/v1/timelines/public", local="true", only_media="true")
)
asks("GET /api/v1/timelines/public | replies")(_timeline("/api/v1/timelines/public", "reply"))
asks("GET /api/v1/timelines/tag/{name}")(_timeline(f"/api/v1/timelines/tag/{TAG}"))
asks("GET /api/v1/timelines/tag/{name} | any")(_timeline("/api/v1/timelines/tag/nothing", **{"any[]": TAG}))
asks("GET /api/v1/favourites")(_timeline("/api/v1/favourites"))
asks("GET /api/v1/bookmarks")(_timeline("/api/v1/bookmarks"))


@asks("GET /api/v1/conversations")
def conversations(world: World, viewer: str, column: str) -> str:
    found = world.all_of(viewer, "/api/v1/conversations")
    if isinstance(found, int):
        return str(found)
    return token(world.ids["post"][column] in {each["last_status"]["id"] for each in found})


def _on_page(path: str, kind: str = "post") -> Ask:
    def ask(world: World, viewer: str, column: str) -> str:
        answer = world.page(viewer, path.format(handle=f"@{world.author_of(column).name}"))
        if answer.is_redirect or answer.status_code != 200:
            return on_page(answer, "")
        # By its words or by the description of its photo: the address of a post may stand below an answer to it.
        return token(world.word(kind, column) in answer.text)

    return ask


for _title, _path in {
    "GET /": "/",
    "GET /public": "/public",
    "GET /{handle} | the grid of photos": "/{handle}",
    "GET /{handle}/with_replies": "/{handle}/with_replies",
    "GET /{handle}/tagged/{name}": "/{handle}/tagged/" + TAG,
    "GET /tags/{name}": f"/tags/{TAG}",
    "GET /bookmarks": "/bookmarks",
    "GET /favourites": "/favourites",
    "GET /conversations": "/conversations",
    "GET /{handle} | RSS": "/{handle}.rss",
    "GET /{handle} | Atom": "/{handle}.atom",
    "GET /tags/{name} | RSS": f"/tags/{TAG}.rss",
    "GET /tags/{name} | Atom": f"/tags/{TAG}.atom",
}.items():
    asks(_title)(_on_page(_path))
asks("GET /{handle}/with_replies | replies")(_on_page("/{handle}/with_replies", "reply"))


# -- streams ------------------------------------------------------------------------------------------------------------


def _stream(transport: str, label: str) -> Ask:
    def ask(world: World, viewer: str, column: str) -> str:
        if viewer not in PEOPLE:
            return str(world.ask(viewer, "/api/v1/streaming/user").status_code)
        return token(column in world.heard[transport, label, viewer])

    return ask


for _label in (*CHANNELS, NEWS):
    asks(f"WS /api/v1/streaming | {_label}")(_stream("socket", _label))
    _path = CHANNELS["user" if _label == NEWS else _label].partition("?")[0]
    _part = " | notifications" if _label == NEWS else ""
    asks(f"GET /api/v1/streaming/{_path}{_part}")(_stream("events", _label))


# -- notifications of what the author did ---------------------------------------------------------------------------------

TYPES = ("mention", "favourite", "reblog", "follow", "status")


def _told(world: World, column: str, told: list[tuple[str, str]]) -> str:
    kind = "favourite" if column == "suspended" else column
    return token((kind, str(world.author_of(column).id)) in told)


@asks("GET /api/v1/notifications")
def notifications(world: World, viewer: str, column: str) -> str:
    found = world.all_of(viewer, "/api/v1/notifications")
    if isinstance(found, int):
        return str(found)
    return _told(world, column, [(each["type"], each["account"]["id"]) for each in found])


@asks("GET /api/v1/notifications | account_id")
def notifications_from(world: World, viewer: str, column: str) -> str:
    found = world.all_of(viewer, "/api/v1/notifications", account_id=world.author_of(column).id)
    if isinstance(found, int):
        return str(found)
    return _told(world, column, [(each["type"], each["account"]["id"]) for each in found])


@asks("GET /api/v2/notifications")
def groups(world: World, viewer: str, column: str) -> str:
    answer = world.ask(viewer, "/api/v2/notifications", limit=80)
    if answer.status_code != 200:
        return str(answer.status_code)
    body = answer.json()
    named = {ident for group in body["notification_groups"] for ident in group["sample_account_ids"]}
    assert named == {account["id"] for account in body["accounts"]}, "nobody comes along who is in no group"
    told = [(each["type"], ident) for each in body["notification_groups"] for ident in each["sample_account_ids"]]
    return _told(world, column, told)


@asks("GET /api/v2/notifications/{group_key}/accounts")
def group_accounts(world: World, viewer: str, column: str) -> str:
    answer = world.ask(viewer, "/api/v2/notifications", limit=80)
    if answer.status_code != 200:
        return str(answer.status_code)
    told = []
    for group in answer.json()["notification_groups"]:
        path = f"/api/v2/notifications/{group['group_key']}"
        one = world.ask(viewer, path).json()
        members = [each["id"] for each in world.ask(viewer, f"{path}/accounts").json()]
        assert len(members) == one["notification_groups"][0]["notifications_count"] == group["notifications_count"]
        told += [(group["type"], ident) for ident in members]
    return _told(world, column, told)


@asks("GET /notifications")
def notifications_page(world: World, viewer: str, column: str) -> str:
    """That there is anything of the author at all."""
    return named_on_page(world, viewer, "/notifications", world.author_of(column).name)


# -- accounts -----------------------------------------------------------------------------------------------------------


def _account(path: str) -> Ask:
    def ask(world: World, viewer: str, column: str) -> str:
        author = world.author_of(column)
        return str(world.ask(viewer, path.format(ident=author.id, name=author.name, url=world.site.url)).status_code)

    return ask


for _title, _path in {
    "GET /api/v1/accounts/{ident}": "/api/v1/accounts/{ident}",
    "GET /api/v1/accounts/lookup": "/api/v1/accounts/lookup?acct={name}",
    "GET /.well-known/webfinger": "/.well-known/webfinger?resource={url}/@{name}",
    "GET /api/v1/accounts/{ident}/endorsements": "/api/v1/accounts/{ident}/endorsements",
}.items():
    asks(_title)(_account(_path))


@asks("GET /{handle}")
def profile(world: World, viewer: str, column: str) -> str:
    return str(world.page(viewer, f"/@{world.author_of(column).name}").status_code)


def _people(path: str, *, page: bool = False, **params: Any) -> Ask:
    """Whether the author is in a list of people."""

    def ask(world: World, viewer: str, column: str) -> str:
        author, host = world.author_of(column), world.people["host"]
        at = path.format(root=world.root, host=host.id, author=author.id, handle=f"@{host.name}", name=author.name)
        if page:
            return named_on_page(world, viewer, at, author.name)
        return in_list(world.all_of(viewer, at, **params), str(author.id))

    return ask


for _title, _path in {
    "GET /api/v1/accounts": "/api/v1/accounts?id[]={author}",
    "GET /api/v1/accounts/relationships": "/api/v1/accounts/relationships?id[]={author}",
    "GET /api/v1/accounts/relationships | with_suspended": "/api/v1/accounts/relationships?id[]={author}&with_suspended=1",
    "GET /api/v1/statuses/{status_id}/favourited_by | the author among them": "/api/v1/statuses/{root}/favourited_by",
    "GET /api/v1/statuses/{status_id}/reblogged_by | the author among them": "/api/v1/statuses/{root}/reblogged_by",
    "GET /api/v1/accounts/{ident}/followers | the author among them": "/api/v1/accounts/{host}/followers",
    "GET /api/v1/accounts/{ident}/following | the author among them": "/api/v1/accounts/{host}/following",
    "GET /api/v1/blocks": "/api/v1/blocks",
    "GET /api/v1/mutes": "/api/v1/mutes",
    "GET /api/v1/accounts/search | the exact name": "/api/v1/accounts/search?q={name}",
    "GET /api/v1/accounts/search | the beginning": f"/api/v1/accounts/search?q={AUTHORS}",
    "GET /api/v1/accounts/search | following": f"/api/v1/accounts/search?q={AUTHORS}&following=true",
}.items():
    asks(_title)(_people(_path))
for _title, _path in {
    "GET /{handle}/followers | the author among them": "/{handle}/followers",
    "GET /{handle}/following | the author among them": "/{handle}/following",
    "GET /{handle}/{post_id} | the author among those who like it": "/{handle}/{root}",
    "GET /search | the beginning of a name": f"/search?q={AUTHORS}",
    "GET /settings/blocks": "/settings/blocks",
    "GET /settings/mutes": "/settings/mutes",
}.items():
    asks(_title)(_people(_path, page=True))


def _search(query: str) -> Ask:
    def ask(world: World, viewer: str, column: str) -> str:
        author = world.author_of(column)
        answer = world.ask(viewer, "/api/v2/search", q=query.format(name=author.name, url=world.site.url))
        return refused(answer) or in_list(answer.json()["accounts"], str(author.id))

    return ask


asks("GET /api/v2/search | the exact name")(_search("{name}"))
asks("GET /api/v2/search | the address of a profile")(_search("{url}/@{name}"))
asks("GET /api/v2/search | the beginning of a name")(_search(AUTHORS))


@asks("GET /api/v1/accounts/familiar_followers")
def familiar(world: World, viewer: str, column: str) -> str:
    """Whether the author is shown as one who follows the host."""
    answer = world.ask(viewer, "/api/v1/accounts/familiar_followers", **{"id[]": world.people["host"].id})
    return refused(answer) or in_list(answer.json()[0]["accounts"], str(world.author_of(column).id))


def _list_of_author(which: str, *, page: bool = False) -> Ask:
    """Whether a friend is in a list of the author's."""

    def ask(world: World, viewer: str, column: str) -> str:
        author, friend = world.author_of(column), world.people["friend"]
        if page:
            return named_on_page(world, viewer, f"/@{author.name}/{which}", friend.name)
        return in_list(world.all_of(viewer, f"/api/v1/accounts/{author.id}/{which}"), str(friend.id))

    return ask


for _which in ("followers", "following"):
    asks(f"GET /api/v1/accounts/{{ident}}/{_which} | of the author")(_list_of_author(_which))
    asks(f"GET /{{handle}}/{_which} | of the author")(_list_of_author(_which, page=True))


@asks("GET /api/v1/accounts/familiar_followers | of the author")
def familiar_of_author(world: World, viewer: str, column: str) -> str:
    """Whether a friend is shown as one who follows the author."""
    answer = world.ask(viewer, "/api/v1/accounts/familiar_followers", **{"id[]": world.author_of(column).id})
    if answer.status_code != 200:
        return str(answer.status_code)
    found = answer.json()
    return in_list(found[0]["accounts"], str(world.people["friend"].id)) if found else NO


@asks("GET /api/v1/accounts/{ident}/featured_tags")
def featured(world: World, viewer: str, column: str) -> str:
    """How often the author has used the hashtag, as their profile says."""
    answer = world.ask(viewer, f"/api/v1/accounts/{world.author_of(column).id}/featured_tags")
    return refused(answer) or next((each["statuses_count"] for each in answer.json()), NO)


@asks("GET /api/v1/accounts/relationships | what it says")
def relationship(world: World, viewer: str, column: str) -> str:
    asked = {"id[]": world.author_of(column).id, "with_suspended": "true"}
    answer = world.ask(viewer, "/api/v1/accounts/relationships", **asked)
    if answer.status_code != 200:
        return str(answer.status_code)
    if not answer.json():
        return NO
    said = [name for name, value in answer.json()[0].items() if value is True and name != "showing_reblogs"]
    return "+".join(said) or NO


# -- the other direction: what the author sees of a viewer ------------------------------------------------------------------


def _seen_by_author(look: Callable[[World, str], str]) -> Ask:
    def ask(world: World, viewer: str, _: str) -> str:
        return look(world, viewer) if viewer in PEOPLE else NO

    return ask


def _authors_list(path: str, *, post: bool = False, **params: Any) -> Ask:
    def look(world: World, viewer: str) -> str:
        person = world.people[viewer]
        at = path.format(
            own=world.own[viewer], post=world.ids["post"]["public"], author=world.people["author"].id, name=person.name,
            viewer=person.id,
        )  # fmt: skip
        found = world.all_of("author", at, **params)
        assert not isinstance(found, int), at
        # Not what the author shares of it.
        return token((world.own[viewer] if post else str(person.id)) in {each["id"] for each in found})

    return _seen_by_author(look)


for _title, _path, _post in (
    ("GET /api/v1/statuses/{status_id}/favourited_by", "/api/v1/statuses/{post}/favourited_by", False),
    ("GET /api/v1/accounts/{ident}/followers", "/api/v1/accounts/{author}/followers", False),
    ("GET /api/v1/accounts/search", "/api/v1/accounts/search?q={name}", False),
    ("GET /api/v1/follow_requests", "/api/v1/follow_requests", False),
    ("GET /api/v1/blocks", "/api/v1/blocks", False),
    ("GET /api/v1/mutes", "/api/v1/mutes", False),
    ("GET /api/v1/timelines/public", "/api/v1/timelines/public", True),
    ("GET /api/v1/timelines/home", "/api/v1/timelines/home", True),
    ("GET /api/v1/accounts/{ident}/statuses", "/api/v1/accounts/{viewer}/statuses", True),
    ("GET /api/v1/favourites", "/api/v1/favourites", True),
):
    asks(f"{_title} | of the viewer, by the author")(_authors_list(_path, post=_post))


@asks("GET /api/v1/notifications | of the viewer's like, by the author")
def told_of_like(world: World, viewer: str, _: str) -> str:
    found = world.all_of("author", "/api/v1/notifications", **{"types[]": "favourite"})
    assert not isinstance(found, int)
    return token(str(world.people[viewer].id) in {each["account"]["id"] for each in found})


@asks("GET /follow_requests | of the viewer, by the author")
def requests_page(world: World, viewer: str, _: str) -> str:
    return named_on_page(world, "author", "/follow_requests", world.people[viewer].name) if viewer in PEOPLE else NO


# -- writing --------------------------------------------------------------------------------------------------------------


def _act(act: str) -> Ask:
    def ask(world: World, viewer: str, column: str) -> str:
        path = f"/api/v1/statuses/{world.ids['post'][column]}/{act}"
        return str(world.people[viewer].post(path).status_code)

    return ask


ACTS = ("favourite", "unfavourite", "bookmark", "unbookmark", "reblog", "unreblog", "pin", "unpin")
for _act_name in ACTS:
    asks(f"POST /api/v1/statuses/{{status_id}}/{_act_name}")(_act(_act_name))


@asks("POST /api/v1/statuses | a reply")
def reply(world: World, viewer: str, column: str) -> str:
    said = {"status": "And I say", "in_reply_to_id": world.ids["post"][column], "visibility": "unlisted"}
    return str(world.people[viewer].post("/api/v1/statuses", json=said).status_code)


@asks("PUT /api/v1/statuses/{status_id}")
def edit(world: World, viewer: str, column: str) -> str:
    ident = world.ids["post"][column]
    # Without a photo, since the viewer has none: nothing is changed of what is theirs.
    return str(world.people[viewer].ask("PUT", f"/api/v1/statuses/{ident}", json={"sensitive": False}).status_code)


@asks("DELETE /api/v1/statuses/{status_id}")
def delete(world: World, viewer: str, column: str) -> str:
    return str(world.people[viewer].ask("DELETE", f"/api/v1/statuses/{world.ids['post'][column]}").status_code)


ABOUT = (
    "note", "follow", "unfollow", "remove_from_followers", "mute", "unmute", "block", "unblock",
)  # fmt: skip


def _about(act: str) -> Ask:
    def ask(world: World, viewer: str, column: str) -> str:
        author = world.author_of(column)
        return str(world.people[viewer].post(f"/api/v1/accounts/{author.id}/{act}", json={}).status_code)

    return ask


for _act_name in ABOUT:
    asks(f"POST /api/v1/accounts/{{ident}}/{_act_name}")(_about(_act_name))
