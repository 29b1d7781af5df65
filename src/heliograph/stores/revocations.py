"""News between processes: what stood for an account does so no more. By Valkey's publish/subscribe.

News may be lost while Valkey is away; so a listener knows whether it hears (`hearing`), and whoever does not hear believes
nothing for long.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

from heliograph.base.errors import StoreUnavailableError
from heliograph.stores.hearing import hearing
from heliograph.stores.valkey import Valkey

CHANNEL = "heliograph:revoked"
TELL_TRIES = 5
TELL_AGAIN_S = 0.3


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

        def changed(hears: bool) -> None:
            self.hearing = hears
            on_silence()

        try:
            async with hearing(self._valkey, CHANNEL, lambda owner: on_news(int(owner)), changed):
                yield
        finally:
            if self._telling:
                await asyncio.wait(self._telling)
