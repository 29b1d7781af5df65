"""Processor time that a site takes: of the web process, the worker, PostgreSQL and Valkey together, not of who drives them."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import msgspec

from heliograph.lab.bench.usage import LOAD, OTHERS, watched


class Spent(msgspec.Struct):
    """Seconds by role, once the block has ended."""

    seconds: dict[str, float] = {}

    @property
    def total_s(self) -> float:
        """Of all programs together."""
        return sum(self.seconds.values())


@contextmanager
def spent(programs: Mapping[str, int]) -> Iterator[Spent]:
    """What the `programs` (role -> process id) and the stores take during the block."""
    found, started = Spent(), time.perf_counter()
    with watched(programs) as usage:
        yield found
    took_s = time.perf_counter() - started
    found.seconds = {role: share * took_s for role, share in usage.cores.items() if role not in (LOAD, OTHERS)}
