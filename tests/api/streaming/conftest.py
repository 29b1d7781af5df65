"""A second web process beside the site's own."""

from collections.abc import Iterator

import pytest
from ears import Process
from living_site import Site


@pytest.fixture(scope="module")
def other(site: Site) -> Iterator[Process]:
    made = Process(site)
    yield made
    made.end()
    assert '"level": "error"' not in made.output()


@pytest.fixture
def mortal(site: Site) -> Iterator[Process]:
    """One that a test may stop."""
    made = Process(site)
    yield made
    made.end()
