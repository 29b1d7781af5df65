"""`heliograph backup` and `restore`: a copy of a whole site in a folder, and a site made from it."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from heliograph.base.settings import Settings
from heliograph.cli.context import begin_command

if TYPE_CHECKING:
    from heliograph.ops.backup import Manifest


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(backup)
    app.command()(restore)


def backup(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(help="A folder that does not exist yet.", metavar="FOLDER")],
) -> None:
    """Copy the site, running or not, into FOLDER: the database and the photos, with checksums.

    Photos in a bucket are not copied: let the bucket keep its versions.

    \b
    heliograph backup /backups/2027-01-31
    """
    taken = asyncio.run(_take(begin_command(context), folder.absolute()))
    typer.echo(f"{folder} holds {_said(taken)}.")


def restore(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(help="A backup.", metavar="FOLDER")],
) -> None:
    """Make a site from the backup in FOLDER, where there is none yet. Then `heliograph up`.

    \b
    HELIOGRAPH_DATA_DIR=/var/lib/heliograph heliograph restore /backups/2027-01-31
    """
    restored = asyncio.run(_restore(begin_command(context), folder.absolute()))
    typer.echo(f"Restored {_said(restored)}, as of {restored.taken_at}.")


def _said(manifest: "Manifest") -> str:
    databases = f"{len(manifest.dumps)} database{'s' if len(manifest.dumps) > 1 else ''}"
    if manifest.photos is None or manifest.photo_bytes is None:
        return f"{databases} (the photos are in their bucket)"
    return f"{databases} and {manifest.photos} files of photos ({manifest.photo_bytes / 2**20:.1f} MiB)"


async def _take(settings: Settings, folder: Path) -> "Manifest":
    from heliograph.base.topology import topology_of
    from heliograph.ops import backup as backups
    from heliograph.ops import embedded

    embedded.require_site(settings)
    async with embedded.reached(settings) as stores:
        full = msgspec.structs.replace(settings, database_url=stores.database_url, valkey_url=stores.valkey_url)
        return await backups.take(topology_of(full), folder)


async def _restore(settings: Settings, folder: Path) -> "Manifest":
    from heliograph.base.topology import topology_of
    from heliograph.ops import backup as backups
    from heliograph.ops import embedded

    backups.read(folder)
    async with embedded.stores(settings) as stores:
        full = msgspec.structs.replace(settings, database_url=stores.database_url, valkey_url=stores.valkey_url)
        return await backups.restore(topology_of(full), folder)
