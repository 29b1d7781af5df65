"""Settings: each has its sentence, comes from where it should, and is refused with key, place, value and expectation."""

from pathlib import Path

import pytest

from heliograph.base import settings
from heliograph.base.errors import ConfigError
from heliograph.base.settings import FIELDS, Settings, describe, load
from heliograph.cli.explain import _without_password, page

PAGE = Path(__file__).parents[2] / "docs" / "operate" / "settings.md"


@pytest.mark.parametrize("name", FIELDS)
def test_each_setting_has_a_sentence(name):
    sentence, kind, _ = describe(name)
    assert sentence.endswith("."), f"{name}: write a sentence in base/settings.py"
    assert len(sentence.split()) > 3
    assert kind


def test_the_page_is_made_from_the_code():
    assert PAGE.read_text() == page(), "docs/operate/settings.md is stale: run `make docs`"


def test_the_page_has_each_setting():
    assert all(f"| `{name}` | `HELIOGRAPH_{name.upper()}` |" in page() for name in FIELDS)


def test_a_page_without_a_setting_is_stale(monkeypatch):
    """The comparison above can fail: it is one of whole texts."""
    fewer = {name: field for name, field in FIELDS.items() if name != "port"}
    monkeypatch.setattr("heliograph.cli.explain.FIELDS", fewer)
    assert PAGE.read_text() != page()


def test_the_environment_wins_over_the_file_and_the_file_over_the_default(tmp_path):
    file = tmp_path / "heliograph.toml"
    file.write_text('port = 4000\nsite_name = "Ours"\n')
    found = load(file, {"HELIOGRAPH_PORT": "5000", "PORT": "1"})
    assert (found.port, found.site_name, found.host) == (5000, "Ours", Settings().host)


def test_the_file_may_be_named_by_the_environment(tmp_path):
    file = tmp_path / "heliograph.toml"
    file.write_text("port = 4000\n")
    assert load(None, {"HELIOGRAPH_CONFIG": str(file)}).port == 4000


@pytest.mark.parametrize(
    ("environ", "key", "value", "expected"),
    [
        ({"HELIOGRAPH_PORT": "abc"}, "port", "'abc'", "a whole number from 0 to 65535"),
        ({"HELIOGRAPH_PORT": "65536"}, "port", "'65536'", "a whole number from 0 to 65535"),
        ({"HELIOGRAPH_PUSH_LIMIT": "-1"}, "push_limit", "'-1'", "a whole number of at least 0"),
        ({"HELIOGRAPH_REGISTRATION": "maybe"}, "registration", "'maybe'", "one of open, approval, closed"),
        ({"HELIOGRAPH_RATE_LIMITS": "true"}, "rate_limits", "'true'", "one of on, off"),
        ({"HELIOGRAPH_DATA_DIR": ""}, "data_dir", "''", "a path"),
        ({"HELIOGRAPH_PROT": "3000"}, "prot", "'3000'", "unknown setting"),
        (
            {"HELIOGRAPH_TRUSTED_PROXIES": "::1,nginx"},
            "trusted_proxies",
            "'::1,nginx'",
            "'nginx' does not appear to be",
        ),
        ({"HELIOGRAPH_TRUSTED_PROXIES": "10.1.0.0/8"}, "trusted_proxies", "'10.1.0.0/8'", "has host bits set"),
        ({"HELIOGRAPH_PUBLIC_URL": "photos.example"}, "public_url", "'photos.example'", "expected https://host"),
        ({"HELIOGRAPH_PUBLIC_URL": "https://a.example/b"}, "public_url", "'https://a.example/b'", "without a path"),
    ],
)
def test_what_the_environment_has_wrong_is_named(environ, key, value, expected):
    with pytest.raises(ConfigError) as refused:
        load(None, environ)
    text = refused.value.message
    assert text.startswith(f"{key} = {value} (environment {next(iter(environ))})")
    assert expected in text


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('port = "3000"', "port = '3000' ({file}): expected a whole number from 0 to 65535"),
        ("port = 3000.5", "port = 3000.5 ({file}): expected a whole number"),
        ("site_name = 7", "site_name = 7 ({file}): expected text"),
        ("data_dir = 7", "data_dir = 7 ({file}): expected a path"),
        ("[web]\nport = 1", "web = {{'port': 1}} ({file}): unknown setting; expected one of"),
        ("port = ", "{file}: not valid TOML"),
    ],
)
def test_what_the_file_has_wrong_is_named(tmp_path, line, expected):
    file = tmp_path / "heliograph.toml"
    file.write_text(line)
    with pytest.raises(ConfigError) as refused:
        load(file, {})
    assert expected.format(file=file) in refused.value.message


def test_a_missing_file_is_an_error(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read"):
        load(tmp_path / "none.toml", {})


def test_settings_are_frozen():
    with pytest.raises(AttributeError):
        Settings().port = 1  # type: ignore[misc]


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://ada:hunter2@db/helio", "postgresql://ada:***@db/helio"),
        ("postgresql:///helio?user=ada&password=hunter2", "postgresql:///helio?user=ada&password=***"),
        ("valkey://:hunter2@cache:6379/0", "valkey://:***@cache:6379/0"),
        ("smtps://ada:hunter2@mail:465", "smtps://ada:***@mail:465"),
        ("s3://bucket/prefix", "s3://bucket/prefix"),
        ("A place for photographs.", "A place for photographs."),
    ],
)
def test_passwords_are_not_shown(url, shown):
    assert _without_password(url) == shown


def test_names_outside_are_no_settings():
    assert settings.OUTSIDE.isdisjoint(name.upper() for name in FIELDS)
