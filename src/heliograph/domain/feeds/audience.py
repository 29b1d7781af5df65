"""Which of the people whose home is streamed by this process might get a post: an index of whom and what they follow.

It only spares asking everybody about every post. It may be late: nothing is sent for what it says alone (broadcast.py).
"""

from collections.abc import Iterable

from heliograph.domain.graph.idset import IdSet
from heliograph.domain.graph.relations import NOBODY, Relations
from heliograph.domain.posts.post import Header

# Lists and not sets: most authors have few watchers among the open streams, and a set of one takes three times the room.
Index = dict[int, list[int]]


class Audience:
    """The watchers (account ids) of home feeds, by the authors and hashtags that they follow."""

    def __init__(self) -> None:
        self._relations: dict[int, Relations] = {}
        self._by_author: Index = {}
        self._by_tag: Index = {}

    def __contains__(self, watcher: int) -> bool:
        return watcher in self._relations

    def among(self, account_ids: Iterable[int] | None) -> list[int]:
        """Those of `account_ids` (None: of all) who are there."""
        return [ident for ident in account_ids if ident in self] if account_ids is not None else list(self._relations)

    def add(self, watcher: int) -> None:
        """`watcher` is there, of whom nothing is known yet but that they see their own posts."""
        self._relations.setdefault(watcher, NOBODY)

    def learn(self, watcher: int, relations: Relations) -> None:
        """The relations of `watcher` are these now; of somebody who is not there it is forgotten at once."""
        if watcher not in self._relations:
            return
        before = self._relations[watcher]
        self._relations[watcher] = relations
        _change(self._by_author, watcher, before.following, relations.following)
        _change(self._by_tag, watcher, before.tags, relations.tags)

    def remove(self, watcher: int) -> None:
        """`watcher` is there no more."""
        self.learn(watcher, NOBODY)
        self._relations.pop(watcher, None)

    def of(self, header: Header) -> set[int]:
        """Who might get the post `header`."""
        found = set(self._by_author.get(header.author, ()))
        for tag in header.tags:
            found.update(self._by_tag.get(tag, ()))
        if header.author in self._relations:
            found.add(header.author)
        return found


def _change(index: Index, watcher: int, before: IdSet, after: IdSet) -> None:
    if before is after:
        return
    old, new = set(before), set(after)
    for key in old - new:
        watchers = index[key]
        watchers.remove(watcher)
        if not watchers:
            del index[key]
    for key in new - old:
        index.setdefault(key, []).append(watcher)
