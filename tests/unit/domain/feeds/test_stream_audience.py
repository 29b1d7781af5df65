"""The index of who might get a post, against asking everybody."""

import random

from heliograph.domain.feeds.audience import Audience
from heliograph.domain.graph.idset import IdSet
from heliograph.domain.graph.relations import NOBODY, Relations
from heliograph.domain.posts.post import Header, Visibility


def header(author: int, *tags: int) -> Header:
    return Header(1, author, Visibility.PUBLIC, (), False, tags=tags)


def test_it_finds_whom_asking_everybody_would_find():
    chance = random.Random(7)
    audience, held = Audience(), {}
    for _ in range(3000):
        watcher = chance.randrange(1, 30)
        if chance.random() < 0.2:
            audience.remove(watcher)
            held.pop(watcher, None)
        else:
            relations = Relations(
                following=IdSet(chance.sample(range(1, 40), chance.randrange(12))),
                tags=IdSet(chance.sample(range(100, 110), chance.randrange(4))),
            )
            audience.add(watcher)
            audience.learn(watcher, relations)
            held[watcher] = relations
        post = header(chance.randrange(1, 40), *chance.sample(range(100, 110), chance.randrange(3)))
        expected = {
            watcher
            for watcher, own in held.items()
            if watcher == post.author or post.author in own.following or any(tag in own.tags for tag in post.tags)
        }
        assert audience.of(post) == expected


def test_nothing_is_left_of_whoever_has_gone():
    audience = Audience()
    for watcher in range(1, 50):
        audience.add(watcher)
        audience.learn(watcher, Relations(following=IdSet(range(1, 100)), tags=IdSet([5])))
    for watcher in range(1, 50):
        audience.remove(watcher)
    assert (audience._by_author, audience._by_tag, audience._relations) == ({}, {}, {})


def test_what_is_learned_too_late_is_forgotten():
    audience = Audience()
    audience.learn(1, Relations(following=IdSet([2])))
    assert audience.of(header(2)) == set()
    assert 1 not in audience


def test_of_somebody_new_only_their_own_posts_are_known():
    audience = Audience()
    audience.add(1)
    audience.learn(1, NOBODY)
    assert audience.of(header(1)) == {1}
    assert audience.of(header(2)) == set()
