"""Compare stores of the follow graph: `python -m heliograph.lab.graph [--edges 1000000] [--dir FOLDER] [--page PAGE]`.

A store at a time, one client, everything on one machine. Exits with 1 when stores give different answers.
"""

import argparse
import asyncio
import sys
import tempfile
from contextlib import closing
from pathlib import Path

from rich.console import Console

from heliograph.base import logs
from heliograph.lab.bench.trial import ALL_CORES, Trial, trial
from heliograph.lab.graph import page, questions
from heliograph.lab.graph.adjacency import Sets, SortedSets
from heliograph.lab.graph.ladybug import PACKAGE, Ladybug
from heliograph.lab.graph.made import Graph
from heliograph.lab.graph.questions import Answers
from heliograph.lab.graph.tables import Tables

EDGES = 1_000_000


async def main(edges: int, parent: Path, out: Path | None) -> int:
    """Make the graph, ask all stores, tell; the exit code."""
    console = Console(stderr=True)
    graph = Graph(edges, seed=20)
    console.print(f"{len(graph):,} follows of {graph.people:,} people are made")
    async with trial(ALL_CORES, parent=parent) as site:
        found = await _ask_all(site, graph, parent, console)
    different = questions.differences(found)
    for words in different:
        console.print(f"[red]{words}[/]")
    sys.stdout.write(page.table(graph.people, found))
    if out is not None:
        page.record(out, edges, graph.people, found)
    return 1 if different else 0


async def _ask_all(site: Trial, graph: Graph, parent: Path, console: Console) -> list[Answers]:
    found = []
    for store in (Tables(site.shards), SortedSets(site.valkey), Sets(site.valkey)):
        found.append(await questions.ask(store, graph))
        _tell(console, found[-1])
    with tempfile.TemporaryDirectory(prefix="heliograph-graph-", dir=parent) as folder:
        try:
            database = Ladybug(Path(folder))
        except ImportError:
            console.print(f"{PACKAGE} is not installed here: no graph database is asked (`make bench-graph` brings it)")
            return found
        with closing(database):
            found.append(await questions.ask(database, graph))
    _tell(console, found[-1])
    return found


def _tell(console: Console, answers: Answers) -> None:
    """What one store gave, as soon as it is known: with many edges the next takes long."""
    console.print(f"{answers.store}: loaded in {answers.load_s:.0f} s, {answers.size}")
    for question, cell in answers.cells.items():
        console.print(f"  {question}: {cell}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser("heliograph.lab.graph", description="The follow graph in three kinds of store.")
    parser.add_argument("--edges", type=int, default=EDGES, help=f"follows ({EDGES:,})")
    parser.add_argument("--dir", type=Path, default=Path(tempfile.gettempdir()), help="where throwaway data are kept")
    parser.add_argument("--page", type=Path, help="Markdown page whose table of this size is written anew")
    asked = parser.parse_args()
    logs.configure("warning")
    sys.exit(asyncio.run(main(asked.edges, asked.dir, asked.page)))
