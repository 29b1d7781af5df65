"""What the pages do with people: what the viewer is to them, follow, bell, mute, block, remove, note.

Each is a form that goes to `/@name/<what>` and comes back to the page on which it stood.
"""

import contextlib
from collections.abc import Awaitable, Callable

import msgspec
from litestar import Response
from litestar.params import FromPath

from heliograph.base.errors import NotFoundError
from heliograph.domain.accounts.account import Account
from heliograph.domain.graph.decisions import Wish
from heliograph.domain.graph.relationships import Relationship
from heliograph.domain.product import Product
from heliograph.web.access import product_of, viewer_or_none
from heliograph.web.entities.relationship import relationship
from heliograph.web.pages.forms import checked, go, local, page_post
from heliograph.web.pages.shown import Entity, as_entity, entities, fragment, log_in_first, name_in
from heliograph.web.request import Request

STRANGER = {"following": False, "requested": False, "followed_by": False}


class PersonForm(msgspec.Struct, frozen=True):
    """What the forms about a person say. `duration`: of a mute in seconds, 0 for ever; `quiet`: no notifications either."""

    next: str = "/"
    duration: int = 0
    quiet: bool = False
    comment: str = ""


Change = Callable[[Product, int, int, PersonForm], Awaitable[None]]


async def with_relations(request: Request, people: list[Entity]) -> list[Entity]:
    """`people` with what the viewer is to each: the members of Relationship, its note as `private_note`; and `own`."""
    viewer = viewer_or_none(request)
    if viewer is None:
        return [person | STRANGER | {"own": False} for person in people]
    known = await product_of(request).relationships.among(viewer, [int(person["id"]) for person in people])
    return [person | _related(to) | {"own": to.id == viewer} for person, to in zip(people, known, strict=True)]


def _related(known: Relationship) -> Entity:
    relation = as_entity(relationship(known))
    # An account has a note too: what it says of itself.
    relation["private_note"] = relation.pop("note")
    return relation


@page_post("/{handle:str}/follow")
async def follow(request: Request, handle: FromPath[str]) -> Response[str]:
    """Follow somebody, or ask for it."""
    return await _change(request, handle, "follow", lambda p, who, to, _: p.following.follow(who, to))


@page_post("/{handle:str}/unfollow")
async def unfollow(request: Request, handle: FromPath[str]) -> Response[str]:
    """No longer follow somebody, nor ask for it."""
    return await _change(request, handle, "follow", lambda p, who, to, _: p.following.unfollow(who, to))


@page_post("/{handle:str}/bell")
async def bell(request: Request, handle: FromPath[str]) -> Response[str]:
    """Be told of each post of somebody whom one follows."""
    return await _change(request, handle, "bell", _wishing(Wish(notify=True)))


@page_post("/{handle:str}/unbell")
async def unbell(request: Request, handle: FromPath[str]) -> Response[str]:
    """No longer be told of each post."""
    return await _change(request, handle, "bell", _wishing(Wish(notify=False)))


@page_post("/{handle:str}/show_shares")
async def show_shares(request: Request, handle: FromPath[str]) -> Response[str]:
    """See at home what somebody shares."""
    return await _change(request, handle, "", _wishing(Wish(reblogs=True)))


@page_post("/{handle:str}/hide_shares")
async def hide_shares(request: Request, handle: FromPath[str]) -> Response[str]:
    """See at home only what somebody posts."""
    return await _change(request, handle, "", _wishing(Wish(reblogs=False)))


@page_post("/{handle:str}/mute")
async def mute(request: Request, handle: FromPath[str]) -> Response[str]:
    """Keep away what somebody does."""

    async def change(product: Product, viewer: int, target: int, form: PersonForm) -> None:
        await product.mutes.mute(viewer, target, form.duration, notifications=form.quiet)

    return await _change(request, handle, "", change)


@page_post("/{handle:str}/unmute")
async def unmute(request: Request, handle: FromPath[str]) -> Response[str]:
    """No longer mute somebody."""
    return await _change(request, handle, "", lambda p, who, to, _: p.mutes.unmute(who, to))


@page_post("/{handle:str}/block")
async def block(request: Request, handle: FromPath[str]) -> Response[str]:
    """Block somebody."""
    return await _change(request, handle, "", lambda p, who, to, _: p.blocks.block(who, to))


@page_post("/{handle:str}/unblock")
async def unblock(request: Request, handle: FromPath[str]) -> Response[str]:
    """No longer block somebody."""
    return await _change(request, handle, "", lambda p, who, to, _: p.blocks.unblock(who, to))


@page_post("/{handle:str}/remove_follower")
async def remove_follower(request: Request, handle: FromPath[str]) -> Response[str]:
    """Let somebody no longer follow one."""
    return await _change(request, handle, "", lambda p, who, to, _: p.follows.remove(who, to))


@page_post("/{handle:str}/accept")
async def accept(request: Request, handle: FromPath[str]) -> Response[str]:
    """Let somebody follow who asks for it."""

    async def change(product: Product, viewer: int, target: int, _: PersonForm) -> None:
        # A request that was taken back meanwhile is nothing that a page need make words about.
        with contextlib.suppress(NotFoundError):
            await product.following.accept(viewer, target)

    return await _change(request, handle, "", change)


@page_post("/{handle:str}/refuse")
async def refuse(request: Request, handle: FromPath[str]) -> Response[str]:
    """Do not let somebody follow who asks for it."""

    async def change(product: Product, viewer: int, target: int, _: PersonForm) -> None:
        with contextlib.suppress(NotFoundError):
            await product.follows.reject(viewer, target)

    return await _change(request, handle, "", change)


@page_post("/{handle:str}/note")
async def note(request: Request, handle: FromPath[str]) -> Response[str]:
    """Note something about somebody that nobody else sees."""

    async def change(product: Product, viewer: int, target: int, form: PersonForm) -> None:
        await product.notes.write(viewer, target, form.comment.replace("\r\n", "\n").strip())

    return await _change(request, handle, "", change)


def _wishing(wish: Wish) -> Change:
    """To change what one wants to see of somebody whom one follows already; else nothing is done."""

    async def change(product: Product, viewer: int, target: int, _: PersonForm) -> None:
        (known,) = await product.relationships.among(viewer, [target])
        if known.following or known.requested:
            await product.following.follow(viewer, target, wish)

    return change


async def _change(request: Request, handle: str, button: str, change: Change) -> Response[str]:
    """Do `change`, and show the `button` as it is now, or the page again.

    Somebody who is suspended can still be unfollowed, muted and so on; what one may not do to them the domain refuses.
    """
    form, product, viewer = await checked(request, PersonForm), product_of(request), viewer_or_none(request)
    if viewer is None:
        return log_in_first(request, form.next)
    account = await product.profiles.named(name_in(handle))
    if account.state not in ("active", "suspended"):
        raise NotFoundError
    await change(product, viewer, account.id, form)
    back = local(form.next)
    if not button:
        return go(back)
    person = await _person(request, account)
    return fragment(request, f"fragments/{button}.html", person=person, back=back) or go(back)


async def _person(request: Request, account: Account) -> Entity:
    # Nothing more is known of somebody whom others no longer see.
    known = entities(await product_of(request).people.many([account.id]))
    person = {"id": str(account.id), "username": account.username, **(known[0] if known else {})}
    (related,) = await with_relations(request, [person])
    return related


ROUTES = [
    follow, unfollow, bell, unbell, show_shares, hide_shares, mute, unmute, block, unblock, remove_follower, accept,
    refuse, note,
]  # fmt: skip
