"""The quick way to the newest ids of several lists, against all of all lists."""

from hypothesis import given
from hypothesis import strategies as st

from heliograph.domain.feeds.skeleton import _newest
from heliograph.stores.idlists import IdList

IDS = st.sets(st.integers(1, 60), max_size=40)


def head(whole: set[int], window: int, below: int) -> IdList:
    """What is read of a list, of which only ids below `below` count."""
    found = sorted(whole, reverse=True)[:window]
    floor = found[-1] - 1 if len(whole) > window else 0
    return IdList([ident for ident in found if ident < below], floor, built=True)


@given(
    own=IDS,
    others=st.lists(st.tuples(IDS, st.integers(1, 61)), max_size=4),
    count=st.integers(1, 8),
    more=st.integers(0, 8),
)
def test_it_is_right_or_says_nothing(own, others, count, more):
    window = count + more
    lists = [head(own, window, 61), *(head(whole, window, below) for whole, below in others)]
    found = _newest(lists, count)
    everything = own.union(*({ident for ident in whole if ident < below} for whole, below in others))
    if len(own) < count:
        assert found == []
    elif found:
        assert found == sorted(everything, reverse=True)[:count]
    else:
        assert any(below <= 60 for _, below in others), "only what is left out of a list can make it end too early"
