"""How the listener for revocations ends."""

import asyncio
from contextlib import asynccontextmanager

from heliograph.stores.revocations import Revocations


class Deaf:
    """Stands for a client library that loses the first cancellation (`asyncio.wait_for` before Python 3.12 does)."""

    def __init__(self):
        self.lost = 0

    @asynccontextmanager
    async def listen(self, channel):  # noqa: ARG002 -- as the real one has it
        async def wait(timeout_s):
            try:
                await asyncio.sleep(timeout_s)
            except asyncio.CancelledError:
                if self.lost:
                    raise
                self.lost += 1

        yield wait


async def test_a_lost_cancellation_does_not_hold_up_the_stop():
    valkey = Deaf()
    async with asyncio.timeout(5) as deadline:
        async with Revocations(valkey).heard(lambda _: None, lambda: None):
            await asyncio.sleep(0)
            await asyncio.sleep(0)
    assert valkey.lost == 1
    # Its own cancellation would be swallowed too, as the listener's.
    assert not deadline.expired()
