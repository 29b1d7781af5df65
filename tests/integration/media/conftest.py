"""Decoding for tests: each gets a scratch folder, and afterwards nothing may be left of it."""

import os
from pathlib import Path

import photo_inputs
import pytest
from PIL import Image

from heliograph.domain.media.decode import decode
from heliograph.domain.media.limits import Limits
from heliograph.domain.media.scratch import scratch


@pytest.fixture
def photos():
    """The folder of real photos."""
    data = os.environ.get("HELIOGRAPH_TEST_DATA")
    if not data:
        pytest.skip("HELIOGRAPH_TEST_DATA does not point to a folder with real photos")
    return Path(data) / "photos"


class Darkroom:
    """Decodes bytes or a file; keeps copies of the outputs to look at."""

    def __init__(self, root, kept):
        self.root = root
        self.kept = kept

    async def __call__(self, source, limits=None):
        async with scratch(self.root) as folder:
            upload = folder / "upload"
            upload.write_bytes(source if isinstance(source, bytes) else source.read_bytes())
            decoded = await decode(upload, folder, limits or Limits())
            for variant in decoded.variants:
                (folder / variant.file).rename(self.kept / variant.file)
        self.decoded = decoded
        return decoded

    def opened(self, index=-1):
        """One of the variants, opened; the largest by default."""
        return Image.open(self.kept / self.decoded.variants[index].file)

    def output(self, index=-1):
        """The pixels of one of the variants."""
        with self.opened(index) as picture:
            return picture.copy()


@pytest.fixture
def darkroom(tmp_path):
    (tmp_path / "kept").mkdir()
    room = Darkroom(tmp_path / "scratch", tmp_path / "kept")
    yield room
    assert list(room.root.glob("*")) == []
    assert photo_inputs.processes_of() == []
