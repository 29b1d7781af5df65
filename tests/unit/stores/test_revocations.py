"""How revocations are told, and how the listener for them ends."""

import asyncio
from contextlib import asynccontextmanager

from heliograph.base.errors import StoreUnavailableError
from heliograph.stores import revocations
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


class CutOff(Deaf):
    """A server that this process alone does not reach for some time."""

    def __init__(self, tries):
        super().__init__()
        self.tries = tries
        self.told = []

    async def one(self, build):
        self.tries -= 1
        if self.tries > 0:
            raise StoreUnavailableError("valkey")
        self.told.append(build(None))


async def test_it_is_told_once_it_can_be(monkeypatch):
    monkeypatch.setattr(revocations, "TELL_AGAIN_S", 0.0)
    valkey = CutOff(50)
    async with asyncio.timeout(5), Revocations(valkey).heard(lambda _: None, lambda: None):
        Revocations(valkey).tell(7)
        while not valkey.told:  # noqa: ASYNC110 -- it tells in the background
            await asyncio.sleep(0.001)
    assert valkey.told == [("PUBLISH", revocations.CHANNEL, 7)]


async def test_what_cannot_be_told_does_not_hold_up_the_stop(monkeypatch):
    monkeypatch.setattr(revocations, "LAST_S", 0.01)
    told = Revocations(CutOff(1_000_000))
    async with asyncio.timeout(5):
        async with told.heard(lambda _: None, lambda: None):
            told.tell(7)
