"""A figure in words, and the page on which it is kept."""

import math

import pytest

from heliograph.lab.bench import book, machine
from heliograph.lab.bench.parts import PARTS
from heliograph.lab.bench.report import Beside, Figure, cells, number

ORDER = ["home", "posts", "mixed"]


def test_numbers_keep_three_digits_that_count():
    assert [number(value) for value in (0, 0.123, 1.249, 12.34, 123.4, 16100)] == [
        "0", "0.12", "1.25", "12.3", "123", "16,100",
    ]  # fmt: skip


def test_a_bar_is_kept_from_its_own_side():
    assert Figure("rate", 300, "/s", 300).reached
    assert not Figure("rate", 299, "/s", 300).reached
    assert Figure("delay", 300, "ms", 300, at_most=True).reached
    assert not Figure("delay", 301, "ms", 300, at_most=True).reached
    assert not Figure("delay", math.nan, "ms", 300, at_most=True).reached


def test_a_figure_says_its_bar_and_its_share_of_the_floor():
    figure = Figure("home", 8000, "/s", 6000, beside=Beside("floor", 16000), note="37 KB")
    assert cells(figure) == ("home", "8,000 /s", "≥ 6,000 /s", "floor 16,000 /s (50 %)", "reached; 37 KB")
    assert cells(Figure("p99", 500, "ms", beside=Beside("floor", 100)))[3] == "floor 100 ms (5.00 times)"
    assert cells(Figure("refused", 0, "", 0, at_most=True)) == ("refused", "0", "≤ 0", "", "reached")


def test_a_part_that_is_not_measured_keeps_its_section(tmp_path, monkeypatch):
    page = tmp_path / "benchmarks.md"
    monkeypatch.setattr(machine, "commit", lambda: "aaaa")
    book.record(page, "mixed", ORDER, "Mix", "What is read.", [Figure("rate", 7, "/s")])
    book.record(page, "home", ORDER, "Home", "What is read.", [Figure("old", 1, "/s"), Figure("  p99 | all", 2, "ms")])
    monkeypatch.setattr(machine, "commit", lambda: "bbbb")
    book.record(page, "home", ORDER, "Home", "What is read.", [Figure("new", 3, "/s")])
    text = page.read_text()
    assert text.index("## Home") < text.index("## Mix")
    assert "| old |" not in text
    assert text.count("What is read.") == 2
    assert "| new | 3.00 /s |" in text
    assert "| rate | 7.00 /s |" in text
    assert text.count("`aaaa`") == text.count("`bbbb`") == 1
    assert text.count("# Benchmarks") == 1
    assert text.count(f"load {machine.LOAD_BEFORE:.1f} before it began") == 2


def test_a_cell_cannot_break_its_table(tmp_path):
    page = tmp_path / "benchmarks.md"
    book.record(page, "home", ORDER, "Home", "What is read.", [Figure("  p99 | all", 2, "ms")])
    assert "| – p99 \\| all | 2.00 ms |" in page.read_text()


@pytest.mark.parametrize("name", PARTS)
def test_each_part_says_what_it_measures(name):
    assert PARTS[name].about.endswith(".")
    assert len(PARTS[name].about) > 40
