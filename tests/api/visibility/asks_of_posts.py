"""Posts: by their addresses, in threads, in timelines, on streams; and what may be done to them."""

from typing import Any

from asks import Ask, asks, in_list, on_page, refused, token
from streams import CHANNELS, NEWS
from world import PEOPLE, TAG, World

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
