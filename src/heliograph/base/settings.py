"""Every setting of Heliograph: one frozen, typed object, read once at the door.

A value comes from the environment (`HELIOGRAPH_PORT`), else from the TOML file (`port = 3000`), else
from its default. Unknown keys and wrong types are refused with the key, the value and what was expected.
"""

import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin

import msgspec

from heliograph.base.errors import ConfigError
from heliograph.base.proxies import Proxies

PREFIX = "HELIOGRAPH_"
# Links, cookies and OAuth are made of it: a scheme that is missing must not show there only.
WEB_ADDRESS = re.compile(r"https?://[^/\s?#]+/?")
# Read by the tests, the door and the container, not settings of the product.
OUTSIDE = frozenset({"CONFIG", "TEST_DATA"})

OnOff = Literal["on", "off"]
Port = Annotated[int, msgspec.Meta(ge=0, le=65535)]
Natural = Annotated[int, msgspec.Meta(ge=0)]
Positive = Annotated[int, msgspec.Meta(ge=1)]


def _doc(sentence: str) -> msgspec.Meta:
    return msgspec.Meta(description=sentence)


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The settings; each field's sentence is its documentation (`docs/operate/settings.md` is made of them)."""

    data_dir: Annotated[Path, _doc("Folder that holds the embedded stores and the photos.")] = Path("var/main")
    host: Annotated[str, _doc("Address on which the web server listens.")] = "127.0.0.1"
    port: Annotated[Port, _doc("Port on which the web server listens; 0 takes a free one.")] = 3000
    public_url: Annotated[
        str,
        _doc(
            "Address under which people reach the site; empty: what a trusted proxy says, else http://localhost:PORT."
        ),
    ] = ""
    trusted_proxies: Annotated[
        str,
        _doc(
            "Proxies whose X-Forwarded-For, -Host, -Proto and -Port are believed: addresses and networks with commas between them, `unix` for "
            "whoever comes through a unix socket; empty believes nobody."
        ),
    ] = ""
    site_name: Annotated[str, _doc("Name of the site, shown in pages and to apps.")] = "Heliograph"
    site_description: Annotated[str, _doc("One sentence about the site, shown in pages and to apps.")] = (
        "A place for photographs."
    )
    contact_email: Annotated[str, _doc("Address of the people who run the site, shown to apps.")] = ""
    database_url: Annotated[str, _doc("DSN of a PostgreSQL database; empty runs the embedded PostgreSQL.")] = ""
    database_pool: Annotated[Positive, _doc("Connections to each database that one process holds at most.")] = 10
    valkey_url: Annotated[str, _doc("URL of a Valkey server; empty runs the embedded Valkey.")] = ""
    media_store_url: Annotated[
        str, _doc("Where photos are kept: s3://bucket/prefix or file:///folder; empty means DATA_DIR/media.")
    ] = ""
    registration: Annotated[
        Literal["open", "approval", "closed"],
        _doc("Who may sign up: anybody (open), whom an admin lets in (approval) or nobody (closed)."),
    ] = "open"
    rate_limits: Annotated[
        OnOff,
        _doc(
            "Whether requests are counted and too many refused: of an account, of an address, and what is easily abused."
        ),
    ] = "on"
    password_grant: Annotated[OnOff, _doc("Whether apps may trade a password for a token (OAuth password grant).")] = (
        "off"  # noqa: S105 -- a switch, not a password
    )
    session_days: Annotated[Positive, _doc("Days after which an unused browser session ends.")] = 30
    smtp_url: Annotated[
        str, _doc("Mail server as smtp://user:password@host:port (or smtps://); empty sends no mail.")
    ] = ""
    mail_from: Annotated[str, _doc("Sender of the site's mail.")] = "heliograph@localhost"
    upload_max_bytes: Annotated[Positive, _doc("Largest upload in bytes.")] = 40 * 1024 * 1024
    upload_max_megapixels: Annotated[Positive, _doc("Largest photo in millions of pixels.")] = 50
    decode_memory_mb: Annotated[Positive, _doc("Memory in MiB that decoding one photo may take.")] = 330
    decode_timeout_s: Annotated[
        Positive, _doc("Seconds of processor time that decoding one photo may take; by the clock, four times as many.")
    ] = 30
    decode_at_once: Annotated[
        Positive, _doc("Photos that one process decodes at once; each may take the memory and one processor core.")
    ] = 1
    push_limit: Annotated[
        Natural,
        _doc(
            "Followers up to which a post is pushed to each feed; above it, feeds pull the author's posts. 0: whichever costs less, author by author."
        ),
    ] = 0
    feed_length: Annotated[Positive, _doc("Post ids that one feed holds in Valkey.")] = 800
    feed_active_days: Annotated[
        Positive, _doc("Days after a reader's last visit during which their feed is kept ready.")
    ] = 14
    worker_concurrency: Annotated[Positive, _doc("Outbox messages that one worker handles at once.")] = 8
    worker_metrics_port: Annotated[
        Port, _doc("Port on which a worker serves its metrics to Prometheus, on the address `host`; 0 serves none.")
    ] = 0
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"], _doc("Least severe log line that is written.")
    ] = "info"
    log_format: Annotated[
        Literal["auto", "json", "console"], _doc("Form of log lines; auto is JSON unless on a terminal.")
    ] = "auto"

    @property
    def url(self) -> str:
        """The public address without a trailing slash."""
        return (self.public_url or f"http://localhost:{self.port}").rstrip("/")


FIELDS = {field.encode_name: field for field in msgspec.structs.fields(Settings)}


def describe(name: str) -> tuple[str, str, object]:
    """(sentence, type in words, default) of the setting `name`."""
    field = FIELDS[name]
    sentence = ""
    for part in getattr(field.type, "__metadata__", ()):
        sentence = getattr(part, "description", None) or sentence
    return sentence, _expected(field.type), field.default


def _expected(kind: object) -> str:
    meta = [m for m in getattr(kind, "__metadata__", ()) if isinstance(m, msgspec.Meta)]
    while get_origin(kind) is Annotated:
        kind = get_args(kind)[0]
    if get_origin(kind) is Literal:
        return "one of " + ", ".join(str(choice) for choice in get_args(kind))
    if kind is int:
        low = max((m.ge for m in meta if m.ge is not None), default=None)
        high = min((m.le for m in meta if m.le is not None), default=None)
        text = "a whole number"
        text += f" of at least {low}" if low is not None and high is None else ""
        return text + (f" from {low} to {high}" if high is not None else "")
    return "a path" if kind is Path else "text"


def load(file: Path | None = None, environ: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings from `file` (or `HELIOGRAPH_CONFIG`) and the environment.

    Raises ConfigError naming the key, where it stood, its value and what was expected.
    """
    file = file or (Path(environ[PREFIX + "CONFIG"]) if environ.get(PREFIX + "CONFIG") else None)
    found: dict[str, tuple[object, str]] = {}
    if file is not None:
        found |= {key: (value, str(file)) for key, value in _read_toml(file).items()}
    for name, value in environ.items():
        if name.startswith(PREFIX) and name.removeprefix(PREFIX) not in OUTSIDE:
            found[name.removeprefix(PREFIX).lower()] = (value, f"environment {name}")
    values: dict[str, Any] = {key: _convert(key, value, place) for key, (value, place) in found.items()}
    if values.get("public_url") and not WEB_ADDRESS.fullmatch(values["public_url"]):
        place = found["public_url"][1]
        raise ConfigError(f"public_url = {values['public_url']!r} ({place}): expected https://host, without a path")
    if "trusted_proxies" in values:
        _check_proxies(values["trusted_proxies"], found["trusted_proxies"][1])
    return Settings(**values)


def _check_proxies(text: str, place: str) -> None:
    try:
        Proxies.parse(text)
    except ValueError as error:
        expected = "expected addresses, networks or `unix`, with commas between them"
        raise ConfigError(f"trusted_proxies = {text!r} ({place}): {expected}; {error}") from error


def _read_toml(file: Path) -> dict[str, object]:
    try:
        return tomllib.loads(file.read_text())
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read ({error.strerror})") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file}: not valid TOML ({error})") from error


def _path(kind: type, value: object) -> object:
    if kind is Path and isinstance(value, str) and value:
        return Path(value)
    raise ValueError(value)


def _convert(key: str, value: object, place: str) -> object:
    if key not in FIELDS:
        raise ConfigError(f"{key} = {value!r} ({place}): unknown setting; expected one of {', '.join(sorted(FIELDS))}")
    kind = FIELDS[key].type
    try:
        return msgspec.convert(value, kind, strict=not place.startswith("environment"), dec_hook=_path)
    except (msgspec.ValidationError, ValueError) as error:
        raise ConfigError(f"{key} = {value!r} ({place}): expected {_expected(kind)}") from error
