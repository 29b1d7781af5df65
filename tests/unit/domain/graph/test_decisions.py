"""The decisions about a follow, each from every state."""

import pytest

from heliograph.base.errors import ForbiddenError, NotFoundError
from heliograph.domain.graph import decisions
from heliograph.domain.graph.decisions import NEITHER, Edge, Standing, Wish

FOLLOWS, ASKS = Edge(gone=False), Edge(requested=True)
QUIET = Edge(requested=True, reblogs=False, notify=True)


def standing(edge: Edge, *, locked: bool = False, blocked: bool = False, state: str = "active") -> Standing:
    return Standing(state, locked, blocked, edge, rev=1)


@pytest.mark.parametrize(
    ("edge", "locked", "then"),
    [
        (NEITHER, False, FOLLOWS),
        (NEITHER, True, ASKS),
        (ASKS, True, ASKS),
        (ASKS, False, FOLLOWS),
        (FOLLOWS, True, FOLLOWS),
        (FOLLOWS, False, FOLLOWS),
    ],
)
def test_following(edge: Edge, locked: bool, then: Edge) -> None:
    assert decisions.followed(Wish())(standing(edge, locked=locked)) == then


def test_wishes_change_what_they_name() -> None:
    assert decisions.followed(Wish())(standing(QUIET, locked=True)) == QUIET
    assert decisions.followed(Wish(reblogs=True))(standing(QUIET)) == Edge(gone=False, notify=True)
    assert decisions.followed(Wish(notify=False))(standing(QUIET)) == Edge(gone=False, reblogs=False)


@pytest.mark.parametrize("edge", [NEITHER, ASKS, FOLLOWS])
def test_who_cannot_be_followed(edge: Edge) -> None:
    with pytest.raises(ForbiddenError):
        decisions.followed(Wish())(standing(edge, blocked=True))
    for state in ("pending", "suspended", "deleted"):
        with pytest.raises(NotFoundError):
            decisions.followed(Wish())(standing(edge, state=state, blocked=True))


def test_the_word_of_who_is_asked() -> None:
    assert decisions.accepted(standing(QUIET, locked=True)) == Edge(gone=False, reblogs=False, notify=True)
    assert decisions.rejected(standing(QUIET, locked=True)) == NEITHER
    for edge in (NEITHER, FOLLOWS):
        for decide in (decisions.accepted, decisions.rejected):
            with pytest.raises(NotFoundError):
                decide(standing(edge))


@pytest.mark.parametrize(
    ("edge", "locked", "then"),
    [(ASKS, True, ASKS), (ASKS, False, FOLLOWS), (FOLLOWS, False, FOLLOWS), (NEITHER, False, NEITHER)],
)
def test_letting_in(edge: Edge, locked: bool, then: Edge) -> None:
    assert decisions.let_in(standing(edge, locked=locked)) == then


@pytest.mark.parametrize(("edge", "then"), [(NEITHER, NEITHER), (ASKS, ASKS), (FOLLOWS, NEITHER)])
def test_removing_and_ending(edge: Edge, then: Edge) -> None:
    assert decisions.removed(standing(edge)) == then
    assert decisions.ended(standing(edge)) == NEITHER
