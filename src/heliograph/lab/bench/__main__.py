"""Measure everything, or what is named: `python -m heliograph.lab.bench [home] [fanout] [posts] [streams]`.

Exits with 1 when a bar is missed.
"""

import asyncio
import sys

from heliograph.base import logs
from heliograph.lab.bench import fanout, home, posts, report, streams
from heliograph.lab.bench.report import Figure
from heliograph.lab.bench.trial import ALL_CORES, OTHER_CORES, trial

# What is measured, and the cores that the stores get.
PARTS = {
    "home": (home.measure, OTHER_CORES),
    "fanout": (fanout.measure, OTHER_CORES),
    "posts": (posts.measure, ALL_CORES),
    "streams": (streams.measure, ALL_CORES),
}


async def main(names: list[str]) -> int:
    """Measure the parts `names`, each on a fresh site; the exit code."""
    figures: list[Figure] = []
    for name in names:
        measure, cores = PARTS[name]
        async with trial(cores) as site:
            figures += await measure(site)
    report.show(figures)
    return 0 if all(figure.reached for figure in figures) else 1


if __name__ == "__main__":
    asked = sys.argv[1:] or list(PARTS)
    unknown = [name for name in asked if name not in PARTS]
    if unknown:
        sys.exit(f"{unknown[0]}: expected one of {', '.join(PARTS)}")
    logs.configure("warning")
    sys.exit(asyncio.run(main(asked)))
