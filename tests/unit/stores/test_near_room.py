"""The room that is kept, and what goes."""

import pytest

from heliograph.stores.near import Joined, Near

KIND = "post"


def test_room_is_bounded_and_what_is_used_stays():
    near = Near(100_000)
    shelf = near.shelf(KIND)
    for ident in range(1000):
        shelf.put(ident, b"x", 500)
        assert shelf.get(0) == b"x"
        assert len(shelf) * 750 <= 101_000
    assert shelf.get(1) is None
    near.changed([b"cabc:post:{b01}:0", b"not one of ours"])
    assert shelf.get(0) is None
    near.changed(None)
    assert len(shelf) == 0


def test_large_values_among_small_ones_take_no_more_than_their_room():
    """All of them are used all the time, and a small one is put last each time."""
    near = Near(1_000_000)
    shelf = near.shelf(KIND)
    sizes = {}
    for ident in range(0, 4000, 2):
        for each, size in ((ident, 8000), (ident + 1, 50)):
            shelf.put(each, b"x", size)
            sizes[each] = size + 250
        kept = [each for each in sizes if shelf.get(each) is not None]
        sizes = {each: sizes[each] for each in kept}
        assert sum(sizes.values()) < 1_500_000


def joined_of_two(near: Near) -> Joined:
    """What was joined as 7, of post 1 and account 2, and as 8, of account 2 alone."""
    near.shelf(KIND).put(1, b"post", 10)
    near.shelf("account").put(2, b"account", 10)
    near.joined.put(7, "seven", 10, [(KIND, 1), ("account", 2)])
    near.joined.put(8, "eight", 10, [("account", 2)])
    return near.joined


@pytest.mark.parametrize(
    ("change", "left"),
    [
        (lambda near: near.changed([b"cabc:post:{b01}:1"]), {8}),
        (lambda near: near.changed([b"cabc:account:{b01}:2"]), set()),
        (lambda near: near.changed([b"cabc:account:{b01}:1", b"cabc:post:{b01}:2"]), {7, 8}),
        (lambda near: near.drop([(KIND, 1)]), {8}),
        (lambda near: near.shelf(KIND).put(1, b"another", 10), {8}),
        (lambda near: near.changed(None), set()),
    ],
)
def test_what_was_joined_goes_with_each_part_of_it(change, left):
    near = Near(100_000)
    joined = joined_of_two(near)
    assert joined.whole([7, 8]) == ["seven", "eight"]
    change(near)
    assert {ident for ident in (7, 8) if joined.get(ident)} == left
    assert joined.whole([7, 8]) == (["seven", "eight"] if len(left) == 2 else None)


def test_a_part_whose_shelf_had_no_more_room_still_takes_with_it_what_was_joined():
    """The server goes on telling of a key that was read once, whether its value is still kept or not."""
    near = Near(100_000)
    joined = joined_of_two(near)
    near.shelf(KIND).put(3, b"large", 60_000)
    joined.put(9, "nine", 10, [(KIND, 1)])
    near.changed([b"cabc:post:{b01}:1"])
    assert joined.get(9) is None


def test_what_is_joined_takes_room():
    near = Near(100_000)
    for ident in range(1000):
        near.joined.put(ident, b"x", 1000, [(KIND, ident)])
    assert len(near.joined) * 1900 <= 50_000
