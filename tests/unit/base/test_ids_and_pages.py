"""Ids, pages, clock: the arithmetic under everything."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heliograph.base import clock, ids
from heliograph.base.paging import Page

some_id = st.integers(0, 30)
bound = st.none() | some_id


@given(st.integers(0, (1 << 41) - 1), st.integers(0, 1023), st.integers(0, 4095))
@settings(max_examples=200, derandomize=True, deadline=None)
def test_an_id_comes_apart(ms: int, slot: int, sequence: int) -> None:
    ident = ms << 22 | slot << 12 | sequence
    assert ident <= ids.MAX_ID
    assert ids.slot_of(ident) == slot
    assert ids.time_of(ident) == ids.EPOCH + timedelta(milliseconds=ms)
    assert ids.first_at(ids.time_of(ident)) <= ident < ids.first_at(ids.time_of(ident) + timedelta(milliseconds=1))
    assert ids.parse(str(ident)) == ids.parse(ident) == ident


def test_the_epoch() -> None:
    assert int(ids.EPOCH.timestamp() * 1000) == ids.EPOCH_MS
    assert ids.first_at(ids.EPOCH - timedelta(days=1)) == 0
    assert ids.first_at(datetime(2025, 1, 1, 0, 0, 1, tzinfo=UTC)) == 1000 << 22
    assert ids.first_at(datetime(2094, 1, 1, tzinfo=UTC)) < ids.MAX_ID


@pytest.mark.parametrize(
    "text", ["", "-1", "+1", " 1", "1 ", "1.0", "0x1", "1_0", "١", "9" * 19, "1" * 20, str(1 << 63), None]
)
def test_what_is_no_id(text: object) -> None:
    assert ids.parse(text) is None


@pytest.mark.parametrize("value", [True, -1, 1 << 63, 1.0, b"1", [1]])
def test_what_is_no_number(value: object) -> None:
    assert ids.parse(value) is None


def test_edges_of_ids() -> None:
    assert ids.parse("0") == 0
    assert ids.parse(str(ids.MAX_ID)) == ids.MAX_ID == ids.parse(ids.MAX_ID)
    assert ids.parse("0007") == 7


def test_names_are_spread_over_the_shared_slots() -> None:
    slots = [ids.slot_of_name(f"name{number}") for number in range(5000)]
    assert 0 <= min(slots) <= max(slots) < ids.SHARED_SLOTS
    assert len(set(slots)) > 900
    assert ids.slot_of_name("ann") == ids.slot_of_name("ann")


def wanted(everything: list[int], page: Page) -> list[int]:
    """A page in the plainest words. `everything`: newest first."""
    inside = [ident for ident in everything if page.max_id is None or ident < page.max_id]
    inside = [ident for ident in inside if page.since_id is None or ident > page.since_id]
    if page.min_id is None:
        return inside[: page.limit]
    inside = [ident for ident in inside if ident > page.min_id]
    return inside[max(0, len(inside) - page.limit) :]


@given(st.lists(st.integers(1, 30)), st.integers(1, 8), bound, bound, bound)
@settings(max_examples=500, derandomize=True, deadline=None)
def test_a_page_of_a_list(idents: list[int], limit: int, max_id: int, since_id: int, min_id: int) -> None:
    page = Page(limit, max_id, since_id, min_id)
    everything = sorted(set(idents), reverse=True)
    assert page.cut(idents) == wanted(everything, page)
    assert [ident for ident in everything if page.admits(ident)] == wanted(
        everything, Page(99, max_id, since_id, min_id)
    )


@given(st.sets(st.integers(1, 30)), st.integers(1, 5), bound, bound, st.booleans())
@settings(max_examples=300, derandomize=True, deadline=None)
def test_going_on_beyond_a_page(idents: set[int], limit: int, max_id: int, since_id: int, up: bool) -> None:
    """Page after page gives all that the first one's bounds admit, once."""
    page = Page(limit, max_id, since_id, 0 if up else None)
    found: list[int] = []
    while part := page.cut(list(idents)):
        assert not set(part) & set(found)
        found += part
        page = page.beyond(part)
    assert sorted(found) == sorted(
        ident for ident in idents if (max_id is None or ident < max_id) and ident > (since_id or 0)
    )


def test_the_newest_page_holds_the_largest_id() -> None:
    assert Page(limit=1).admits(ids.MAX_ID - 1)
    assert Page(limit=1).cut([]) == []


def test_moments_as_mastodon_writes_them() -> None:
    assert clock.iso(datetime(2026, 1, 31, 12, 0, 0, 9_999, tzinfo=UTC)) == "2026-01-31T12:00:00.009Z"
    east = timezone(timedelta(hours=5, minutes=30))
    assert clock.iso(datetime(2026, 1, 1, 0, 0, tzinfo=east)) == "2025-12-31T18:30:00.000Z"
    assert clock.now().utcoffset() == timedelta(0)
    assert abs((clock.now() - datetime.now(UTC)).total_seconds()) < 5
