"""The celebrity: `python -m heliograph.lab.celebrity [--edges 20000000] [--dir FOLDER] [--keep] [--book PAGE]`.

Says what it will take before it begins, and removes its data at the end. Exits with 1 when a bar is missed.
"""

import argparse
import asyncio
import shutil
import sys
import tempfile
from pathlib import Path

from rich.console import Console

from heliograph.base import logs
from heliograph.base.settings import Settings
from heliograph.lab.bench import book, report
from heliograph.lab.bench.parts import PARTS
from heliograph.lab.bench.report import Figure
from heliograph.lab.bench.trial import ALL_CORES, Trial, program, trial
from heliograph.lab.celebrity import measure, stage
from heliograph.lab.client import Client

EDGES = 20_000_000
TITLE = "The celebrity"


async def main(edges: int, parent: Path, *, keep: bool, page: Path | None) -> int:
    """Load, measure, tell; the exit code."""
    free_bytes = shutil.disk_usage(parent).free
    Console(stderr=True).print(stage.foreseen(edges, parent, free_bytes))
    if free_bytes < stage.needed_bytes(edges):
        sys.exit(f"{parent} has too little room: --dir (DIR=) names another folder, --edges (EDGES=) asks for fewer")
    # Pushed or pulled as any site would decide: the setting's own value.
    async with trial(ALL_CORES, push_limit=Settings().push_limit, parent=parent, keep=keep) as site:
        figures = await _measured(site, edges)
    if keep:
        Console(stderr=True).print(f"The site is kept in {site.settings.data_dir}")
    report.show(TITLE, figures)
    if page is not None:
        about = (measure.__doc__ or "").partition("\n\n")[0]
        book.record(page, "celebrity", [*PARTS, "celebrity"], TITLE, about, figures)
    return 0 if all(figure.reached for figure in figures) else 1


async def _measured(site: Trial, edges: int) -> list[Figure]:
    celebrity, readers = await stage.people(site)
    base = f"http://127.0.0.1:{site.settings.port}"
    async with (
        program(site.settings, "heliograph", "work", cores=ALL_CORES),
        program(site.settings, "heliograph", "serve", cores=ALL_CORES, ready=f"{base}/readyz"),
    ):
        with Client(base) as client:
            loaded_s = await stage.crowd_in(site, celebrity, edges, lambda: measure.publish(client, celebrity))
            await asyncio.to_thread(measure.publish, client, celebrity)
            await stage.quiet(site)
            size = await stage.edge_bytes(site)
            scene = stage.Stage(site, celebrity, readers, edges, loaded_s, size)
            return await measure.measure(scene, client)


if __name__ == "__main__":
    parser = argparse.ArgumentParser("heliograph.lab.celebrity", description="An account that very many follow.")
    parser.add_argument("--edges", type=int, default=EDGES, help=f"follow edges to load ({EDGES:,})")
    parser.add_argument(
        "--dir", type=Path, default=Path(tempfile.gettempdir()), help="where the throwaway site is kept"
    )
    parser.add_argument("--keep", action="store_true", help="leave the data where it is")
    parser.add_argument("--book", type=Path, metavar="PAGE", help="Markdown page whose section is written anew")
    asked = parser.parse_args()
    logs.configure("warning")
    sys.exit(asyncio.run(main(asked.edges, asked.dir, keep=asked.keep, page=asked.book)))
