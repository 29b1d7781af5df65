"""A figure beside its bar and beside what bounds it in the same run, and the table of them."""

import sys

import msgspec
from rich.console import Console
from rich.table import Table

# A log has no width of its own.
LOG_COLUMNS = 150


class Beside(msgspec.Struct, frozen=True):
    """What the same run gave for comparison, in the unit of its figure: "floor", "function alone", "idle", ..."""

    name: str
    value: float


class Figure(msgspec.Struct, frozen=True):
    """What was measured. `bar`: what it must reach (`at_most`: must not exceed); None for what is only told.

    `beside`: the floor or the limit of the same run; a figure without one says in its bar alone what it is worth.
    """

    name: str
    value: float
    unit: str
    bar: float | None = None
    at_most: bool = False
    note: str = ""
    beside: Beside | None = None

    @property
    def reached(self) -> bool:
        """Whether the bar is kept. A value that is none (NaN: nothing came to be measured) keeps no bar."""
        if self.bar is None:
            return True
        return self.value <= self.bar if self.at_most else self.value >= self.bar


def cells(figure: Figure) -> tuple[str, str, str, str, str]:
    """A figure in words: name, measured, bar, what it stands beside, whether the bar is kept and the note."""
    bar, mark = "", ""
    if figure.bar is not None:
        bar = f"{'≤' if figure.at_most else '≥'} {number(figure.bar)} {figure.unit}".rstrip()
        mark = "reached" if figure.reached else "missed"
    return (
        figure.name,
        f"{number(figure.value)} {figure.unit}".rstrip(),
        bar,
        _beside(figure),
        "; ".join(filter(None, [mark, figure.note])),
    )


def _beside(figure: Figure) -> str:
    if figure.beside is None:
        return ""
    value = figure.beside.value
    share = figure.value / value if value else 0.0
    told = f" ({number(share)} times)" if share > 3 else f" ({100 * share:.0f} %)" if share else ""
    return f"{figure.beside.name} {number(value)} {figure.unit}".rstrip() + told


def number(value: float) -> str:
    """`value` with three digits that count, or all those before the point."""
    if value == 0 or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def show(title: str, figures: list[Figure]) -> None:
    """Print the figures as a table."""
    table = Table("figure", "measured", "bar", "beside it, same run", "", title=title, title_justify="left")
    for figure in figures:
        style = None if figure.bar is None else "green" if figure.reached else "red"
        table.add_row(*cells(figure), style=style)
    Console(width=None if sys.stdout.isatty() else LOG_COLUMNS).print(table)
