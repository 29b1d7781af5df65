"""Puts words into the mouths of made-up people, so that nobody repeats what was just said. Pure, and the same for the same seed."""

import itertools
import random
from collections.abc import Iterator, Sequence
from typing import Any

from heliograph.lab import remarks

# Shares of what is said of a picture: of a detail in it, of its motif, of any picture; the rest asks something.
OF_A_DETAIL, OF_A_MOTIF, OF_ANY = 0.42, 0.19, 0.25
TRIES = 30


class Talk:
    """A conversation that knows what has been said in it."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._decks: dict[str, Iterator[Any]] = {}
        self._said: set[str] = set()

    def remark(self, motif: str) -> tuple[str, str]:
        """What somebody says of a picture, and what whoever took it answers to exactly that ("" for nothing special)."""
        kind = self._chance.random()
        if kind < OF_A_DETAIL:
            return self._new(lambda: self._of_a_detail(motif)), ""
        if kind < OF_A_DETAIL + OF_A_MOTIF:
            return self._next(motif, remarks.OWN[motif]), ""
        if kind < OF_A_DETAIL + OF_A_MOTIF + OF_ANY:
            return self._next("general", remarks.GENERAL), ""
        asked: tuple[str, str] = self._next("questions", remarks.QUESTIONS)
        return asked

    def thanks(self) -> str:
        """What whoever took the picture says to somebody who liked it."""
        return str(self._next("thanks", remarks.THANKS))

    def aside(self) -> str:
        """What somebody else says to somebody who said something."""
        return str(self._next("asides", remarks.ASIDES))

    def company(self, name: str) -> str:
        """What a caption says of somebody."""
        return str(self._next("company", remarks.COMPANY)).format(name)

    def second_thought(self) -> str:
        """What an edit adds to a caption."""
        return str(self._next("second thoughts", remarks.SECOND_THOUGHTS))

    def _of_a_detail(self, motif: str) -> str:
        detail = self._next(f"details {motif}", remarks.DETAILS[motif])
        text = str(self._next("of a detail", remarks.OF_A_DETAIL)).format(detail)
        return text[0].upper() + text[1:]

    def _new(self, say: "Any") -> str:
        """What `say` says, if possible something that has not been said."""
        text = ""
        for _ in range(TRIES):
            text = str(say())
            if text not in self._said:
                break
        self._said.add(text)
        return text

    def _next(self, name: str, pool: Sequence[Any]) -> Any:
        """Round and round in a mixed order, so that what was said comes again as late as it can."""
        if name not in self._decks:
            self._decks[name] = itertools.cycle(self._chance.sample(pool, len(pool)))
        return next(self._decks[name])
