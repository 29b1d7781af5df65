"""Commands without a running site, and what they refuse."""

import http.client
import signal
import socket

import asyncpg
import pytest
from cli_site import heliograph, until


def refused(done, *texts):
    """It ended with status 2 and one line that says why."""
    assert done.returncode == 2, done
    assert done.stderr.startswith("heliograph: ")
    assert "Traceback" not in done.stderr
    assert all(text in done.stderr for text in texts), done.stderr


def test_migrations_and_accounts_without_a_site(tmp_path):
    site = {"data_dir": tmp_path / "site"}
    refused(heliograph("status", **site), "There is no site in", "HELIOGRAPH_DATA_DIR")
    refused(heliograph("user", "create", "ada", **site), "`heliograph up` makes one")
    assert not (tmp_path / "site").exists()
    checked = heliograph("migrate", "--check", **site)
    assert checked.returncode == 1, checked.stderr
    assert "main: 0001_pre_foundation is pending" in checked.stdout
    refused(heliograph("user", "create", "ada", **site), "heliograph migrate")
    assert "pending" in heliograph("status", **site).stdout
    migrated = heliograph("migrate", **site)
    assert migrated.returncode == 0, migrated.stderr
    assert "main: 0001_pre_foundation applied" in migrated.stdout
    made = heliograph("user", "create", "ada", "--email", "ada@example.com", **site)
    assert made.returncode == 0, made.stderr
    refused(heliograph("user", "approve", "ada", **site), "ada does not wait for approval")
    assert heliograph("migrate", "--check", **site).returncode == 0


@pytest.mark.parametrize(
    ("settings", "texts"),
    [
        ({"port": "abc"}, ("port = 'abc'", "environment HELIOGRAPH_PORT", "expected a whole number from 0 to 65535")),
        ({"registration": "maybe"}, ("registration = 'maybe'", "expected one of open, approval, closed")),
        ({"prot": "3000"}, ("prot = '3000'", "unknown setting")),
    ],
)
@pytest.mark.parametrize("command", ["up", "demo", "serve", "work", "status", "settings"])
def test_wrong_settings_are_refused_at_the_door(command, settings, texts, tmp_path):
    refused(heliograph(command, data_dir=tmp_path, **settings), *texts)


def test_a_file_with_a_wrong_setting_is_named(tmp_path):
    file = tmp_path / "heliograph.toml"
    file.write_text("port = true\n")
    refused(heliograph("--config", str(file), "up"), f"port = True ({file})", "expected a whole number")
    refused(heliograph("up", config=file), f"port = True ({file})")


def test_a_taken_port_is_refused(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        refused(heliograph("up", data_dir=tmp_path / "site", port=port), f"port {port}", "Address already in use")


def test_programs_need_stores(tmp_path):
    refused(heliograph("serve", data_dir=tmp_path), "database_url and valkey_url: expected URLs")
    refused(heliograph("work", data_dir=tmp_path), "database_url and valkey_url: expected URLs")


def test_a_database_that_is_not_there_takes_one_line(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"postgresql://ada:secret-word@127.0.0.1:{free.getsockname()[1]}/none"
        done = heliograph("migrate", database_url=url, valkey_url="valkey://127.0.0.1:1", data_dir=tmp_path)
    assert done.returncode == 2
    assert "A store is not reachable" in done.stderr
    assert "secret-word" not in done.stderr


def test_the_demo_makes_no_people_up_in_a_database_of_yours(tmp_path):
    refused(heliograph("demo", data_dir=tmp_path, database_url="postgresql://db/site"), "stores of its own")


@pytest.mark.parametrize("command", ["up", "demo", "serve", "work", "migrate", "status", "settings", "user create"])
def test_help_has_an_example(command):
    shown = heliograph(*command.split(), "--help")
    assert shown.returncode == 0
    assert shown.stdout.count(f"heliograph {command}") + shown.stdout.count("heliograph --config") >= 1


def test_settings_are_printed_without_secrets(tmp_path):
    shown = heliograph("settings", data_dir=tmp_path, database_url="postgresql://ada:secret-word@db/site", port=8080)
    assert "port = 8080\n" in shown.stdout
    assert 'database_url = "postgresql://ada:***@db/site"' in shown.stdout
    assert "secret-word" not in shown.stdout


class OverSocket(http.client.HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, path):
        super().__init__("localhost", timeout=10)
        self._path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(str(self._path))


def get(path, address):
    connection = OverSocket(path)
    try:
        connection.request("GET", address)
        answer = connection.getresponse()
        return answer.status, answer.read()
    except OSError:
        return None
    finally:
        connection.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_serve_listens_on_a_unix_socket_and_ends_cleanly(cluster, database, tmp_path, running, number):
    path = tmp_path / "web.sock"
    stores = {"database_url": database, "valkey_url": cluster.valkey_url, "data_dir": tmp_path}
    web = running("serve", "--uds", str(path), **stores)
    status, _ = until(lambda: get(path, "/readyz"), web.text)
    assert status == 200
    assert web.stop(number) == 0
    assert "Traceback" not in web.text()


def test_work_ends_cleanly(cluster, database, tmp_path, running):
    stores = {"database_url": database, "valkey_url": cluster.valkey_url, "data_dir": tmp_path, "log_level": "debug"}
    worker = running("work", **stores)
    # Whoever waits for hints is at work.
    worker.says("")
    assert worker.process.poll() is None
    assert worker.stop() in (0, -signal.SIGTERM)


async def test_what_was_given_up_is_shown_and_tried_again(cluster, database, tmp_path):
    connection = await asyncpg.connect(database)
    await connection.execute(
        "INSERT INTO outbox (slot, id, kind, payload, dead_at, problem, attempts)"
        " VALUES (1, mint_id(1::smallint), 'post.published', '{}', now(), 'KeyError(''post'')', 10)"
    )
    stores = {"database_url": database, "valkey_url": cluster.valkey_url, "data_dir": tmp_path}
    shown = heliograph("status", **stores)
    assert "1 given up" in shown.stdout, shown.stderr
    assert "KeyError('post')" in shown.stdout
    retried = heliograph("work", "--retry-dead", **stores)
    assert retried.stdout == "1 messages are back in the queue.\n", retried.stderr
    assert await connection.fetchval("SELECT count(*) FROM outbox WHERE dead_at IS NULL") == 1
    await connection.close()
