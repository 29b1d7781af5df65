"""The highest rate that a server bears: an open loop at rising rates, until the p99 or an error says stop."""

import os
from collections.abc import Awaitable, Callable

import msgspec

from heliograph.lab.bench.openloop import Outcome
from heliograph.lab.bench.usage import OTHERS, Usage

P99_MS = 100.0
# The share of its time above which a core, or all of them, has nothing left to give.
FULL = 0.9
# Half-way steps between the last rate that was borne and the first that was not.
REFINED = 2


class Step(msgspec.Struct, frozen=True):
    """One rate: what came of it, who used the processor, how many messages waited in the outbox before and after."""

    per_s: float
    outcome: Outcome
    usage: Usage
    waited_before: int
    waited_after: int

    @property
    def borne(self) -> bool:
        """Whether everything was answered with 200, and of each kind 99 of 100 in time."""
        return self.outcome.errors == 0 and self.slowest[0] < P99_MS

    @property
    def slowest(self) -> tuple[float, str]:
        """The p99 (ms) of the kind of requests that has the highest, and which that is."""
        kinds = {answer.kind for answer in self.outcome.answers}
        return max(((self.outcome.ms(0.99, kind), kind) for kind in kinds), default=(float("inf"), "nothing answered"))

    @property
    def gave_way(self) -> str:
        """What is at its limit: the worker where messages pile up, else a program that fills a core, else all cores.

        Where none of these is, requests wait for something that takes no processor time: the disk at a commit, or a lock.
        """
        posts = sum(answer.kind == "post" for answer in self.outcome.answers)
        more = self.waited_after - self.waited_before
        if more > posts / 2:
            return f"the worker, {more:,} more messages wait"
        role, share = max(self.usage.cores.items(), key=lambda part: part[1])
        if share > FULL and role == OTHERS:
            return "nothing of the site: others fill a core"
        if share > FULL:
            return f"{role}, which fills a core"
        if sum(self.usage.cores.values()) > FULL * (os.cpu_count() or 1):
            return f"the cores, of which {role} takes most"
        return "nothing that takes processor time: a wait"


Try = Callable[[float], Awaitable[Step]]


async def climb(attempt: Try, start_per_s: float, factor: float) -> tuple[Step | None, Step]:
    """The highest step that was borne (None: not even the first), and the lowest that was not.

    A step that fails is tried once more, since one stall of the machine is no verdict.
    """
    best, per_s = None, start_per_s
    while (step := await _twice(attempt, per_s)).borne:
        best, per_s = step, per_s * factor
    if best is None:
        return None, step
    for _ in range(REFINED):
        between = await _twice(attempt, (best.per_s * step.per_s) ** 0.5)
        if between.borne:
            best = between
        else:
            step = between
    return best, step


async def _twice(attempt: Try, per_s: float) -> Step:
    first = await attempt(per_s)
    return first if first.borne else await attempt(per_s)
