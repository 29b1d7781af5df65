"""`heliograph up` and `demo`: a whole site under one supervisor."""

import asyncio
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from heliograph.base import metrics
from heliograph.base.settings import PREFIX, Settings
from heliograph.cli.context import begin, settings_of

if TYPE_CHECKING:
    from heliograph.ops.embedded import Stores
    from heliograph.ops.supervisor import Site

ADMIN_HINT = "There is no admin yet. Make one, in another terminal:"


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(up)
    app.command()(demo)


def up(context: typer.Context) -> None:
    """Run a site: the stores that no URL is set for, migrations, the web server, a worker. Ctrl-C stops it.

    \b
    heliograph up
    HELIOGRAPH_DATA_DIR=/var/lib/heliograph HELIOGRAPH_PORT=8080 heliograph up
    heliograph --config /etc/heliograph.toml up
    """
    settings = begin(context)
    asyncio.run(run(settings, lambda site, has_admin: _greet(settings, site, has_admin=has_admin)))


async def run(settings: Settings, on_ready: Callable[["Site", bool], None]) -> None:
    """Run the site until it is told to stop. `on_ready` learns of the site and whether it has an admin."""
    from heliograph.ops import supervisor
    from heliograph.ops.prepare import prepare
    from heliograph.ops.program import Program

    has_admin = False

    async def made_ready(stores: "Stores") -> None:
        nonlocal has_admin
        # The worker would be started again and again; better to hear of a taken port now.
        with metrics.exposed(settings.host, settings.worker_metrics_port):
            pass
        full = msgspec.structs.replace(settings, database_url=stores.database_url, valkey_url=stores.valkey_url)
        has_admin = await prepare(full, stores)

    # -P: a folder named heliograph where we were started shall not be taken for the program.
    own = (sys.executable, "-P", "-m", "heliograph")
    programs = [Program("web", (*own, "serve"), ready_path="/readyz"), Program("worker", (*own, "work"))]
    await supervisor.run(settings, programs, prepare=made_ready, on_ready=lambda site: on_ready(site, has_admin))


def _greet(settings: Settings, site: "Site", *, has_admin: bool) -> None:
    typer.echo(f"\nHeliograph runs at {site.settings.url}   (Ctrl-C stops it)")
    if not has_admin:
        typer.echo(f"{ADMIN_HINT}\n\n    {command(settings)} user create NAME --admin\n")


def command(settings: Settings) -> str:
    """How this command is called for the site of `settings`, from the folder where we are."""
    moved = settings.data_dir != Settings().data_dir
    called = sys.argv[0] if Path(sys.argv[0]).name == "heliograph" else f"{sys.executable} -m heliograph"
    return f"{PREFIX}DATA_DIR={settings.data_dir} {called}" if moved else called


def demo(
    context: typer.Context,
    people: Annotated[int, typer.Option(min=5, max=60, help="How many people to make up.")] = 60,
    posts: Annotated[int, typer.Option(min=1, max=2000, help="How many posts, each with a picture.")] = 300,
) -> None:
    """Run a site with a made-up community, in var/demo. A second call finds the community and only starts.

    It is for looking around on your own machine: nobody's tries are limited there.

    \b
    heliograph demo
    heliograph demo --people 10 --posts 20
    """
    from heliograph.cli import community
    from heliograph.lab.planned import Size

    defaults = {"DATA_DIR": "var/demo", "LOG_LEVEL": "warning", "RATE_LIMITS": "off"}
    # One process more decodes photos than a small machine has cores for; the community shall be there soon.
    defaults["DECODE_AT_ONCE"] = str(os.cpu_count() or 1)
    environ = {PREFIX + name: value for name, value in defaults.items()} | dict(os.environ)
    settings = settings_of(context, environ)
    community.run(settings, Size(people, posts))
