"""A set of ids in eight bytes each."""

from hypothesis import given, settings
from hypothesis import strategies as st

from heliograph.domain.graph.relations import IdSet

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
    assert len(made.pack()) == 1 + 8 * len(idents), "never empty: that would be a tombstone"
