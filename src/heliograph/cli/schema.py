"""`heliograph migrate`: brings the database to this version's schema, or says what is missing."""

import asyncio
from typing import Annotated, Literal

import msgspec
import typer

from heliograph.base.settings import Settings
from heliograph.cli.context import begin_command

Phase = Literal["pre", "post", "all"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(migrate)


def migrate(
    context: typer.Context,
    check: Annotated[bool, typer.Option("--check", help="Change nothing; status 1 when something is pending.")] = False,
    phase: Annotated[
        Phase, typer.Option(help="pre: before new code starts; post: after the last old code is gone.")
    ] = "all",
) -> None:
    """Apply migrations on every shard, under a lock, each in a transaction. `up` does this by itself.

    \b
    heliograph migrate
    heliograph migrate --check
    heliograph migrate --phase pre    the first half of a rolling upgrade
    """
    by_shard = asyncio.run(_migrate(begin_command(context), phase, check=check))
    for shard, names in by_shard.items():
        for name in names:
            typer.echo(f"{shard}: {name} {'is pending' if check else 'applied'}")
    if check and any(by_shard.values()):
        raise typer.Exit(1)
    if not any(by_shard.values()):
        typer.echo("Nothing is pending.")


async def _migrate(settings: Settings, phase: Phase, *, check: bool) -> dict[str, list[str]]:
    from heliograph.base.topology import topology_of
    from heliograph.ops import embedded
    from heliograph.stores import schema
    from heliograph.stores.shards import Shards

    async with embedded.reached(settings) as stores:
        full = msgspec.structs.replace(settings, database_url=stores.database_url, valkey_url=stores.valkey_url)
        async with Shards.open(topology_of(full), 2) as shards:
            return await (schema.pending if check else schema.migrate)(shards, phase)
