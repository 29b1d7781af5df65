"""What the product asks of the follow graph, asked of one store by one client; how long each answer takes."""

import random
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import msgspec

from heliograph.lab.graph.made import Graph
from heliograph.lab.graph.store import Store

ASKERS, WARMING, PAIRS = 200, 10, 40
# A store that takes longer for all askers of a question is not asked by the rest of them.
PATIENCE_S = 60.0

PAGES = "all followers of the most followed, in pages of 10,000"
NEWEST = "its 40 newest followers"
AMONG = "is-following, 40 pairs of one account"
MUTUALS = "mutuals of an account"
SUGGESTIONS = "suggestions: 40 whom the followed follow"


class Answers(msgspec.Struct):
    """What one store gave: its loading in seconds, its room in words, a cell of the table for each question."""

    store: str
    load_s: float = 0.0
    size: str = ""
    cells: dict[str, str] = {}
    # Compared between stores: a store that is quick since it answers something else has not won.
    given: dict[str, Any] = {}


async def ask(store: Store, graph: Graph) -> Answers:
    """Load `graph` into `store` and ask it everything."""
    answers = Answers(store.name)
    started = time.perf_counter()
    await store.load(graph)
    answers.load_s = time.perf_counter() - started
    chance = random.Random(5)  # noqa: S311 -- repeatable, not secret
    askers = [graph.ident(chance.randrange(graph.people)) for _ in range(ASKERS)]
    others = {asker: _others(graph, chance) for asker in askers}
    famous = graph.ident(graph.most_followed())
    await _pages(store, famous, answers)
    if await store.newest(famous) is not None:
        await _each(answers, NEWEST, [famous] * (ASKERS // 4), store.newest)
    await _each(answers, AMONG, askers, lambda asker: store.among(asker, others[asker]))
    await _each(answers, MUTUALS, askers, store.mutuals)
    await _each(answers, SUGGESTIONS, askers, store.suggestions)
    answers.size = await store.size()
    return answers


def _others(graph: Graph, chance: random.Random) -> list[int]:
    """Whom one sees in a page: the popular more often than others."""
    found: set[int] = set()
    while len(found) < PAIRS:
        # An account need not follow anybody.
        found |= {
            graph.ident(whom) for whom, _ in _one_of(list(graph.following(chance.randrange(graph.people))), chance)
        }
    return sorted(found)


def _one_of(follows: list[tuple[int, int]], chance: random.Random) -> list[tuple[int, int]]:
    return [chance.choice(follows)] if follows else []


async def _pages(store: Store, famous: int, answers: Answers) -> None:
    found, cursor, started = set[int](), 0, time.perf_counter()
    while True:
        page, cursor = await store.followers(famous, cursor)
        found.update(page)
        if not cursor:
            break
    took_s = time.perf_counter() - started
    answers.cells[PAGES] = f"{len(found) / took_s / 1000:,.0f} thousand/s"
    answers.given[PAGES] = found


async def _each(
    answers: Answers, question: str, askers: Sequence[int], answer: Callable[[int], Awaitable[Any]]
) -> None:
    for asker in askers[:WARMING]:
        await answer(asker)
    given, took_s = [], list[float]()
    for asker in askers:
        if sum(took_s) > PATIENCE_S:
            break
        started = time.perf_counter()
        given.append(await answer(asker))
        took_s.append(time.perf_counter() - started)
    took_s.sort()
    middle, late = took_s[len(took_s) // 2], took_s[int(0.99 * len(took_s))]
    of = "" if len(took_s) == len(askers) else f" (of {len(took_s)})"
    answers.cells[question] = f"{1000 * middle:.2f} ms, p99 {1000 * late:.1f}{of}"
    ordered = question in (NEWEST, SUGGESTIONS)
    answers.given[question] = given if ordered else [sorted(each) for each in given]


def differences(all_answers: Sequence[Answers]) -> list[str]:
    """Where a store answers otherwise than the first, in words."""
    first = all_answers[0]
    return [
        f"{other.store} and {first.store} differ about: {question}"
        for other in all_answers[1:]
        for question, given in other.given.items()
        if not _alike(given, first.given[question])
    ]


def _alike(one: Any, other: Any) -> bool:
    """Whether both are the same, as far as both were asked."""
    if isinstance(one, set):
        return bool(one == other)
    return all(mine == theirs for mine, theirs in zip(one, other, strict=False))
