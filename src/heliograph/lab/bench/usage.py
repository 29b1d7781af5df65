"""Who of a site uses the processor while it is measured: web process, worker, PostgreSQL, Valkey, the load itself."""

import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress

import msgspec
import psutil

# How the programs of the stores are called, and what to call them here.
_STORES = {"postgres": "PostgreSQL", "valkey-server": "Valkey"}
LOAD = "load client"
# What does not belong to the measurement: on a machine that others use as well, figures are to be taken with care.
OTHERS = "others"


class Usage(msgspec.Struct):
    """Shares of one core by role (1.0: a core all the time), once the block has ended."""

    cores: dict[str, float]

    def told(self) -> str:
        """In words, the busiest first."""
        parts = sorted(self.cores.items(), key=lambda part: -part[1])
        return ", ".join(f"{role} {100 * share:.0f} %" for role, share in parts)


@contextmanager
def watched(programs: Mapping[str, int]) -> Iterator[Usage]:
    """What this process, its `programs` (role -> process id) and the stores that it started use during the block."""
    usage = Usage({})
    before, busy_s, started = _spent(programs), _busy_s(), time.perf_counter()
    yield usage
    after, took_s = _spent(programs), time.perf_counter() - started
    spent: defaultdict[str, float] = defaultdict(float)
    for (role, pid), total_s in after.items():
        spent[role] += total_s - before.get((role, pid), 0.0)
    spent[OTHERS] = max(0.0, _busy_s() - busy_s - sum(spent.values()))
    usage.cores = {role: spent_s / took_s for role, spent_s in spent.items()}


def _spent(programs: Mapping[str, int]) -> dict[tuple[str, int], float]:
    """Processor time in seconds of each process, by role and process id."""
    roles = {pid: role for role, pid in programs.items()}
    me = psutil.Process()
    found = {(LOAD, me.pid): _time_s(me)}
    for process in me.children(recursive=True):
        # A session of PostgreSQL may have ended since the list was made.
        with suppress(psutil.NoSuchProcess):
            role = roles.get(process.pid) or _STORES.get(process.name())
            if role:
                found[role, process.pid] = _time_s(process)
    return found


def _time_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _busy_s() -> float:
    """Time for which the cores of the machine have worked."""
    times = psutil.cpu_times()
    return float(sum(times) - times.idle - getattr(times, "iowait", 0.0))
