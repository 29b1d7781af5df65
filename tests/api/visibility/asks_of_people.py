"""Accounts, lists of people, notifications; and the other direction, what the author sees of a viewer."""

from collections.abc import Callable
from typing import Any

from asks import NO, Ask, asks, in_list, named_on_page, refused, token
from world import AUTHORS, PEOPLE, World

# -- notifications of what the author did ---------------------------------------------------------------------------------


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
