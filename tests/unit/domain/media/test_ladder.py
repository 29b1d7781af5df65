"""Which sizes are made of a photo."""

from hypothesis import given
from hypothesis import strategies as st

from heliograph.domain.media.ladder import MAX_TALLNESS, RUNGS_PX, ladder
from heliograph.domain.media.names import new_name, variant_name


def test_a_large_photo_gets_every_rung():
    assert ladder(4032, 3024) == [(320, 240), (640, 480), (1080, 810), (2048, 1536)]


def test_a_small_photo_ends_the_ladder_with_its_own_size():
    assert ladder(500, 400) == [(320, 256), (500, 400)]
    assert ladder(100, 100) == [(100, 100)]
    assert ladder(640, 10) == [(320, 5), (640, 10)]


def test_a_long_screenshot_is_bounded_in_height():
    assert ladder(1080, 24_000)[-1] == (276, 6144)


@given(st.integers(1, 65_535), st.integers(1, 65_535))
def test_sizes_rise_and_never_exceed_the_photo_or_the_rung(width, height):
    sizes = ladder(width, height)
    assert sizes == sorted(sizes)
    assert len(set(sizes)) == len(sizes)
    # Each file is named by its width.
    assert len({size[0] for size in sizes}) == len(sizes)
    for w, h in sizes:
        assert 1 <= w <= min(width, RUNGS_PX[-1])
        assert 1 <= h <= min(height, RUNGS_PX[-1] * MAX_TALLNESS)


def test_names_are_random_and_spread_over_folders():
    names = {new_name() for _ in range(1000)}
    assert len(names) == 1000
    for name in names:
        media, first, second, token = name.split("/")
        assert (media, first + second) == ("media", token[:4])
        assert len(bytes.fromhex(token)) == 16
    assert variant_name("media/ab/cd/x", "640.webp") == "media/ab/cd/x/640.webp"
