"""Who sees what, case by case."""

import itertools

import pytest

from heliograph.domain.feeds.rules import at_home, visible
from heliograph.domain.graph.idset import IdSet
from heliograph.domain.graph.relations import Relations
from heliograph.domain.posts.post import GONE, Header, Mention, Post, Visibility, pack, unpack

AUTHOR, FOLLOWER, STRANGER = 1, 2, 3
RELATIONS = {FOLLOWER: Relations(IdSet([AUTHOR])), STRANGER: Relations(IdSet([9])), AUTHOR: Relations(IdSet([]))}
NOBODY = Relations(IdSet([]))

SEES = {
    Visibility.PUBLIC: {None, AUTHOR, FOLLOWER, STRANGER},
    Visibility.UNLISTED: {None, AUTHOR, FOLLOWER, STRANGER},
    Visibility.PRIVATE: {AUTHOR, FOLLOWER},
    Visibility.DIRECT: {AUTHOR},
}


@pytest.mark.parametrize(
    ("visibility", "mentioned"), list(itertools.product(Visibility, [(), (FOLLOWER,), (STRANGER,)]))
)
def test_visibility(visibility: Visibility, mentioned: tuple[int, ...]) -> None:
    header = Header(7, AUTHOR, visibility, mentioned, gone=False)
    for viewer in (None, AUTHOR, FOLLOWER, STRANGER):
        relations = RELATIONS.get(viewer, NOBODY)
        assert visible(header, viewer, relations) is (viewer in SEES[visibility] | set(mentioned))
        if viewer is not None:
            near = viewer in (AUTHOR, FOLLOWER)
            assert at_home(header, viewer, relations) is (near and viewer in SEES[visibility] | set(mentioned))


@pytest.mark.parametrize("follows", [[], [AUTHOR]])
def test_an_answer_to_a_stranger_comes_by_its_hashtag_whoever_wrote_it(follows: list[int]) -> None:
    header = Header(7, AUTHOR, Visibility.PUBLIC, (), gone=False, reply_to=STRANGER, tags=(5,))
    assert not at_home(header, FOLLOWER, Relations(IdSet(follows)))
    assert at_home(header, FOLLOWER, Relations(IdSet(follows), tags=IdSet([5])))


@pytest.mark.parametrize("viewer", [None, AUTHOR, FOLLOWER, STRANGER])
def test_nobody_sees_what_is_gone(viewer: int | None) -> None:
    header, body = unpack(7, GONE)
    assert (header.gone, body) == (True, b"")
    assert not visible(header, viewer, RELATIONS.get(viewer, NOBODY))


@pytest.mark.parametrize("count", [0, 1, 50])
def test_a_header_comes_back(count: int) -> None:
    mentions = [Mention((1 << 62) + number, "x") for number in range(count)]
    post = Post((1 << 62) + 5, (1 << 63) - 1, "", "", Visibility.DIRECT, False, None, [], mentions, None, [])
    header, body = unpack(post.id, pack(post, b"\x00body"))
    assert header == Header(
        post.id, post.account_id, Visibility.DIRECT, tuple(each.id for each in mentions), gone=False
    )
    assert body == b"\x00body"
