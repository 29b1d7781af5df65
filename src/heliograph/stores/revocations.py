"""News between processes: what stood for an account does so no more. By Valkey's publish/subscribe.

News may be lost while Valkey is away; so a listener knows whether it hears (`hearing`), and whoever does not hear believes
nothing for long.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

from heliograph.base.errors import StoreUnavailableError
from heliograph.stores.valkey import Valkey

CHANNEL = "heliograph:revoked"
TELL_TRIES = 5
TELL_AGAIN_S = 0.3
WAIT_S = 0.5
CANCEL_AGAIN_S = 0.5


class Revocations:
    """Tells of revocations, and hears of them."""

    def __init__(self, valkey: Valkey) -> None:
        self._valkey = valkey
        self._telling: set[asyncio.Task[None]] = set()
        self.hearing = False

    def tell(self, owner_id: int) -> None:
        """Tell every process that proofs of `owner_id` may have ended. Returns at once."""
        task = asyncio.create_task(self._tell(owner_id))
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)

    async def _tell(self, owner_id: int) -> None:
        for _ in range(TELL_TRIES):
            try:
                await self._valkey.one(lambda _: ("PUBLISH", CHANNEL, owner_id))
            except StoreUnavailableError:
                # While Valkey is away nobody hears, and nobody believes anything for long.
                await asyncio.sleep(TELL_AGAIN_S)
            else:
                return

    @contextlib.asynccontextmanager
    async def heard(self, on_news: Callable[[int], None], on_silence: Callable[[], None]) -> AsyncIterator[None]:
        """Inside the block, `on_news` is called with each owner told of, `on_silence` when hearing begins or ends."""
        task = asyncio.create_task(self._hear(on_news, on_silence))
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
            if self._telling:
                await asyncio.wait(self._telling)

    async def _hear(self, on_news: Callable[[int], None], on_silence: Callable[[], None]) -> None:
        async with self._valkey.listen(CHANNEL) as wait:
            while True:
                try:
                    news = await wait(WAIT_S)
                except StoreUnavailableError:
                    if self.hearing:
                        self.hearing = False
                        on_silence()
                    await asyncio.sleep(WAIT_S)
                    continue
                if not self.hearing:
                    self.hearing = True
                    on_silence()
                if news is not None:
                    on_news(int(news))
