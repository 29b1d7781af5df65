"""What happens on the site, told to every web process at once: for open streams only, by Valkey's publish/subscribe.

One channel for the whole site, one message for each happening; who hears it decides which of its own streams get it.
Nothing that must arrive may be told here: while Valkey is away, messages are lost.
"""

from contextlib import AbstractAsyncContextManager

from heliograph.stores.hearing import OnChange, OnMessage, hearing
from heliograph.stores.valkey import Valkey

CHANNEL = "heliograph:stream"


class Broadcast:
    """Tells, and hears, plain bytes."""

    def __init__(self, valkey: Valkey) -> None:
        self._valkey = valkey

    async def tell(self, *messages: bytes) -> None:
        """Tell all who hear now. Raises StoreUnavailableError."""
        await self._valkey.wave(lambda _: [("PUBLISH", CHANNEL, message) for message in messages])

    def heard(self, on_message: OnMessage, on_change: OnChange) -> AbstractAsyncContextManager[None]:
        """Inside the block, `on_message` is called with each message, `on_change` when hearing begins (True) or ends."""
        return hearing(self._valkey, CHANNEL, on_message, on_change)
