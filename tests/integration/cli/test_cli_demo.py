"""`heliograph demo`: a small community, what its people do with each other, and a second start."""

import json
import re
import subprocess
from collections import Counter

import pytest
from cli_site import leftovers, until

from heliograph.lab.plan import plan
from heliograph.lab.planned import VIEWER, Size


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    return tmp_path_factory.mktemp("demo") / "site"


SIZE = ("--people", "6", "--posts", "5")
PLANNED = plan(Size(6, 5))
TOLD = {"favourite", "follow", "mention", "follow_request"}


def everything():
    """How many posts there are in the end: pictures, what is said about them, shares. Letters are not counted."""
    return sum(1 + len(post.remarks) + len(post.sharers) for post in PLANNED.posts)


def finished(data_dir):
    def look():
        return json.loads((data_dir / "demo.json").read_text())["done"]

    return look


def usage(client):
    return client.call("GET", "/nodeinfo/2.0").body["usage"]


def seen():
    return [post for post in PLANNED.posts if post.visibility == "public"]


def comments(client):
    """What anybody finds under the pictures, with what it answers."""
    public = client.call("GET", "/api/v1/timelines/public?limit=40").body
    contexts = [client.call("GET", f"/api/v1/statuses/{post['id']}/context").body for post in public]
    return [(post["content"], post["in_reply_to_id"]) for each in contexts for post in each["descendants"]]


def test_it_makes_people_posts_and_says_how_to_look(running, data_dir):
    demo = running("demo", *SIZE, data_dir=data_dir, port=0)
    token = demo.says(r"Bearer (\S+)'")[1]
    with demo.client() as client:
        home = client.call("GET", "/api/v1/timelines/home?limit=3", token).body
        public = client.call("GET", "/api/v1/timelines/public?limit=40").body
    assert home
    assert len(public) == len(seen())
    command = re.search(r"curl .*", demo.text())[0]
    # The address in it is the public one; here it is reached as such, too.
    printed = subprocess.run(command, shell=True, capture_output=True, text=True, timeout=30, check=True)
    assert json.loads(printed.stdout)[0]["id"] == home[0]["id"]
    until(finished(data_dir), demo.text)
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
        found = usage(client)
    assert (found["users"]["total"], found["localPosts"]) == (6, everything())
    assert demo.stop() == 0
    assert json.loads((data_dir / "demo.json").read_text()) == before


def test_an_interrupted_seeding_goes_on(running, tmp_path):
    first = running("demo", *SIZE, data_dir=tmp_path / "site", port=0)

    def begun():
        try:
            return json.loads((tmp_path / "site" / "demo.json").read_text())["ids"]
        except OSError:
            return False

    until(begun, first.text)
    assert first.stop() == 0, first.text()
    assert not json.loads((tmp_path / "site" / "demo.json").read_text())["done"]
    second = running("demo", *SIZE, data_dir=tmp_path / "site", port=0)
    until(finished(tmp_path / "site"), second.text)
    with second.client() as client:
        found = usage(client)
    assert (found["users"]["total"], found["localPosts"]) == (6, everything())
    assert second.stop() == 0


def test_its_people_talk_and_tell_the_viewer(running, data_dir):
    demo = running("demo", *SIZE, data_dir=data_dir, port=0)
    token = demo.says(r"Bearer (\S+)'")[1]
    with demo.client() as client:
        kinds = until(lambda: told(client, token), demo.text)
        said = comments(client)
        own = client.call("GET", "/api/v1/accounts/verify_credentials", token).body
        shown = client.call("GET", f"/api/v1/accounts/{own['id']}/statuses?pinned=true").body
        tags = client.call("GET", "/api/v1/followed_tags", token).body
        letters = client.call("GET", "/api/v1/conversations", token).body
        asking = client.call("GET", "/api/v1/follow_requests", token).body
        hidden = [client.call("GET", f"/api/v1/{what}", token).body for what in ("mutes", "blocks")]
    assert kinds >= TOLD
    assert len(said) == sum(len(post.remarks) for post in seen())
    assert len(shown) == 1
    assert own["locked"] is True
    assert len(asking) == 1
    assert [len(each) for each in hidden] == [1, 1]
    assert len(tags) == sum(who == VIEWER for who, _ in PLANNED.circles.tags)
    assert len(letters) == len(PLANNED.circles.letters)
    assert demo.stop() == 0


def told(client, token):
    """Of what kinds the viewer's notifications are, once there are all that must be."""
    kinds = {each["type"] for each in client.call("GET", "/api/v1/notifications?limit=80", token).body}
    return kinds if kinds >= TOLD else None


def test_what_is_done_twice_is_there_once(running, data_dir):
    """A seeding that died before it noted what it had done does it again."""
    state = json.loads((data_dir / "demo.json").read_text())
    (data_dir / "demo.json").write_text(json.dumps(state | {"done": False, "lively": 0}))
    demo = running("demo", *SIZE, data_dir=data_dir, port=0)
    until(finished(data_dir), demo.text)
    with demo.client() as client:
        assert usage(client)["localPosts"] == everything()
        assert max(Counter(comments(client)).values()) == 1
    assert demo.stop() == 0
