"""What commands share: the settings that apply to this call, and the product over its stores."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import typer

from heliograph.base import logs, settings
from heliograph.base.errors import ConfigError
from heliograph.base.settings import Settings

if TYPE_CHECKING:
    from heliograph.domain.product import Product


def settings_of(context: typer.Context, environ: Mapping[str, str] | None = None) -> Settings:
    """The settings of this call: `--config FILE` and the environment. Raises ConfigError."""
    file: Path | None = context.obj
    return settings.load(file) if environ is None else settings.load(file, environ)


def begin(context: typer.Context) -> Settings:
    """The settings of a program that runs on and on; its log is set up as they say."""
    found = settings_of(context)
    logs.configure(found.log_level, found.log_format)
    return found


def begin_command(context: typer.Context) -> Settings:
    """The settings of a command that answers a person: only trouble is logged, unless they ask for more."""
    found = settings_of(context)
    logs.configure("debug" if found.log_level == "debug" else "warning", found.log_format)
    return found


@asynccontextmanager
async def product(found: Settings) -> AsyncIterator["Product"]:
    """The product, over the stores of the running site or over stores started for the length of the block.

    Raises StartError, and ConfigError while the database lacks migrations.
    """
    from heliograph.ops import embedded
    from heliograph.stores import schema
    from heliograph.wiring import open_product

    embedded.require_site(found)
    async with embedded.reached(found) as stores:
        full = msgspec.structs.replace(found, database_url=stores.database_url, valkey_url=stores.valkey_url)
        async with open_product(full) as opened:
            if await schema.pending(opened.stores.shards, "pre"):
                raise ConfigError("The database lacks migrations of this version. Run `heliograph migrate` first.")
            yield opened
