"""What the command says of itself: its version, the settings that apply, the page about all settings."""

import re
from pathlib import Path
from typing import Annotated

import typer

from heliograph import __version__
from heliograph.base.settings import FIELDS, PREFIX, describe
from heliograph.cli.context import settings_of

# After `scheme://name:` up to the last @ of the authority, or after `password=`.
PASSWORDS = re.compile(r"(^[a-z0-9+]+://[^/@:]*:)[^/]+(?=@)|((?<=[?&])(?:ssl)?password=)[^&]+", re.IGNORECASE)

INTRODUCTION = f"""# Settings

<!-- Made by `make docs` from base/settings.py; a test fails when it is stale. -->

A setting comes from the environment (`{PREFIX}PORT=8080`), else from a TOML file (`port = 8080`) named by
`heliograph --config FILE` or `{PREFIX}CONFIG`, else it has its default. `heliograph settings` prints those that apply.

An unknown key or a wrong value stops Heliograph at the door, with the key, the value and what was expected:

```
heliograph: port = 'abc' (environment {PREFIX}PORT): expected a whole number from 0 to 65535
```

| In the file | In the environment | Type | Default | What it is |
|---|---|---|---|---|
"""


def _say_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"Heliograph {__version__}")
        raise typer.Exit


def options(
    context: typer.Context,
    config: Annotated[
        Path | None, typer.Option("--config", metavar="FILE", help="TOML file with settings.", envvar=f"{PREFIX}CONFIG")
    ] = None,
    _version: Annotated[
        bool, typer.Option("--version", help="Say which version this is.", is_eager=True, callback=_say_version)
    ] = False,
) -> None:
    """A self-hosted photo-sharing server."""
    context.obj = config


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("settings")(show)


def show(
    context: typer.Context,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print docs/operate/settings.md instead.")] = False,
) -> None:
    """Print the settings that apply, as a TOML file, without secrets.

    \b
    heliograph settings
    HELIOGRAPH_PORT=8080 heliograph settings
    heliograph --config /etc/heliograph.toml settings
    """
    if markdown:
        typer.echo(page(), nl=False)
        return
    found = settings_of(context)
    for name in FIELDS:
        sentence, kind, _ = describe(name)
        typer.echo(f"# {sentence} ({kind})\n{name} = {_toml(getattr(found, name))}\n")


def page() -> str:
    """The text of docs/operate/settings.md."""
    return INTRODUCTION + "".join(_row(name) for name in FIELDS)


def _row(name: str) -> str:
    sentence, kind, default = describe(name)
    shown = f"`{default}`" if str(default) else "(empty)"
    return f"| `{name}` | `{PREFIX}{name.upper()}` | {kind} | {shown} | {sentence} |\n"


def _toml(value: object) -> str:
    return str(value) if isinstance(value, int) else '"' + _without_password(str(value)).replace('"', '\\"') + '"'


def _without_password(text: str) -> str:
    """`text`, with the password of a URL, in its authority or its query, covered."""
    return PASSWORDS.sub(r"\1\2***", text)
