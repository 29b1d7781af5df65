"""masto.js, the library of many web clients, against a live site: log-in, timelines, posting, streaming."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from living_site import PASSWORD, Site, jpeg

HERE = Path(__file__).parent / "masto"
DEADLINE_S = 90


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the library in it, as the lock file names it."""
    if shutil.which("npm") is None:
        pytest.skip("needs node and npm, which a site itself does not")
    folder = tmp_path_factory.mktemp("masto")
    for file in ("package.json", "package-lock.json", "journey.mjs"):
        shutil.copy(HERE / file, folder)
    subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=folder, check=True, timeout=DEADLINE_S)
    return folder


def test_a_day_with_masto_js(site: Site, installed: Path):
    name, other = site.person().name, site.person().name
    (installed / "photo.jpg").write_bytes(jpeg())
    done = subprocess.run(
        ["node", "journey.mjs", site.url, name, PASSWORD, other, "photo.jpg"],
        cwd=installed,
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["live"]
