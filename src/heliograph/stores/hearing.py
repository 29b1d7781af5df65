"""Hearing what other processes tell through one channel of Valkey's publish/subscribe, for the length of a block.

What is told while Valkey is away is lost. So a hearer is told too when hearing begins and ends, and must then believe
nothing that rests on having heard everything.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

from heliograph.base import logs
from heliograph.base.errors import StoreUnavailableError
from heliograph.stores.valkey import Valkey

log = logs.get("hearing")

WAIT_S = 0.5
CANCEL_AGAIN_S = 0.5

OnMessage = Callable[[bytes], None]
# Told True when hearing begins, False when it ends.
OnChange = Callable[[bool], None]


@contextlib.asynccontextmanager
async def hearing(valkey: Valkey, channel: str, on_message: OnMessage, on_change: OnChange) -> AsyncIterator[None]:
    """Inside the block, `on_message` is called with each message of `channel`. Neither function may wait or raise."""
    task = asyncio.create_task(_hear(valkey, channel, on_message, on_change))
    try:
        yield
    finally:
        # Before Python 3.12 `wait_for`, which the client library uses, loses a cancellation that comes as its own wait
        # ends: whoever stops just after the start would wait for ever.
        while not task.done():
            task.cancel()
            await asyncio.wait([task], timeout=CANCEL_AGAIN_S)
        with contextlib.suppress(asyncio.CancelledError):
            task.result()


async def _hear(valkey: Valkey, channel: str, on_message: OnMessage, on_change: OnChange) -> None:
    hears = False
    async with valkey.listen(channel) as wait:
        while True:
            try:
                message = await wait(WAIT_S)
                if not hears:
                    hears = True
                    on_change(hears)
                if message is not None:
                    on_message(message)
            except Exception as error:
                # Whatever it is: who goes on believing that they hear would believe for good what nobody tells them any more.
                if not isinstance(error, StoreUnavailableError):
                    log.exception("hearing.failed", channel=channel)
                if hears:
                    hears = False
                    on_change(hears)
                await asyncio.sleep(WAIT_S)
