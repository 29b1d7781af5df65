"""What is kept to find an account by, and what is looked for, fold to the same words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heliograph.domain.accounts import words


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Rocío MÉNDEZ", ["rocio", "mendez"]),
        ("O'Brien-Łódź", ["o", "brien", "łodz"]),
        ("Straße ﬁn", ["strasse", "fin"]),
        ("ΣΟΦΟΣ σοφος", ["σοφοσ"]),
        ("sunny_side", ["sunny_side"]),
        ("İstanbul", ["istanbul"]),
        ("a a A á", ["a"]),
        ("🦩 % \\ ( \0", []),
    ],
)
def test_what_is_asked(text, found):
    assert words.asked(text) == found


def test_what_an_account_is_found_by():
    assert words.of("Sunny_Side", "The Café") == {"sunny_side", "sunny", "side", "the", "cafe"}
    assert words.of("_", "") == {"_"}


@given(st.text(max_size=30))
def test_whoever_types_a_name_finds_it(display_name):
    assert set(words.asked(display_name)) <= words.of("somebody", display_name)
    for word in words.asked(display_name):
        assert words.asked(word) == [word], "a folded word is folded"
