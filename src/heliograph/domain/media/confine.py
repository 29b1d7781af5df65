"""Ties the decoding child down before it reads a byte of the upload.

Everything here is irreversible for the process that calls it. It must run before a decoder library is loaded,
so that the libraries' own memory counts too.
"""

import ctypes
import math
import os
import resource
import signal
import sys
import threading
import time

MIB = 1024 * 1024
# The kernel can limit only what is reserved, and libraries reserve what they never touch (libvips for a
# 50-megapixel WebP: 414 MiB). So these are the net; `watch_memory` holds what is resident.
DATA_SLACK_MB = 448
ADDRESS_SLACK_MB = 768
WATCH_INTERVAL_S = 0.004
TOO_MUCH_MEMORY = 4
LARGEST_OUTPUT_MB = 64
OPEN_FILES = 32
NICENESS = 10
PR_SET_PDEATHSIG = 1


def confine(memory_mb: int, timeout_s: float) -> None:
    """Limit this process for good. memory_mb: resident memory, MiB. timeout_s: CPU seconds, rounded up."""
    _limit(resource.RLIMIT_DATA, (memory_mb + DATA_SLACK_MB) * MIB)
    _limit(resource.RLIMIT_AS, (memory_mb + ADDRESS_SLACK_MB) * MIB)
    _limit(resource.RLIMIT_CPU, max(1, math.ceil(timeout_s)))
    _limit(resource.RLIMIT_FSIZE, LARGEST_OUTPUT_MB * MIB)
    _limit(resource.RLIMIT_NOFILE, OPEN_FILES)
    _limit(resource.RLIMIT_CORE, 0)
    os.umask(0o077)
    os.nice(NICENESS)
    threading.Thread(target=watch_memory, args=(memory_mb,), daemon=True).start()


def watch_memory(memory_mb: int) -> None:
    """End this process with TOO_MUCH_MEMORY as soon as it has more than `memory_mb` MiB resident (Linux only).

    The decoders let go of the interpreter's lock while they work, so that this loop runs beside them.
    """
    page = os.sysconf("SC_PAGE_SIZE")
    try:
        statm = os.open("/proc/self/statm", os.O_RDONLY)
    except OSError:
        return
    while int(os.pread(statm, 128, 0).split()[1]) * page <= memory_mb * MIB:
        time.sleep(WATCH_INTERVAL_S)
    os._exit(TOO_MUCH_MEMORY)


def die_with(parent: int) -> None:
    """Be killed when the process `parent` dies, so that a killed worker leaves no decoder running (Linux only)."""
    if sys.platform != "linux":
        return
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before we asked
        os._exit(1)


def peak_kib() -> int:
    """The largest resident memory of this process so far, KiB; 0 where the system does not say.

    Not `ru_maxrss`: that one starts at the parent's figure, since it survives fork and exec.
    """
    try:
        with open("/proc/self/status", encoding="ascii") as status:  # noqa: PTH123 -- pathlib costs 3 ms of every photo
            return next((int(line.split()[1]) for line in status if line.startswith("VmHWM")), 0)
    except OSError:
        return 0


def _limit(kind: int, value: int) -> None:
    _, hard = resource.getrlimit(kind)
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(kind, (value, value))
