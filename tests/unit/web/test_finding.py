"""What a query means, before anything is looked for."""

import pytest

from heliograph.base.errors import ValidationError
from heliograph.base.settings import Settings
from heliograph.web.addresses import RequestAddresses
from heliograph.web.finding import QUERY_MAX, Sought, sought

HERE = "https://helio.test"


@pytest.fixture
def addresses() -> RequestAddresses:
    return RequestAddresses(Settings(public_url=HERE))


@pytest.mark.parametrize(
    ("query", "meant"),
    [
        ("", Sought()),
        (" \0\n ", Sought()),
        ("ada", Sought(words="ada", tag="ada")),
        ("#Light", Sought(words="#Light", tag="Light")),
        ("ada  lovelace", Sought(words="ada lovelace")),
        ("@ada", Sought(words="@ada")),
        ("@ada@helio.test", Sought(name="ada")),
        ("Ada@HELIO.test", Sought(name="Ada")),
        ("ada@elsewhere.test", Sought()),
        (f"{HERE}/@ada", Sought(name="ada")),
        (f"{HERE}/@ada/", Sought(name="ada")),
        (f"{HERE}/@ada/12?x=y#z", Sought(post_id=12)),
        (f"{HERE}/p/12", Sought(post_id=12)),
        (f"{HERE}/p/{10**30}", Sought()),
        (f"{HERE}/x/12", Sought()),
        (f"{HERE}/tags/light", Sought(tag="light")),
        (f"{HERE}//[x", Sought()),
        (f"{HERE}.evil/@ada", Sought(words=f"{HERE}.evil/@ada", is_address=True)),
        ("https://elsewhere.test/@ada", Sought(words="https://elsewhere.test/@ada", is_address=True)),
    ],
)
def test_what_is_meant(addresses, query, meant):
    assert sought(query, addresses) == meant


def test_a_query_has_an_end(addresses):
    assert sought("x" * QUERY_MAX, addresses).words
    with pytest.raises(ValidationError, match="maximum is 500 characters"):
        sought("x" * (QUERY_MAX + 1), addresses)
