"""toot, the client of the command line, against a live site: it logs in by itself and does all that it can with others."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from living_site import PASSWORD, Person, Site, jpeg, until

TOOT = Path(sys.executable).with_name("toot")
DEADLINE_S = 60


class Toot:
    """A person with a terminal."""

    def __init__(self, site: Site, person: Person, home: Path) -> None:
        self.site = site
        self.name = person.name
        self.id = str(person.id)
        self._env = {"PATH": os.environ["PATH"], "HOME": str(home), "XDG_CONFIG_HOME": str(home), "LC_ALL": "C.UTF-8"}

    def log_in(self, email: str) -> str:
        return self.says("login_cli", "-i", self.site.url, "-e", email, stdin=f"{PASSWORD}\n")

    def says(self, *words: str, stdin: str = "") -> str:
        done = subprocess.run(
            [str(TOOT), *words],
            env=self._env,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=DEADLINE_S,
            check=False,
            # No terminal to ask for a password at.
            start_new_session=True,
        )
        assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
        return done.stdout

    def knows(self, *words: str):
        """What a command answers as JSON; it may say that it uploads before."""
        said = self.says(*words, "--json")
        return json.loads(said[min(at for at in (said.find("{"), said.find("[")) if at >= 0) :])


@pytest.fixture(scope="module")
def people(site: Site, tmp_path_factory: pytest.TempPathFactory) -> tuple[Toot, Toot]:
    found = []
    for name in ("ada", "grace"):
        email = f"{name}@example.com"
        made = site.run(site.product.registration.create(name, PASSWORD, email))
        toot = Toot(site, Person(site, made.account_id, name), tmp_path_factory.mktemp(name))
        toot.log_in(email)
        found.append(toot)
    return found[0], found[1]


@pytest.fixture(scope="module")
def post(people: tuple[Toot, Toot], tmp_path_factory: pytest.TempPathFactory) -> str:
    """A post of ada's with a photo."""
    photo = tmp_path_factory.mktemp("photos") / "photo.jpg"
    photo.write_bytes(jpeg())
    made = people[0].knows("post", "Morning #fog", "-m", str(photo), "-d", "a grey field")
    assert made["media_attachments"][0]["description"] == "a grey field"
    return made["id"]


def test_who_am_i(people):
    ada, grace = people
    assert "@ada" in ada.says("whoami")
    assert "@grace" in grace.says("whois", "grace")
    assert "Heliograph" in ada.says("instance", ada.site.url)


def test_following(people):
    ada, grace = people
    assert grace.knows("follow", "ada")["following"] is True
    assert [each["acct"] for each in ada.knows("followers", "ada")] == ["grace"]
    assert [each["acct"] for each in grace.knows("following", "grace")] == ["ada"]


def test_marks(people, post):
    ada, grace = people
    assert grace.knows("favourite", post)["favourited"] is True
    assert grace.knows("bookmark", post)["bookmarked"] is True
    assert grace.knows("reblog", post)["reblog"]["id"] == post
    assert [each["acct"] for each in ada.knows("reblogged-by", post)] == ["grace"]
    assert "Morning" in grace.says("bookmarks", "--once")
    assert "Morning" in grace.says("timelines", "favourites")
    assert ada.knows("pin", post)["pinned"] is True
    assert ada.knows("unpin", post)["pinned"] is False
    assert grace.knows("unreblog", post)["reblogged"] is False
    assert grace.knows("unfavourite", post)["favourited"] is False
    assert grace.knows("unbookmark", post)["bookmarked"] is False


def test_talking(people, post):
    ada, grace = people
    reply = grace.knows("post", "@ada where is that?", "-r", post)
    assert reply["in_reply_to_id"] == post
    thread = ada.knows("thread", post)
    assert [each["id"] for each in thread["descendants"]] == [reply["id"]]
    told = until(lambda: [each for each in ada.knows("notifications") if each["type"] == "mention"])
    assert told[0]["status"]["id"] == reply["id"]
    ada.says("notifications", "--clear")
    assert ada.knows("notifications") == []
    assert "where is that" in ada.says("thread", post)


def test_timelines(people, post):
    ada, grace = people
    assert "Morning" in grace.says("timelines", "home")
    assert "Morning" in grace.says("timelines", "public")
    assert "Morning" in grace.says("timelines", "tag", "fog")
    assert "Morning" in grace.says("timelines", "account", "ada")
    assert ada.knows("status", post)["id"] == post


def test_hashtags(people, post):
    _, grace = people
    assert grace.knows("tags", "info", "fog")["following"] is False
    grace.says("tags", "follow", "fog")
    assert [each["name"] for each in grace.knows("tags", "followed")] == ["fog"]
    grace.says("tags", "unfollow", "fog")
    grace.says("tags", "feature", "fog")
    assert "fog" in grace.says("tags", "featured")
    grace.says("tags", "unfeature", "fog")
    assert post


def test_finding(people, post):
    _, grace = people
    found = grace.knows("search", "ad")
    assert "ada" in [each["acct"] for each in found["accounts"]]
    assert [each["name"] for each in grace.knows("search", "fo", "-t", "hashtags")["hashtags"]] == ["fog"]
    url = grace.knows("status", post)["url"]
    assert [each["id"] for each in grace.knows("search", url)["statuses"]] == [post]


def test_doors(people):
    ada, grace = people
    grace.says("unfollow", "ada")
    ada.says("update-account", "--locked", "--display-name", "Ada of the fog", "--json")
    assert grace.knows("follow", "ada")["requested"] is True
    assert [each["acct"] for each in ada.knows("follow-requests", "list")] == ["grace"]
    ada.says("follow-requests", "accept", "grace")
    assert [each["acct"] for each in ada.knows("followers", "ada")] == ["grace"]
    ada.says("update-account", "--no-locked")


def test_hiding(people, post):
    ada, grace = people
    assert ada.knows("mute", "grace")["muting"] is True
    assert [each["acct"] for each in ada.knows("muted")] == ["grace"]
    assert ada.knows("unmute", "grace")["muting"] is False
    assert ada.knows("block", "grace")["blocking"] is True
    assert [each["acct"] for each in ada.knows("blocked")] == ["grace"]
    assert ada.knows("followers", "ada") == []
    assert "Morning" not in grace.says("timelines", "public")
    assert ada.knows("unblock", "grace")["blocking"] is False
    assert grace.knows("status", post)["id"] == post


def test_deleting(people):
    ada, _ = people
    gone = ada.knows("post", "soon gone")["id"]
    ada.says("delete", gone)
    assert "soon gone" not in ada.says("timelines", "account", "ada")
    assert "logged out" in ada.says("logout", f"ada@{ada.site.url.removeprefix('http://')}").lower()
