"""`heliograph cache`: what is cached, how well it serves, and forgetting it."""

import asyncio
import contextlib
import urllib.error
import urllib.request
from collections import Counter
from typing import TYPE_CHECKING, Annotated, Any

import typer

from heliograph.base.errors import ConfigError
from heliograph.base.settings import Settings
from heliograph.cli.context import begin_command, product

if TYPE_CHECKING:
    from heliograph.stores.census import Kind

METRICS_TIMEOUT_S = 2.0
# Of the web server's metrics: what each column counts, by (name, value of a label).
COLUMNS = {
    "near": ("heliograph_cache_near_hits_total", None),
    "hit": ("heliograph_cache_reads_total", "hit"),
    "miss": ("heliograph_cache_reads_total", "miss"),
    "filled": ("heliograph_cache_fills_total", "stored"),
    "refused": ("heliograph_cache_fills_total", "refused"),
    "invalidated": ("heliograph_cache_invalidations_total", None),
    "renewed": ("heliograph_cache_renewals_total", None),
    "flight": ("heliograph_cache_stampedes_avoided_total", "flight"),
    "lease": ("heliograph_cache_stampedes_avoided_total", "lease"),
}
Counted = dict[str, Counter[str]]

app = typer.Typer(help="What is cached, and forgetting it.", no_args_is_help=True)


@app.command()
def stats(context: typer.Context) -> None:
    """Show what is cached, by kind, and how well it has served the web server of this machine.

    Of what was asked: near is what the process had kept, Valkey what it had, loaded what PostgreSQL had to give. Filled and
    refused are offers to the cache, changed is what was invalidated or renewed in place, saved are loads that others did.

    \b
    heliograph cache stats
    """
    from rich.console import Console

    settings = begin_command(context)
    census = asyncio.run(_census(settings))
    console = Console(highlight=False)
    console.print(_held(census))
    console.print()
    served = _served(settings)
    console.print(_answered(served) if served else f"No web server answers on port {settings.port} of this machine.")


@app.command()
def flush(
    context: typer.Context,
    kind: Annotated[str | None, typer.Option(help="Only this kind, as `heliograph cache stats` names it.")] = None,
) -> None:
    """Forget what is cached; everything is read anew from PostgreSQL when it is asked for. Feeds stay.

    \b
    heliograph cache flush --kind account
    """
    forgotten = asyncio.run(_forget(begin_command(context), kind))
    typer.echo(f"{forgotten:,} forgotten.")


async def _census(settings: Settings) -> "dict[str, Kind]":
    from heliograph.stores.census import Census

    async with product(settings) as opened:
        return await Census(opened.stores.valkey).count()


async def _forget(settings: Settings, kind: str | None) -> int:
    from heliograph.stores.census import Census

    async with product(settings) as opened:
        census = Census(opened.stores.valkey)
        known = await census.count()
        if kind is not None and kind not in known:
            raise ConfigError(
                f"Nothing of the kind {kind!r} is cached; there is {', '.join(sorted(known)) or 'nothing'}."
            )
        return await census.forget(kind)


def _served(settings: Settings) -> Counted:
    """What the web server has counted since its start, by column and kind; empty when none answers."""
    from prometheus_client.parser import text_string_to_metric_families

    # Whatever it listens on, it listens for this machine too.
    host = "127.0.0.1" if settings.host in ("0.0.0.0", "::", "") else settings.host  # noqa: S104 -- compared, not bound
    counted: Counted = {column: Counter() for column in COLUMNS}
    with contextlib.suppress(urllib.error.URLError, TimeoutError):
        with urllib.request.urlopen(f"http://{host}:{settings.port}/metrics", timeout=METRICS_TIMEOUT_S) as answer:
            text = answer.read().decode()
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                for column, (name, value) in COLUMNS.items():
                    if sample.name == name and (value is None or value in sample.labels.values()):
                        counted[column][sample.labels["kind"]] += int(sample.value)
        return counted
    return {}


def _held(census: "dict[str, Kind]") -> Any:
    table = _table("Cached in Valkey", "kind", "values", "bytes each", "just changed")
    for kind, found in sorted(census.items()):
        mean = f"{found.value_bytes / found.values:,.0f}" if found.values else "–"
        table.add_row(kind, f"{found.values:,}", mean, f"{found.tombstones:,}")
    return table


def _answered(counted: Counted) -> Any:
    table = _table(
        "Served by the web server since its start",
        *("kind", "asked", "near", "Valkey", "loaded", "filled", "refused", "changed", "saved"),
    )
    for kind in sorted(set().union(*counted.values())):
        of = {column: count[kind] for column, count in counted.items()}
        asked = of["near"] + of["hit"] + of["miss"]
        shares = [f"{of[column] / asked:.1%}" if asked else "–" for column in ("near", "hit", "miss")]
        rest = [of["filled"], of["refused"], of["invalidated"] + of["renewed"], of["flight"] + of["lease"]]
        table.add_row(kind, f"{asked:,}", *shares, *(f"{each:,}" for each in rest))
    return table


def _table(title: str, first: str, *columns: str) -> Any:
    from rich.table import Table

    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False, header_style="dim")
    table.add_column(first, no_wrap=True)
    for column in columns:
        table.add_column(column, justify="right", no_wrap=True)
    return table
