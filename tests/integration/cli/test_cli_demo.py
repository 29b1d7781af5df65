"""`heliograph demo`: a small community, its home feed, and a second start."""

import json
import re
import subprocess

import pytest
from cli_site import leftovers, until


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    return tmp_path_factory.mktemp("demo") / "site"


SIZE = ("--people", "6", "--posts", "5")


def test_it_makes_people_posts_and_says_how_to_look(running, data_dir):
    demo = running("demo", *SIZE, data_dir=data_dir, port=0)
    token = demo.says(r"Bearer (\S+)'")[1]
    with demo.client() as client:
        home = client.call("GET", "/api/v1/timelines/home?limit=3", token).body
        public = client.call("GET", "/api/v1/timelines/public?limit=40", token).body
    assert home
    assert len(public) == 5
    assert all(post["media_attachments"] for post in home)
    command = re.search(r"curl .*", demo.text())[0]
    # The address in it is the public one; here it is reached as such, too.
    printed = subprocess.run(command, shell=True, capture_output=True, text=True, timeout=30, check=True)
    assert json.loads(printed.stdout)[0]["id"] == home[0]["id"]
    assert demo.stop() == 0
    assert leftovers(data_dir) == []
    assert "Traceback" not in demo.text()


def test_its_state_is_for_its_owner_only(data_dir):
    assert (data_dir / "demo.json").stat().st_mode & 0o077 == 0


def test_a_second_start_finds_the_community(running, data_dir):
    before = json.loads((data_dir / "demo.json").read_text())
    demo = running("demo", *SIZE, data_dir=data_dir, port=0)
    assert demo.says(r"password (\S+)")[1] == before["password"]
    with demo.client() as client:
        usage = client.call("GET", "/nodeinfo/2.0").body["usage"]
    assert (usage["users"]["total"], usage["localPosts"]) == (6, 5)
    assert demo.stop() == 0
    assert json.loads((data_dir / "demo.json").read_text()) == before


def test_an_interrupted_seeding_goes_on(running, tmp_path):
    first = running("demo", *SIZE, data_dir=tmp_path / "site", port=0)

    def begun():
        try:
            return json.loads((tmp_path / "site" / "demo.json").read_text())["profiles"]
        except OSError:
            return False

    until(begun, first.text)
    assert first.stop() == 0, first.text()
    assert not json.loads((tmp_path / "site" / "demo.json").read_text())["done"]
    second = running("demo", *SIZE, data_dir=tmp_path / "site", port=0)
    second.says("Log in as")
    with second.client() as client:
        usage = client.call("GET", "/nodeinfo/2.0").body["usage"]
    assert (usage["users"]["total"], usage["localPosts"]) == (6, 5)
    assert second.stop() == 0
