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
