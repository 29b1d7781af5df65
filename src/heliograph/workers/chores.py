"""What has to be done now and then, not after a change: fold counts, sweep what is out of date.

Every worker does its chores; each is safe to do twice at once.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

from heliograph.base import clock, ids, logs
from heliograph.base.errors import StoreUnavailableError
from heliograph.domain.product import Product
from heliograph.stores import counts
from heliograph.stores.backlog import BELIEVED_S

log = logs.get("chores")

# A request or message that is older than this is certainly over.
SETTLED = timedelta(days=1)

Chore = Callable[[], Awaitable[object]]


def chores(product: Product) -> list[tuple[float, Chore]]:
    """(seconds between two runs, what to do)."""
    found: list[tuple[float, Chore]] = [
        (1.0, lambda: counts.fold(product.stores.shards)),
        (1.0, product.pace.tell),
        (60.0, lambda: sweep(product)),
        (60.0, product.choice.review),
        (3600.0, product.uploads.sweep_incoming),
    ]
    if product.settings.worker_metrics_port:
        # They are served from a thread, which cannot ask the stores itself.
        found.append((BELIEVED_S, product.backlog.measure))
    return found


async def run(product: Product, stop: asyncio.Event) -> None:
    """Do all chores until `stop` is set."""
    await asyncio.gather(*(_repeat(every_s, chore, stop) for every_s, chore in chores(product)))


async def _repeat(every_s: float, chore: Chore, stop: asyncio.Event) -> None:
    while not stop.is_set():
        try:
            await chore()
        except StoreUnavailableError:
            pass
        except Exception:
            log.exception("chore.failed")
        try:
            await asyncio.wait_for(stop.wait(), timeout=every_s)
        except TimeoutError:
            continue


async def sweep(product: Product) -> None:
    """Remove what is out of date: orphans, tombstones of edges, old keys, sessions, codes, claims."""
    await product.uploads.sweep()
    await product.publisher.sweep()
    await product.housekeeping.run()
    await product.mutes.sweep()
    # A tombstone is needed while a message about its edge may be under way.
    below = ids.first_at(clock.now() - SETTLED)
    oldest = await product.outbox.oldest()
    below = min(below, oldest - (1 << 22) * 3_600_000) if oldest is not None else below
    if below > 0:
        await product.follows.sweep(below)
        await product.blocks.sweep(below)
        await product.likes.sweep(below)
        await product.reblogs.sweep(below)
        await product.tag_follows.sweep(below)
        await product.threads.sweep(below)
        await product.telling.sweep(below)
