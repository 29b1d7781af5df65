"""`heliograph status`: one screen that says how the site is. It only reads."""

import asyncio
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec
import typer

from heliograph import __version__
from heliograph.base.errors import StoreUnavailableError
from heliograph.base.settings import Settings
from heliograph.cli.context import begin_command

if TYPE_CHECKING:
    from heliograph.domain.product import Product
    from heliograph.stores.outbox import OutboxState
    from heliograph.stores.valkey import Keys

DEAD_SHOWN = 5
# A listing of a large store takes long; beyond this many the screen says "more than".
OBJECTS_COUNTED = 20_000
SCAN_BATCH = 1000


class ShardStatus(msgspec.Struct, frozen=True):
    """One shard: server version, size in bytes, migrations had and pending, the queue."""

    version: str
    size_bytes: int
    pending: list[str]
    queue: "OutboxState"


class Status(msgspec.Struct, frozen=True):
    """All that the screen shows. `valkey` is empty when Valkey is away; `per_s`: deliveries that all workers make a second."""

    shards: list[ShardStatus]
    dead: list[dict[str, Any]]
    valkey: dict[str, str]
    lists: dict[str, int]
    per_s: float
    usage: dict[str, int]
    objects: int
    objects_bytes: int


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(status)


def status(context: typer.Context) -> None:
    """Show how the site is: stores, versions, migrations, queue, feeds, accounts, photos.

    \b
    heliograph status
    watch -n 5 heliograph status
    """
    from rich.console import Console

    settings = begin_command(context)
    found = asyncio.run(_look(settings))
    console = Console(highlight=False)
    for table in _tables(settings, found):
        console.print(table)
        console.print()


async def _look(settings: Settings) -> Status:
    from heliograph.ops import embedded
    from heliograph.wiring import open_product

    embedded.require_site(settings)
    async with embedded.reached(settings) as stores:
        full = msgspec.structs.replace(settings, database_url=stores.database_url, valkey_url=stores.valkey_url)
        async with open_product(full) as opened:
            return await _read(opened)


async def _read(opened: "Product") -> Status:
    from heliograph.stores import schema

    pending = await schema.pending(opened.stores.shards)
    # Without its tables a database has neither a queue nor accounts.
    is_new = any(len(names) == len(schema.scripts()) for names in pending.values())
    queues = [] if is_new else await opened.outbox.state()
    shards = await _shards(opened, pending, {queue.shard: queue for queue in queues})
    dead = [] if is_new else await opened.outbox.dead(DEAD_SHOWN)
    usage = {} if is_new else await opened.usage.numbers()
    valkey, lists, per_s = await _valkey(opened)
    objects, size = await _objects(opened)
    return Status(shards, dead[:DEAD_SHOWN], valkey, lists, per_s, usage, objects, size)


async def _shards(
    opened: "Product", pending: dict[str, list[str]], queues: "dict[str, OutboxState]"
) -> list[ShardStatus]:
    from heliograph.stores.outbox import OutboxState
    from heliograph.stores.schema import sql

    found = []
    for shard in opened.stores.shards.all:
        row = await shard.row(sql.server)
        assert row is not None
        queue = queues.get(shard.name) or OutboxState(shard.name)
        found.append(ShardStatus(row["version"], row["size_bytes"], pending.get(shard.name, []), queue))
    return found


async def _valkey(opened: "Product") -> tuple[dict[str, str], dict[str, int], float]:
    """INFO, how many id lists of each kind the present generation has, deliveries a second."""
    try:
        info = await opened.stores.valkey.info()
        return info, await _count_lists(opened), await opened.pace.per_s()
    except StoreUnavailableError:
        return {}, {}, 0.0


async def _count_lists(opened: "Product") -> dict[str, int]:
    counted: Counter[str] = Counter()
    cursor: bytes | None = None
    while cursor != b"0":
        cursor, keys = await opened.stores.valkey.one(partial(_scan, cursor or b"0"))
        counted.update(key.split(b":")[1].decode() for key in keys)
    return dict(counted)


def _scan(cursor: bytes, keys: "Keys") -> tuple[str | bytes | int, ...]:
    return ("SCAN", cursor, "MATCH", f"f{keys.generation}:*", "COUNT", SCAN_BATCH)


async def _objects(opened: "Product") -> tuple[int, int]:
    count = size = 0
    async for item in opened.stores.objects.list("media/"):
        count, size = count + 1, size + item.size
        if count >= OBJECTS_COUNTED:
            break
    return count, size


def _tables(settings: Settings, found: Status) -> list[Any]:
    tables = [_table(f"Heliograph {__version__}", _site(settings, found))]
    tables += [_table(f"PostgreSQL, shard {shard.queue.shard}", _shard(shard)) for shard in found.shards]
    tables.append(_table("Valkey", _feeds(found)))
    tables.append(_table("Deliveries to feeds", _deliveries(found)))
    if found.dead:
        lines = [(f"{one['kind']} {one['id']}", f"{one['problem']}") for one in found.dead]
        tables.append(_table("Given up (`heliograph work --retry-dead` tries again)", lines))
    return tables


def _table(title: str, lines: list[tuple[str, str]]) -> Any:
    from rich.markup import escape
    from rich.table import Table

    table = Table(title=title, title_justify="left", title_style="bold", box=None, show_header=False, pad_edge=False)
    table.add_column(style="dim", min_width=18, no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in lines:
        table.add_row(escape(name), value)
    return table


def _site(settings: Settings, found: Status) -> list[tuple[str, str]]:
    more = "more than " if found.objects >= OBJECTS_COUNTED else ""
    return [
        # Only where it is set: the port may have been another when the site was started.
        *([("address", settings.url)] if settings.public_url else []),
        ("data directory", str(settings.data_dir.resolve())),
        ("accounts", f"{found.usage.get('accounts', 0):,}, {found.usage.get('active_month', 0):,} posted this month"),
        ("posts", f"{found.usage.get('posts', 0):,}"),
        ("photo files", f"{more}{found.objects:,}, {_size(found.objects_bytes)}"),
    ]


def _shard(shard: ShardStatus) -> list[tuple[str, str]]:
    queue = shard.queue
    schema = f"[red]{', '.join(shard.pending)} pending[/] (`heliograph migrate`)" if shard.pending else "up to date"
    dead = f"[red]{queue.dead:,} given up[/]" if queue.dead else "none given up"
    return [
        ("server", f"{shard.version}, {_size(shard.size_bytes)}"),
        ("schema", schema),
        ("queue", f"{queue.pending:,} messages, the oldest due one {queue.oldest_s:.0f} s old, {dead}"),
    ]


def _feeds(found: Status) -> list[tuple[str, str]]:
    if not found.valkey:
        return [("server", "[red]does not answer[/]; the site is slower without it, not away")]
    lists = ", ".join(f"{count:,} {kind}" for kind, count in sorted(found.lists.items())) or "none"
    version = found.valkey.get("valkey_version", "?").strip()
    return [
        ("server", f"{version}, {found.valkey.get('used_memory_human', '?').strip()} in use"),
        ("lists kept ready", lists),
    ]


def _deliveries(found: Status) -> list[tuple[str, str]]:
    queues = [shard.queue for shard in found.shards]
    waiting = sum(queue.deliveries for queue in queues)
    lines = [("rate", f"{found.per_s:,.0f} a second, over the last ten to fifteen seconds")]
    if not waiting:
        return [("waiting", "none"), *lines]
    posts, oldest_s = sum(queue.posts for queue in queues), max(queue.post_oldest_s for queue in queues)
    takes = (
        f"{waiting / found.per_s:,.0f} s at this rate" if found.per_s else "[red]never[/], since no worker makes any"
    )
    return [
        ("waiting", f"{waiting:,} deliveries of {posts:,} posts, the oldest {oldest_s:,.0f} s old"),
        *lines,
        ("time to empty", takes),
    ]


def _size(size_bytes: float) -> str:
    for unit in ("B", "KiB", "MiB", "GiB"):
        if size_bytes < 1024:
            return f"{size_bytes:.0f} {unit}" if unit == "B" else f"{size_bytes:.1f} {unit}"
        size_bytes /= 1024
    return f"{size_bytes:.1f} TiB"
