"""The room that is kept, and what goes."""

from heliograph.stores.near import Near

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
