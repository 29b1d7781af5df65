"""The page of all figures, `docs/benchmarks.md`: a section for each part, with the commit and the machine that gave it.

A part that is not measured keeps its section as it is. Nothing but the sections is kept: the rest of the page is here.
"""

import re
from collections.abc import Iterable
from pathlib import Path

from heliograph.lab.bench import machine
from heliograph.lab.bench.report import Figure, cells

HEAD = """# Benchmarks

Written by `make bench`, `make bench-mixed` and `make bench-celebrity`; do not edit. Each figure stands beside its bar, which is what the project promises itself, and, where there is
one, beside the floor or the limit of the same run: what a server that does nothing, or a store alone, does on the same machine in
the same minute. `make bench PARTS="home posts"` measures some parts only; the others keep their section, their commit and their day.

The load comes from the same machine and takes its share of it. Figures say where the time goes; they are no promises. On a machine that
others used meanwhile ("load ... before it began") only ratios of the same run say anything.
"""

_SECTION = re.compile(r"^<!-- part: ([a-z-]+) -->\n(.*?)^<!-- end -->\n", re.MULTILINE | re.DOTALL)


def record(path: Path, part: str, order: Iterable[str], title: str, about: str, figures: list[Figure]) -> None:
    """Put the section of `part` into the page at `path`, in the place that `order` (the names of all parts) gives it."""
    sections = _read(path)
    sections[part] = _section(title, about, figures)
    ranks = {name: rank for rank, name in enumerate(order)}
    names = sorted(sections, key=lambda name: (ranks.get(name, len(ranks)), name))
    path.write_text(HEAD + "".join(f"\n<!-- part: {name} -->\n{sections[name]}<!-- end -->\n" for name in names))


def _read(path: Path) -> dict[str, str]:
    return dict(_SECTION.findall(path.read_text())) if path.exists() else {}


def _section(title: str, about: str, figures: list[Figure]) -> str:
    rows = "".join(f"| {' | '.join(_escaped(cell) for cell in cells(figure))} |\n" for figure in figures)
    return (
        f"## {title}\n\n{about}\n\n"
        f"Commit `{machine.commit()}`, {machine.today()}, {machine.described()}.\n\n"
        "| Figure | Measured | Bar | Beside it, same run | |\n|---|---|---|---|---|\n"
        f"{rows}"
    )


def _escaped(cell: str) -> str:
    """A cell of a Markdown table; an indented name, which belongs to the one above, keeps its place."""
    text = cell.replace("|", "\\|")
    return text.replace("  ", "– ", 1) if text.startswith("  ") else text
