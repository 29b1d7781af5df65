"""The thread around a post: what it answers, above; what answers it, below. One look at the root's shard, one hydration.

Each post is shown or not on its own: an answer to somebody whom the viewer does not see is there without what it answers.
Source of the limits and of the order: Mastodon's `context`. An author's answer to themselves comes before those of others.
"""

import asyncio
from collections import defaultdict
from collections.abc import Container, Iterable

import msgspec

from heliograph.base.errors import NotFoundError
from heliograph.domain.feeds import present, rules
from heliograph.domain.feeds.hydrate import Hydration
from heliograph.domain.feeds.pieces import Hydrated
from heliograph.domain.graph.relations import Relations
from heliograph.domain.posts.fragments import Posts
from heliograph.domain.posts.post import Header
from heliograph.domain.posts.publish import Parent
from heliograph.domain.posts.threads import Place, Threads
from heliograph.domain.posts.viewing import View, Viewing


class Reach(msgspec.Struct, frozen=True):
    """How much of a thread is shown: posts above, posts below, levels below."""

    above: int
    below: int
    deep: int


FOR_MEMBERS = Reach(4096, 4096, 4096)
FOR_ANYONE = Reach(40, 60, 20)
# Posts below that are read before the tree is cut: whole levels, of which the cut takes branches.
READ_BELOW = 4096

Children = defaultdict[int, list[int]]


class Context(msgspec.Struct, frozen=True):
    """The posts above and below a post, as JSON: the root first, and depth first."""

    ancestors: list[bytes]
    descendants: list[bytes]


class Contexts:
    """Shows threads."""

    def __init__(self, threads: Threads, posts: Posts, hydration: Hydration, viewing: Viewing) -> None:
        self._threads = threads
        self._posts = posts
        self._hydration = hydration
        self._viewing = viewing

    async def of(self, viewer: int | None, post_id: int) -> Context:
        """The thread around a post as `viewer` sees it (None: not logged in). Raises NotFoundError.

        Around a reblog that is the thread of the original.
        """
        header, view = await self._look(viewer, post_id)
        reach = FOR_ANYONE if viewer is None else FOR_MEMBERS
        root = header.root or header.id
        places = await self._threads.around(root, header.id, reach.above, READ_BELOW, reach.deep)
        above = _above(places, header.id)
        below = _walk(header.id, _children(places), reach.below)
        if not above and not below:
            return Context([], [])
        # Valkey has been heard, or it is away.
        hydrated = await self._hydration.posts([*above, *below], heard=True)
        shown = {each.header.id: each for each in hydrated if _fits(each.header, viewer, view.relations)}
        own = {each.header.id for each in hydrated if each.header.reply_to == each.header.author}
        children = _children(places, set(below), own)
        return await self._presented(view, shown, above, _walk(header.id, children, len(below)))

    async def parent(self, author: int, post_id: int) -> Parent:
        """The post that `author` answers with `post_id`, their view of it: of a reblog the original. Raises NotFoundError."""
        header, _ = await self._look(author, post_id)
        post = await self._posts.get(header.id)
        return Parent(post.id, post.account_id, post.root_id or post.id)

    async def _look(self, viewer: int | None, post_id: int) -> tuple[Header, View]:
        found, view = await asyncio.gather(self._hydration.posts([post_id], outside=True), self._viewing.of(viewer))
        seen = [each for each in found if rules.visible(each.header, viewer, view.relations)]
        if not seen or not rules.visible(seen[0].shown, viewer, view.relations):
            raise NotFoundError
        return seen[0].shown, view

    async def _presented(
        self, view: View, shown: dict[int, Hydrated], above: Iterable[int], below: Iterable[int]
    ) -> Context:
        marked = await self._viewing.marked(view, list(shown))
        ancestors, descendants = (
            [present.post(shown[ident], view.viewer, marked) for ident in idents if ident in shown]
            for idents in (above, below)
        )
        return Context(ancestors, descendants)


def _fits(header: Header, viewer: int | None, relations: Relations) -> bool:
    return rules.visible(header, viewer, relations) and rules.wanted(header, viewer, relations)


def _above(places: list[Place], post_id: int) -> list[int]:
    """What `post_id` answers, what that answers, and so on: the root first."""
    answers = {place.post_id: place.parent_id for place in places if place.depth < 0}
    chain: list[int] = []
    at = post_id
    while at in answers and len(chain) < len(answers):
        at = answers[at]
        chain.append(at)
    return chain[::-1]


def _children(places: list[Place], among: Container[int] | None = None, own: Container[int] = ()) -> Children:
    """What answers each post below, in the order of ids, those of `own` first; `among`: of these only."""
    children: Children = defaultdict(list)
    for place in places:
        if place.depth > 0 and (among is None or place.post_id in among):
            children[place.parent_id].append(place.post_id)
    for some in children.values():
        some.sort(key=lambda ident: (ident not in own, ident))
    return children


def _walk(post_id: int, children: Children, limit: int) -> list[int]:
    """Depth first from `post_id`, without itself; no recursion, since a thread may be as deep as it is long."""
    found: list[int] = []
    waiting = list(reversed(children.get(post_id, ())))
    while waiting and len(found) < limit:
        ident = waiting.pop()
        found.append(ident)
        waiting += reversed(children.get(ident, ()))
    return found
