"""Who hears no more knows it, whatever the reason."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from heliograph.base.errors import StoreUnavailableError
from heliograph.stores import hearing
from heliograph.stores.valkey import Valkey


@pytest.mark.parametrize("error", [StoreUnavailableError("valkey"), RuntimeError("closing took too long")])
async def test_a_hearer_goes_on_after_any_error(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hearing, "WAIT_S", 0.001)
    said: list[bytes | Exception] = [b"one", error, b"two"]

    class Server(Valkey):
        @asynccontextmanager
        async def listen(self, _: str) -> AsyncIterator[Callable[[float], Awaitable[bytes | None]]]:
            async def wait(_: float) -> bytes | None:
                if not said:
                    await asyncio.Event().wait()
                next_one = said.pop(0)
                if isinstance(next_one, Exception):
                    raise next_one
                return next_one

            yield wait

    heard: list[object] = []
    async with hearing.hearing(Server("unix:///nowhere"), "news", heard.append, heard.append):
        async with asyncio.timeout(5):
            while len(heard) < 5:  # noqa: ASYNC110 -- it hears in the background
                await asyncio.sleep(0.001)
    assert heard == [True, b"one", False, True, b"two"]
