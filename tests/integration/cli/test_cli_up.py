"""`heliograph up` and the commands beside it, in the order in which an operator meets them."""

import pytest
from cli_site import heliograph, leftovers, sign_up

from heliograph.lab.client import RefusedError


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    return tmp_path_factory.mktemp("up") / "site"


@pytest.fixture(scope="module")
def site(running, data_dir):
    """A site that has just been started for the first time."""
    return running("up", data_dir=data_dir, port=0)


@pytest.fixture(scope="module")
def client(site):
    with site.client() as opened:
        yield opened


def test_the_first_start_says_how_to_make_an_admin(site, data_dir):
    assert site.says(rf"HELIOGRAPH_DATA_DIR={data_dir} .*heliograph user create NAME --admin")


def test_somebody_signs_up_by_http(client):
    token = sign_up(client, "grace")
    assert client.call("GET", "/api/v1/accounts/verify_credentials", token).body["username"] == "grace"


def test_the_web_says_nothing_of_its_make(client):
    connection = client._connection()
    connection.request("GET", "/healthz")
    answer = connection.getresponse()
    answer.read()
    assert answer.status == 200
    assert answer.getheader("server") is None


def test_an_admin_is_made_beside_the_running_site(client, data_dir):
    made = heliograph("user", "create", "ada", "--admin", data_dir=data_dir)
    assert made.returncode == 0, made.stderr
    assert made.stdout.startswith("Created the admin ada. Password: ")
    assert client.call("GET", "/api/v1/accounts/lookup?acct=ada").body["username"] == "ada"


@pytest.mark.usefixtures("client")
def test_a_taken_name_is_refused_in_one_line(data_dir):
    again = heliograph("user", "create", "ada", data_dir=data_dir)
    assert again.returncode == 2
    assert "taken" in again.stderr
    assert again.stderr.count("\n") == 1


def test_a_new_password_ends_all_tokens(client, data_dir):
    token = sign_up(client, "edsger")
    done = heliograph(
        "user", "reset-password", "edsger", "--password-stdin", stdin="another long word\n", data_dir=data_dir
    )
    assert done.returncode == 0, done.stderr
    assert "another long word" not in done.stdout
    with pytest.raises(RefusedError, match="401"):
        client.call("GET", "/api/v1/accounts/verify_credentials", token)


def test_who_is_suspended_is_not_seen_until_let_in_again(client, data_dir):
    sign_up(client, "mallory")
    assert heliograph("user", "suspend", "mallory", data_dir=data_dir).returncode == 0
    with pytest.raises(RefusedError, match="404"):
        client.call("GET", "/api/v1/accounts/lookup?acct=mallory")
    assert heliograph("user", "suspend", "mallory", "--undo", data_dir=data_dir).returncode == 0
    assert client.call("GET", "/api/v1/accounts/lookup?acct=mallory").status == 200


@pytest.mark.usefixtures("client")
def test_somebody_unknown_is_named(data_dir):
    done = heliograph("user", "promote", "nobody_here", data_dir=data_dir)
    assert (done.returncode, done.stderr) == (2, "heliograph: There is no account named nobody_here.\n")


@pytest.mark.usefixtures("client")
def test_status_shows_stores_queue_and_people(data_dir):
    shown = heliograph("status", data_dir=data_dir)
    assert shown.returncode == 0, shown.stderr
    for text in (
        "PostgreSQL, shard main",
        "18.",
        "up to date",
        "messages",
        "Valkey",
        "9.",
        "4, 0 posted",
        "none given up",
    ):
        assert text in shown.stdout, shown.stdout


@pytest.mark.usefixtures("client")
def test_nothing_is_pending(data_dir):
    checked = heliograph("migrate", "--check", data_dir=data_dir)
    assert (checked.returncode, checked.stdout) == (0, "Nothing is pending.\n")


@pytest.mark.usefixtures("client")
def test_the_demo_keeps_away_from_real_people(data_dir):
    """It meets them only on their data directory, and there the site that runs is in its way already."""
    refused = heliograph("demo", data_dir=data_dir, port=0)
    assert refused.returncode == 2
    assert "is in use by" in refused.stderr


def test_a_feed_is_kept_ready_for_who_has_read_it(client, data_dir):
    client.call("GET", "/api/v1/timelines/home", sign_up(client, "barbara"))
    assert "1 home" in heliograph("status", data_dir=data_dir).stdout


@pytest.mark.usefixtures("client")
def test_sigterm_stops_everything(site, data_dir):
    assert site.stop() == 0
    assert leftovers(data_dir) == []
    assert "Traceback" not in site.text()


def test_the_next_start_finds_all_and_asks_for_no_admin(running, data_dir):
    again = running("up", data_dir=data_dir, port=0)
    with again.client() as client:
        assert client.call("GET", "/api/v1/accounts/lookup?acct=grace").status == 200
    # Valkey was stopped in order, so what it holds is believed: the supervisor has vouched for it.
    assert "1 home" in heliograph("status", data_dir=data_dir).stdout
    assert again.stop() == 0
    assert "no admin" not in again.text()


def test_the_demo_refuses_a_site_that_has_people(running, data_dir):
    demo = running("demo", data_dir=data_dir, port=0)
    assert demo.process.wait(60) == 2
    assert "people of its own" in demo.text()
    assert leftovers(data_dir) == []
