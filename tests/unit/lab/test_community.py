"""The made-up community: the same each time, plausible, and every motif can be drawn."""

import io
import re
from collections import Counter

import pytest
from PIL import Image

from heliograph.lab import remarks, words
from heliograph.lab.pictures.draw import MOTIFS, draw
from heliograph.lab.plan import plan
from heliograph.lab.planned import VIEWER, Size


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
    assert set(MOTIFS) == set(remarks.OWN) == set(remarks.DETAILS)
    assert set(remarks.WARNINGS) <= set(MOTIFS)


def sentences(text):
    return re.findall(r"[^.!?]+[.!?]*", re.sub(r"@\w+ ?", "", text))


def test_a_page_of_comments_repeats_no_sentence():
    said = [remark.text for post in plan(Size()).posts for remark in post.remarks]
    assert len(said) > 250
    for start in range(0, len(said), 10):
        page = said[start : start + 40]
        assert len(set(page)) == len(page)
        parts = Counter(part for text in page for part in sentences(text))
        assert [part for part, times in parts.items() if times > 1] == []


def test_most_of_what_is_said_is_said_once():
    said = Counter(remark.text for post in plan(Size()).posts for remark in post.remarks)
    assert sum(times for times in said.values() if times > 1) < 0.1 * said.total()


def test_what_is_answered_was_said_before_by_somebody_else():
    for post in plan(Size()).posts:
        for place, remark in enumerate(post.remarks):
            if remark.answers is not None:
                answered = post.remarks[remark.answers]
                assert remark.answers < place
                assert answered.who != remark.who
                assert remark.text.startswith("@")


def test_who_follows_nobody_private_has_no_part_in_it():
    made = plan(Size())
    private = [post for post in made.posts if post.visibility == "private"]
    assert private
    for post in private:
        around = {*post.likers, *post.keepers, *(remark.who for remark in post.remarks)} - {post.author}
        assert all((who, post.author) in made.follows for who in around)
        assert post.sharers == ()


def test_who_is_muted_or_blocked_has_nothing_to_do_with_the_viewer():
    made = plan(Size())
    away = {*made.circles.muted, *made.circles.blocked}
    assert len(away) == 2
    assert not any(VIEWER in pair and away & {*pair} for pair in made.follows)
    for post in made.posts:
        around = {*post.likers, *post.sharers, *post.keepers, *(remark.who for remark in post.remarks)}
        assert not (post.author == VIEWER and away & around)
        assert not (post.author in away and VIEWER in around)


def test_the_viewer_hears_of_everything():
    made = plan(Size())
    first = next(post for post in made.posts if post.author == VIEWER)
    assert len({remark.who for remark in first.remarks} - {VIEWER}) >= 4
    assert first.likers
    assert first.sharers
    assert first.pinned
    assert [whom for _, whom in made.circles.asking].count(VIEWER) == 2
    assert len(made.circles.letters) == 3


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


def test_pictures_are_on_top_of_a_feed():
    posts = plan(Size()).posts
    assert not any(post.remarks or post.sharers for post in [*posts[40:60], *posts[280:]])
    assert any(post.remarks for post in posts[:40])
