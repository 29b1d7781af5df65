"""A set of ids in eight bytes each."""

from hypothesis import given, settings
from hypothesis import strategies as st

from heliograph.domain.graph.idset import IdSet
from heliograph.domain.graph.relations import Relations

an_id = st.integers(0, (1 << 63) - 1)


@given(st.sets(an_id), st.lists(an_id))
@settings(max_examples=200, derandomize=True, deadline=None)
def test_it_is_a_set(idents: set[int], others: list[int]) -> None:
    made = IdSet(idents)
    again = IdSet.unpack(made.pack())
    for each in (made, again):
        assert list(each) == sorted(idents)
        assert len(each) == len(idents)
        assert [ident in each for ident in [*idents, *others]] == [ident in idents for ident in [*idents, *others]]
    assert len(made.pack()) == 8 * len(idents)


some = st.sets(an_id, max_size=20).map(IdSet)


@given(some, some, some, some, some, some, some, st.integers(0, 2**53))
@settings(derandomize=True, deadline=None)
def test_relations_come_back_as_they_were_kept(
    following: IdSet,
    silent: IdSet,
    blocked: IdSet,
    blocking: IdSet,
    muted: IdSet,
    quiet: IdSet,
    tags: IdSet,
    until_ms: int,
) -> None:
    kept = Relations(following, silent, blocked, blocking, muted, quiet, tags, until_ms)
    back = Relations.unpack(kept.pack())
    assert [list(each) for each in back.sets] == [list(each) for each in kept.sets]
    assert back.until_ms == until_ms
    assert kept.pack(), "what is empty looks like a tombstone"
