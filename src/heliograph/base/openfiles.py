"""How many files a process may have open; each connection is one, and the usual limit of 1,024 is few for streams."""

import contextlib
import resource

ENOUGH = 65_536


def allow_many() -> None:
    """Let this process open as many files as the system lets it by itself, ENOUGH at most."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = ENOUGH if hard == resource.RLIM_INFINITY else min(hard, ENOUGH)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return
    # Some systems have a lower limit of their own, and do not say so.
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
