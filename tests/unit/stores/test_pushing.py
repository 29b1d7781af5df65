"""How deliveries are cut into waves: nothing is lost or repeated, and no wave takes the server longer than any other."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from heliograph.stores.pushing import WAVE_IDS, Push, waves
from heliograph.stores.valkey import bucket_of

ACCOUNTS = [(1 << 40 | number) << 22 | (number * 7 % 1024) << 12 for number in range(500)]

pushes = st.lists(
    st.tuples(
        st.sampled_from(["home", "recent"]),
        st.integers(1, 50),
        st.builds(lambda first, count: ACCOUNTS[first : first + count], st.integers(0, 499), st.integers(0, 300)),
    ),
    max_size=8,
)


@given(pushes)
def test_waves_are_all_that_is_pushed_and_bounded(some: list[Push]) -> None:
    cut = list(waves(some))
    told: Counter[tuple[str, int, int]] = Counter()
    for wave in cut:
        assert 0 < sum(len(accounts) for posts in wave.values() for _, accounts in posts) <= WAVE_IDS
        for (kind, bucket), posts in wave.items():
            for post_id, accounts in posts:
                assert {bucket_of(account) for account in accounts} == {bucket}
                told.update((kind, post_id, account) for account in accounts)
    assert told == Counter((kind, post_id, account) for kind, post_id, accounts in some for account in accounts)
    assert len(cut) == -(-told.total() // WAVE_IDS), "every wave but the last is full"


@given(pushes)
def test_a_list_hears_of_older_posts_first(some: list[Push]) -> None:
    """So that each is its newest when it comes, which is the quick way in."""
    order: dict[tuple[str, int], list[int]] = {}
    for wave in waves(some):
        for (kind, _), posts in wave.items():
            for post_id, accounts in posts:
                for account in accounts:
                    order.setdefault((kind, account), []).append(post_id)
    assert all(posts == sorted(posts) for posts in order.values())


def test_small_audiences_share_calls() -> None:
    """A hundred posts to the same 64 people: one call a wave, not one a post."""
    people = [account for account in ACCOUNTS if bucket_of(account) == 7]
    assert all(len(wave) == 1 for wave in waves([("home", post, people) for post in range(1, 101)]))
