"""Measure everything, or what is named: `python -m heliograph.lab.bench [--book PAGE] [home] [fanout] [posts] ...`.

Exits with 1 when a bar is missed.
"""

import argparse
import asyncio
import sys
from pathlib import Path

from heliograph.base import logs
from heliograph.lab.bench import book, report
from heliograph.lab.bench.parts import PARTS
from heliograph.lab.bench.trial import trial


async def main(names: list[str], page: Path | None) -> int:
    """Measure the parts `names`, each on a fresh site, and write what came of it into `page`; the exit code."""
    reached = True
    for name in names:
        part = PARTS[name]
        async with trial(part.cores, push_limit=part.push_limit) as site:
            figures = await part.measure(site)
        report.show(part.title, figures)
        if page is not None:
            book.record(page, name, PARTS, part.title, part.about, figures)
        reached &= all(figure.reached for figure in figures)
    return 0 if reached else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser("heliograph.lab.bench", description="Measure a fresh site, part by part.")
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; none: all of them")
    parser.add_argument("--book", type=Path, metavar="PAGE", help="Markdown page whose sections are written anew")
    asked = parser.parse_args()
    for name in asked.parts:
        if name not in PARTS:
            parser.error(f"{name}: expected one of {', '.join(PARTS)}")
    logs.configure("warning")
    sys.exit(asyncio.run(main(asked.parts or list(PARTS), asked.book)))
