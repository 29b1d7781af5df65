"""Ranges and conditional requests, case by case from RFC 9110."""

from datetime import UTC, datetime, timedelta

import pytest

from heliograph.web.ranges import Wanted, answer, http_date, parse

ETAG = '"10-abc"'
CHANGED = datetime(2026, 1, 31, 12, 0, 0, 123456, tzinfo=UTC)
SIZE = 1000


def ask(**headers):
    return answer(Wanted(**headers), SIZE, ETAG, CHANGED)


@pytest.mark.parametrize(
    ("header", "span"),
    [
        ("bytes=0-0", (0, 1)),
        ("bytes=0-499", (0, 500)),
        ("bytes=500-", (500, 1000)),
        ("bytes=-1", (999, 1000)),
        ("bytes=-5000", (0, 1000)),
        ("bytes=999-5000", (999, 1000)),
        (" Bytes = 1-2 ", (1, 3)),
    ],
)
def test_a_single_range_is_answered_with_206(header, span):
    got = ask(range=header)
    assert (got.status, got.start, got.stop) == (206, *span)
    assert got.headers["Content-Range"] == f"bytes {span[0]}-{span[1] - 1}/1000"


@pytest.mark.parametrize("header", ["bytes=1000-", "bytes=5000-6000", "bytes=-0"])
def test_a_range_without_a_byte_of_the_object_is_416(header):
    got = ask(range=header)
    assert (got.status, got.start, got.stop) == (416, 0, 0)
    assert got.headers["Content-Range"] == "bytes */1000"


@pytest.mark.parametrize(
    "header",
    ["", "bytes", "bytes=", "bytes=-", "bytes=2-1", "bytes=a-b", "lines=1-2", "bytes=0-1,5-6", "bytes=1-2-3",
     "bytes=+1-2", "bytes=0x1-2", "bytes=" + "9" * 5000 + "-", "bytes=١-٢"],
)  # fmt: skip
def test_a_range_that_makes_no_sense_is_passed_over(header):
    got = ask(range=header)
    assert (got.status, got.start, got.stop) == (200, 0, SIZE)
    assert "Content-Range" not in got.headers


def test_without_conditions_the_whole_is_sent_with_its_validators():
    got = ask()
    assert (got.status, got.stop) == (200, SIZE)
    assert got.headers == {
        "ETag": ETAG,
        "Last-Modified": "Sat, 31 Jan 2026 12:00:00 GMT",
        "Accept-Ranges": "bytes",
    }


@pytest.mark.parametrize("header", [ETAG, f"W/{ETAG}", f'"x", {ETAG}', "*", f'W/"a,b" ,{ETAG}'])
def test_a_copy_that_is_current_is_304(header):
    assert ask(if_none_match=header).status == 304
    assert ask(if_none_match=header, range="bytes=0-1").status == 304


def test_if_none_match_counts_alone():
    later = http_date(CHANGED + timedelta(days=1))
    assert ask(if_none_match='"other"', if_modified_since=later).status == 200
    assert ask(if_modified_since=later).status == 304
    assert ask(if_modified_since=http_date(CHANGED)).status == 304
    assert ask(if_modified_since=http_date(CHANGED - timedelta(seconds=1))).status == 200
    assert ask(if_modified_since="yesterday").status == 200


@pytest.mark.parametrize(
    ("condition", "status"),
    [
        (ETAG, 206),
        (f"W/{ETAG}", 200),
        ('"other"', 200),
        (http_date(CHANGED), 206),
        (http_date(CHANGED + timedelta(days=1)), 200),
        ("nonsense", 200),
    ],
)
def test_if_range_holds_only_for_the_very_same_object(condition, status):
    assert ask(range="bytes=0-9", if_range=condition).status == status


def test_parse_never_leaves_the_object():
    for size in range(4):
        for first in range(6):
            for last in range(6):
                span = parse(f"bytes={first}-{last}", size)
                assert span is None or 0 <= span[0] <= span[1] <= size
