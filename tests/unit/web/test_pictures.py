"""What templates ask of a photo, and how pages say times and numbers."""

import blurhash
import pytest

from heliograph.base import clock
from heliograph.web.pages import assets, pictures, words


def _photo(aspect: float = 1.5, x: float = 0.0, y: float = 0.0) -> dict:
    return {
        "url": "https://helio.test/media/ab/cd/abcd/1080.webp",
        "meta": {"widths": [320, 640, 1080], "original": {"aspect": aspect}, "focus": {"x": x, "y": y}},
    }


@pytest.mark.parametrize("rgb", [(0, 0, 0), (255, 255, 255), (200, 40, 120)])
def test_the_colour_is_the_average_of_the_photo(rgb):
    hashed = blurhash.encode([[rgb] * 8] * 8, 4, 3)
    got = pictures.colour(hashed)
    assert [int(got[at : at + 2], 16) for at in (1, 3, 5)] == pytest.approx(rgb, abs=1)


def test_a_photo_without_blurhash_has_a_colour_too():
    assert pictures.colour(None) == pictures.colour("") == "#8886"


def test_srcset_names_each_variant_with_its_width():
    base = "https://helio.test/media/ab/cd/abcd"
    assert pictures.srcset(_photo()) == f"{base}/320.webp 320w, {base}/640.webp 640w, {base}/1080.webp 1080w"
    assert pictures.smallest(_photo()) == f"{base}/320.webp"


@pytest.mark.parametrize(
    ("x", "y", "classes"), [(0, 0, "fx2 fy2"), (-1, 1, "fx0 fy0"), (1, -1, "fx4 fy4"), (0.4, -0.6, "fx3 fy3")]
)
def test_focus_is_one_of_a_few_classes_that_the_style_has(x, y, classes):
    assert pictures.focus(_photo(x=x, y=y)) == classes
    style = assets.assets()["heliograph.css"].body.decode()
    assert all(f".{name} {{" in style for name in classes.split())


@pytest.mark.parametrize(("aspect", "shape"), [(0.75, "portrait"), (1.0, "square"), (1.5, "landscape")])
def test_a_reel_takes_the_shape_of_its_first_photo(aspect, shape):
    assert pictures.shape(_photo(aspect)) == shape


@pytest.mark.parametrize(
    ("now", "said"),
    [
        ("2026-05-01T12:00:30.000Z", "now"),
        ("2026-05-01T12:59:59.000Z", "59m"),
        ("2026-05-01T13:00:00.000Z", "1h"),
        ("2026-05-07T12:00:00.000Z", "6d"),
        ("2026-05-09T12:00:00.000Z", "1 May"),
        ("2027-05-09T12:00:00.000Z", "1 May 2026"),
        ("2026-05-01T11:59:00.000Z", "now"),
    ],
)
def test_ago(monkeypatch, now, said):
    monkeypatch.setattr(clock, "now", lambda: words.moment(now))
    assert words.ago("2026-05-01T12:00:00.000Z") == said


@pytest.mark.parametrize(
    ("number", "said"),
    [(0, "0"), (9999, "9999"), (10_000, "10k"), (12_345, "12.3k"), (999_960, "1M"), (4_500_000, "4.5M")],
)
def test_short(number, said):
    assert words.short(number) == said


def test_counted():
    assert (words.counted(1, "like", "likes"), words.counted(0, "like", "likes")) == ("1 like", "0 likes")


def test_an_address_of_a_file_changes_with_its_content():
    asset = assets.assets()["heliograph.css"]
    assert assets.address("heliograph.css") == f"/static/{asset.hash}/heliograph.css"
    with pytest.raises(KeyError):
        assets.address("no-such-file.css")


def test_the_style_and_scripts_take_nothing_from_elsewhere():
    for name in ("heliograph.css", "talk.css", "heliograph.js", "upload.js"):
        body = assets.assets()[name].body.decode()
        assert "url(" not in body, name
        assert "@import" not in body, name
        assert "://" not in body, name


def test_haze_is_what_the_photo_looks_like_from_afar():
    """Each colour is near the average of its part of the photo (blurhash keeps little, so near is not very near)."""
    hashed = blurhash.encode([[(x * 4, y * 6, 120) for x in range(60)] for y in range(40)], 4, 3)
    found = pictures.haze(hashed)
    assert len(found) == pictures.HAZE_COLUMNS * pictures.HAZE_ROWS
    for number, colour in enumerate(found):
        row, column = divmod(number, pictures.HAZE_COLUMNS)
        expected = ((column + 0.5) * 40, (row + 0.5) * 60, 120)
        seen = tuple(int(colour[at : at + 2], 16) for at in (1, 3, 5))
        assert all(abs(a - b) < 40 for a, b in zip(seen, expected, strict=True)), (row, column, seen, expected)


def test_haze_of_a_photo_without_a_hash():
    assert set(pictures.haze(None)) == {"#8886"}
