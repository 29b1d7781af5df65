"""Measure everything, or what is named: `python -m heliograph.lab.bench [home] [fanout] [posts]`.

Exits with 1 when a bar is missed.
"""

import asyncio
import sys

from heliograph.base import logs
from heliograph.lab.bench import fanout, home, posts, report
from heliograph.lab.bench.report import Figure
from heliograph.lab.bench.trial import trial

PARTS = {"home": home.measure, "fanout": fanout.measure, "posts": posts.measure}


async def main(names: list[str]) -> int:
    """Measure the parts `names`, each on a fresh site; the exit code."""
    figures: list[Figure] = []
    for name in names:
        async with trial() as site:
            figures += await PARTS[name](site)
    report.show(figures)
    return 0 if all(figure.reached for figure in figures) else 1


if __name__ == "__main__":
    asked = sys.argv[1:] or list(PARTS)
    unknown = [name for name in asked if name not in PARTS]
    if unknown:
        sys.exit(f"{unknown[0]}: expected one of {', '.join(PARTS)}")
    logs.configure("warning")
    sys.exit(asyncio.run(main(asked)))
