"""Who is pulled, as one process knows it: what a page goes by, and what it says when that may be out of date."""

import pytest

from heliograph.base.errors import StoreUnavailableError
from heliograph.domain.feeds import pulled
from heliograph.domain.feeds.pulled import PulledAuthors, Span
from heliograph.domain.graph.idset import IdSet
from heliograph.domain.graph.relations import Relations
from heliograph.stores.cache import degraded
from heliograph.stores.idlists import HOME, RECENT, IdList

AUTHOR = 77 << 12


class Shard:
    """A shard whose gate may be full."""

    def __init__(self) -> None:
        self.full = False

    async def rows(self, *_: object, **__: object) -> list[object]:
        if self.full:
            raise StoreUnavailableError("postgres")
        return []


class Shards:
    def __init__(self, *shards: Shard) -> None:
        self.all = shards

    def of(self, _: int) -> Shard:
        return self.all[0]


async def said_of(authors: PulledAuthors) -> set[str]:
    """The stores that a request says to have done without."""
    token = degraded.set(set())
    try:
        await authors.look()
        return degraded.get() or set()
    finally:
        degraded.reset(token)


async def test_every_request_says_that_nothing_has_been_heard_of_a_shard(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(pulled.time, "monotonic", lambda: now)
    one, other = Shard(), Shard()
    authors = PulledAuthors(Shards(one, other))
    assert await said_of(authors) == set()
    other.full = True
    now += 7
    assert await said_of(authors) == set(), "what was known 7 seconds ago is early enough"
    now += 2
    assert [await said_of(authors) for _ in range(3)] == [{"postgres"}] * 3
    other.full = False
    now += 7
    assert await said_of(authors) == set()


async def test_a_page_goes_by_what_was_pulled_before_its_lists_were_read() -> None:
    authors = PulledAuthors(Shards(Shard()))
    authors._authors = {AUTHOR: Span(5, 10)}
    wanted = [(HOME, 1), (RECENT, AUTHOR)]
    spans = authors.spans(wanted)
    # The crossing ends while the lists are read: what the reader's own list has now, it may not have had then.
    authors._authors = {}
    found = [IdList([3], 0, built=True), IdList([11, 7, 4], 0, built=True)]
    cut = authors.cut(Relations(following=IdSet([AUTHOR])), spans, found)
    assert [each.ids for each in cut] == [[3], [7]]
