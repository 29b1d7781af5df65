"""A model of home feeds beside the real ones: what a page must show, may show, and must not.

It knows who follows whom and every post and like from the moment at which it was sent. What was answered SETTLED_S before a
page was asked for must be on it; what was only under way may be.
"""

import random
import time
from collections import defaultdict
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Any

import msgspec

PAGE = 20
# A delivery takes less than this long at the rates here.
SETTLED_S = 2.0
NEVER = float("inf")


class Witness:
    """Judges pages. `followed`: by viewer. All moments are `perf_counter`'s."""

    def __init__(self, followed: Mapping[int, AbstractSet[int]]) -> None:
        self._followed = followed
        # By author: id -> when its publication was answered.
        self._posts: defaultdict[int, dict[int, float]] = defaultdict(dict)
        self._author: dict[int, int] = {}
        # By post: when each like was sent, and when it was answered.
        self._likes: defaultdict[int, list[list[float]]] = defaultdict(list)
        self.judged = 0
        self.complaints: list[str] = []

    def posted(self, author: int, ident: int, answered_at: float = 0.0) -> None:
        """A post of `author` was answered."""
        self._posts[author][ident] = answered_at
        self._author[ident] = author

    def liking(self, ident: int) -> list[float]:
        """A like of a post is sent now; its second number is to be set when it is answered."""
        like = [time.perf_counter(), NEVER]
        self._likes[ident].append(like)
        return like

    def some_post(self, chance: random.Random) -> int:
        """A post that there is, one of the newest of its author."""
        author = chance.choice(list(self._posts))
        return max(self._posts[author])

    def judge(self, viewer: int, body: bytes, sent_at: float, answered_at: float) -> None:
        """Look at a page of the home of `viewer`; what is wrong with it goes to `complaints`."""
        self.judged += 1
        page: list[dict[str, Any]] = msgspec.json.decode(body)
        shown = [int(status["id"]) for status in page]
        for problem in (
            self._order(shown),
            self._missing(viewer, shown, sent_at),
            *self._wrong(viewer, page, sent_at, answered_at),
        ):
            if problem:
                self.complaints.append(f"viewer {viewer}: {problem}")

    def _order(self, shown: list[int]) -> str:
        return "" if shown == sorted(set(shown), reverse=True) else f"not in order, or twice: {shown}"

    def _missing(self, viewer: int, shown: list[int], sent_at: float) -> str:
        oldest = shown[-1] if len(shown) >= PAGE else 0
        due = {
            ident
            for author in (*self._followed[viewer], viewer)
            for ident, at in self._posts[author].items()
            if ident > oldest and at < sent_at - SETTLED_S
        }
        missing = due - set(shown)
        return f"missing {missing}" if missing else ""

    def _wrong(self, viewer: int, page: list[dict[str, Any]], sent_at: float, answered_at: float) -> list[str]:
        found = []
        for status in page:
            author, ident = int(status["account"]["id"]), int(status["id"])
            if author != viewer and author not in self._followed[viewer]:
                found.append(f"{ident} is by {author}, whom nobody follows")
            likes = self._likes[ident]
            least = sum(answered < sent_at for _, answered in likes)
            most = sum(sent < answered_at for sent, _ in likes)
            if not least <= status["favourites_count"] <= most:
                found.append(f"{ident} has {status['favourites_count']} likes, not {least} to {most}")
        return found
