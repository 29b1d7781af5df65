"""`user export` and `user delete`, without a running site."""

import json
import zipfile

import pytest
from cli_site import heliograph


@pytest.fixture
def site(tmp_path):
    found = {"data_dir": tmp_path / "site"}
    assert heliograph("migrate", **found).returncode == 0
    assert heliograph("user", "create", "ada", "--email", "ada@example.com", **found).returncode == 0
    return found


def test_export_and_delete(site, tmp_path):
    target = tmp_path / "ada.zip"
    done = heliograph("user", "export", "@ada", "--to", str(target), **site)
    assert done.returncode == 0, done.stderr
    assert f"{target} holds 0 posts and 0 photos" in done.stdout
    assert target.stat().st_mode & 0o077 == 0, "private posts are nobody else's business"
    with zipfile.ZipFile(target) as archive:
        assert json.loads(archive.read("account.json"))["email"] == "ada@example.com"
    again = heliograph("user", "export", "ada", "--to", str(target), **site)
    assert (again.returncode, "exists" in again.stderr) == (2, True)
    lost = heliograph("user", "export", "ada", "--to", str(tmp_path / "none" / "ada.zip"), **site)
    assert (lost.returncode, "cannot be written" in lost.stderr) == (2, True)
    unknown = heliograph("user", "export", "nobody", "--to", str(tmp_path / "nobody.zip"), **site)
    assert (unknown.returncode, "There is no account named nobody" in unknown.stderr) == (2, True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ada.zip", "site"]

    another = heliograph("user", "delete", "ada", stdin="grace\n", **site)
    assert (another.returncode, "nothing was deleted" in another.stderr) == (2, True)
    assert heliograph("user", "delete", "ada", **site).returncode == 1, "nobody answered"
    gone = heliograph("user", "delete", "ada", stdin="ada\n", **site)
    assert gone.returncode == 0, gone.stderr
    assert "ada is deleted" in gone.stdout
    twice = heliograph("user", "delete", "ada", "--yes", **site)
    assert (twice.returncode, "being deleted already" in twice.stderr) == (2, True)
