"""A site for each test; nothing of it is left afterwards."""

import pytest
from chaos_site import Site

from heliograph.ops import sockets


@pytest.fixture
def make_site(tmp_path):
    """Makes sites, not yet started, on the test's own folder."""
    made = []

    def make(**settings):
        made.append(Site(tmp_path, **settings))
        return made[-1]

    yield make
    for site in made:
        site.end()
        sockets.remove(sockets.folder(site.data_dir.resolve()))
