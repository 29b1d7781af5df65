"""A figure beside its bar, and the table of them."""

import msgspec
from rich.console import Console
from rich.table import Table


class Figure(msgspec.Struct, frozen=True):
    """What was measured. `bar`: what it must reach (`at_most`: must not exceed); None for what is only told."""

    name: str
    value: float
    unit: str
    bar: float | None = None
    at_most: bool = False
    note: str = ""

    @property
    def reached(self) -> bool:
        """Whether the bar is kept."""
        if self.bar is None:
            return True
        return self.value <= self.bar if self.at_most else self.value >= self.bar


def show(figures: list[Figure]) -> None:
    """Print the figures as a table."""
    table = Table("figure", "measured", "bar", "")
    for figure in figures:
        sign = "≤" if figure.at_most else "≥"
        bar = "" if figure.bar is None else f"{sign} {figure.bar:,.0f} {figure.unit}"
        mark = "" if figure.bar is None else "[green]reached[/]" if figure.reached else "[red]missed[/]"
        table.add_row(
            figure.name, f"{figure.value:,.1f} {figure.unit}", bar, " ".join(filter(None, [mark, figure.note]))
        )
    Console().print(table)
