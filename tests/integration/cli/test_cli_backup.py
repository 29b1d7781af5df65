"""A backup of a running site, and the site that is made from it: the same people, posts and photos, byte for byte."""

import json
import os
import shutil

import pytest
from cli_site import Running, heliograph, sign_up

from heliograph.lab.client import Upload
from heliograph.lab.pictures.draw import draw


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    """A site that runs, with a member, a photo and a post."""
    folder = tmp_path_factory.mktemp("original")
    running = Running(folder / "up.log", "up", data_dir=folder / "site", port=0, rate_limits="off")
    with running.client() as client:
        token = sign_up(client, "ada")
        media = client.call("POST", "/api/v1/media", token, upload=Upload("file", draw("moon", 1, 0, 320, 240))).body
        client.call("POST", "/api/v1/statuses", token, form={"status": "first light", "media_ids[]": media["id"]})
    yield folder / "site", token
    assert running.stop() == 0


@pytest.fixture(scope="module")
def copy(original, tmp_path_factory):
    folder = tmp_path_factory.mktemp("backups") / "today"
    done = heliograph("backup", str(folder), data_dir=original[0])
    assert done.returncode == 0, done.stderr
    assert "1 database and" in done.stdout
    return folder


def photos_of(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_site_is_made_from_it(original, copy, tmp_path):
    data_dir = tmp_path / "restored"
    done = heliograph("restore", str(copy), data_dir=data_dir)
    assert done.returncode == 0, done.stderr
    assert photos_of(data_dir / "media") == photos_of(original[0] / "media")
    assert photos_of(data_dir / "media"), "there are photos"
    running = Running(tmp_path / "up.log", "up", data_dir=data_dir, port=0, rate_limits="off")
    with running.client() as client:
        (post,) = client.call("GET", "/api/v1/timelines/home", original[1]).body
        assert "first light" in post["content"]
        after = client.call("POST", "/api/v1/statuses", original[1], form={"status": "second light"}).body
        assert int(after["id"]) > int(post["id"]), "ids go on growing"
        home = client.call("GET", "/api/v1/timelines/home", original[1]).body
        assert [each["id"] for each in home] == [after["id"], post["id"]]
    assert running.stop() == 0
    again = heliograph("restore", str(copy), data_dir=data_dir)
    assert again.returncode == 2
    assert "holds a site already" in again.stderr


def test_a_backup_is_not_written_over_another(original, copy):
    before = (copy / "manifest.json").read_bytes()
    done = heliograph("backup", str(copy), data_dir=original[0])
    assert done.returncode == 2
    assert "exists already" in done.stderr
    assert (copy / "manifest.json").read_bytes() == before


def test_where_there_is_no_site_nothing_is_made(tmp_path):
    done = heliograph("backup", str(tmp_path / "backup"), data_dir=tmp_path / "nowhere")
    assert done.returncode == 2
    assert "There is no site" in done.stderr
    assert not (tmp_path / "backup").exists()


@pytest.mark.parametrize("harm", ["cut", "gone", "newer", "nothing"])
def test_a_damaged_backup_is_refused_whole(copy, tmp_path, harm):
    hurt = tmp_path / "hurt"
    shutil.copytree(copy, hurt)
    if harm == "cut":
        os.truncate(hurt / "main.dump", 1000)
    elif harm == "gone":
        (hurt / "main.dump").unlink()
    elif harm == "newer":
        manifest = json.loads((hurt / "manifest.json").read_text())
        (hurt / "manifest.json").write_text(json.dumps(manifest | {"migrations": ["9999_pre_future"]}))
    else:
        (hurt / "manifest.json").unlink()
    expected = {"cut": "damaged", "gone": "damaged", "newer": "newer than this", "nothing": "not a backup"}[harm]
    done = heliograph("restore", str(hurt), data_dir=tmp_path / "site")
    assert done.returncode == 2
    assert expected in done.stderr
    assert not (tmp_path / "site" / "media").exists()


def test_what_cannot_be_written_says_so(original):
    done = heliograph("backup", "/proc/backup", data_dir=original[0])
    assert done.returncode == 2
    assert "could not be written" in done.stderr
