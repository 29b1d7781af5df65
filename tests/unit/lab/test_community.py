"""The made-up community: the same each time, plausible, and every motif can be drawn."""

import io
from collections import Counter

import pytest
from PIL import Image

from heliograph.lab import words
from heliograph.lab.pictures.draw import MOTIFS, draw
from heliograph.lab.plan import Size, plan


def test_the_same_size_gives_the_same_community():
    assert plan(Size(20, 50)) == plan(Size(20, 50))


def test_it_has_people_follows_and_posts():
    made = plan(Size())
    assert len(made.people) == 60
    assert len(made.posts) == 300
    assert {post.author for post in made.posts} == set(range(60))
    assert all(who != whom for who, whom in made.follows)
    assert len(set(made.follows)) == len(made.follows)
    assert all(post.author not in post.likers for post in made.posts)


def test_a_few_are_followed_by_many():
    followers = sorted(Counter(whom for _, whom in plan(Size()).follows).values(), reverse=True)
    assert followers[0] > 5 * followers[len(followers) // 2]


def test_no_picture_comes_twice():
    pictures = [post.picture for post in plan(Size()).posts]
    assert len(set(pictures)) == len(pictures)


def test_every_motif_has_words():
    assert set(MOTIFS) == set(words.CAPTIONS) == set(words.TAGS) == set(words.DESCRIPTIONS)


@pytest.mark.parametrize("motif", MOTIFS)
def test_a_motif_is_drawn_and_is_no_flat_surface(motif):
    image = Image.open(io.BytesIO(draw(motif, 0, 0, 120, 150)))
    assert image.size == (120, 150)
    low, high = image.convert("L").getextrema()
    assert high - low > 60


def test_guises_differ_and_repeat():
    first, second = draw("sea", 1, 1, 64, 64), draw("sea", 1, 2, 64, 64)
    assert first != second
    assert draw("sea", 1, 1, 64, 64) == first
