"""How each endpoint is asked what a viewer sees: `METHOD /path | which part of it` -> a function to a token.

A token is what stands in a cell of expected.txt: `yes` or `-` for what is in an answer or not, else a status or what the
block says. Answers are kept by the world, so that a list is read once for all of its columns. Who wants ASKS whole imports
the modules asks_of_*, which fill it.
"""

from collections.abc import Callable, Iterable

import httpx
from world import Entity, World

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
