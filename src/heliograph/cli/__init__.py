"""The door: the `heliograph` command. It reads words and settings, calls the rooms below, and says what came of it.

No rule of the product is here. Commands import what they need when they run: `serve` shall not load what `status` needs.
"""

import sys

import typer

from heliograph.base.errors import HeliographError
from heliograph.cli import backup, cache, explain, leaving, programs, schema, site, status, users

app = typer.Typer(
    name="heliograph",
    help="A self-hosted photo-sharing server.",
    epilog="`heliograph up` runs a whole site. `heliograph COMMAND --help` says more, with examples.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for room in (site, programs, schema, backup, status, explain):
    room.register(app)
leaving.register(users.app)
app.add_typer(users.app, name="user")
app.add_typer(cache.app, name="cache")
app.callback()(explain.options)


def main() -> None:
    """Run the command. What is ours to explain takes one line and status 2, never a traceback."""
    try:
        app()
    except HeliographError as error:
        print(f"heliograph: {error.message}", file=sys.stderr)  # noqa: T201 -- the door speaks
        sys.exit(2)
