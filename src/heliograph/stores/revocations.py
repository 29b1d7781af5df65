"""News between processes: what stood for an account does so no more. By Valkey's publish/subscribe.

News may be lost while Valkey is away; so a listener knows whether it hears (`hearing`), and whoever does not hear believes
nothing for long.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable

from heliograph.base.errors import StoreUnavailableError
from heliograph.stores.hearing import hearing
from heliograph.stores.valkey import Valkey

CHANNEL = "heliograph:revoked"
# For as long as anybody who hears believes a proof (domain/accounts/identity.py): only this process may be cut off from Valkey.
TELL_FOR_S = 60.0
TELL_AGAIN_S = 0.3
# A stop waits so long for what is still to be told.
LAST_S = 1.5


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
        until = time.monotonic() + TELL_FOR_S
        while time.monotonic() < until:
            try:
                await self._valkey.one(lambda _: ("PUBLISH", CHANNEL, owner_id))
            except StoreUnavailableError:
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
                _, left = await asyncio.wait(self._telling, timeout=LAST_S)
                for task in left:
                    task.cancel()
