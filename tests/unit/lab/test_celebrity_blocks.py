"""The followers that are loaded in bulk: each once, in the order of either table, whatever is loaded in one go."""

import pytest

from heliograph.base import ids
from heliograph.lab.celebrity.edges import BLOCK, Following

CELEBRITY = (77 << 22) | (5 << 12) | 9


def edges_of(blocks):
    return [(block.first + at, block.rev + at) for block in blocks for at in range(block.count)]


@pytest.mark.parametrize("count", [0, 1, 1007, 1008, 5000])
def test_every_follower_comes_once_in_both_orders(count):
    following = Following(CELEBRITY, 0, count)
    near, far = edges_of(following.by_id()), edges_of(following.by_slot())
    assert len(near) == len(set(near)) == count
    assert sorted(near) == sorted(far)
    assert near == sorted(near)
    assert far == sorted(far, key=lambda edge: (ids.slot_of(edge[0]), edge[0]))
    assert len({rev for _, rev in near}) == count
    assert all(ids.slot_of(rev) == ids.slot_of(CELEBRITY) for _, rev in near)


def test_two_loads_are_one():
    whole = edges_of(Following(CELEBRITY, 0, 5000).by_id())
    parts = edges_of(Following(CELEBRITY, 0, 1234).by_id()) + edges_of(Following(CELEBRITY, 1234, 5000 - 1234).by_id())
    assert sorted(parts) == whole


def test_a_full_millisecond_goes_on_in_the_next():
    # Slot 0 gets every 1008th follower: its 4,097th opens a second block.
    following = Following(CELEBRITY, 0, ids.SHARED_SLOTS * (BLOCK + 1))
    blocks = [block for block in following.by_slot() if block.slot == 0]
    assert [block.count for block in blocks] == [BLOCK, 1]
    assert blocks[1].first >> 22 == (blocks[0].first >> 22) + 1
    assert blocks[1].rev > blocks[0].rev + BLOCK


def test_rows_are_what_copy_reads():
    (block,) = Following(CELEBRITY, 7, 1).by_id()
    following = Following(CELEBRITY, 7, 1)
    assert following.followers_rows(block) == f"5\t{CELEBRITY}\t{block.first}\t{block.rev}\n".encode()
    assert following.follows_rows(block) == f"7\t{block.first}\t{CELEBRITY}\t{block.rev}\n".encode()
