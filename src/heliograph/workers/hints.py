"""Hints that something has come into the outbox: heard once by a process, and passed on to the lanes that they are for.

A hint that is lost costs a moment: every lane looks by itself as well.
"""

from contextlib import AbstractAsyncContextManager

from heliograph.stores.hearing import hearing
from heliograph.stores.outbox import CHANNEL, hinted_kinds
from heliograph.stores.valkey import Valkey
from heliograph.workers.loop import Worker


class Hints:
    """Hears hints for `workers`."""

    def __init__(self, valkey: Valkey, workers: list[Worker]) -> None:
        self._valkey = valkey
        self._workers = workers

    def hearing(self) -> AbstractAsyncContextManager[None]:
        """Inside the block, hints wake the workers."""
        return hearing(self._valkey, CHANNEL, self._wake, lambda _: self._wake(b""))

    def _wake(self, message: bytes) -> None:
        kinds = hinted_kinds(message)
        for worker in self._workers:
            if not kinds or any(worker.lane.takes(kind) for kind in kinds):
                worker.hinted.set()
