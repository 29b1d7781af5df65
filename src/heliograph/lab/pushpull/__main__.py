"""Push or pull: `python -m heliograph.lab.pushpull simulate`. Exits with 1 when the choice by cost is not the cheapest."""

import sys

from rich.console import Console
from rich.table import Table

from heliograph.lab.pushpull.graphs import MIXES
from heliograph.lab.pushpull.simulate import ACCOUNTS, BY_COST, Day, simulate


def main(names: list[str]) -> int:
    """Do what `names` say; the exit code."""
    if names != ["simulate"]:
        sys.stderr.write("expected: simulate\n")
        return 2
    return _simulated()


def _simulated() -> int:
    cheapest = True
    for mix in MIXES:
        days = simulate(mix)
        _show(f"{mix.name}; {ACCOUNTS:,} accounts, a day", days)
        by_cost = next(day.seconds for day in days if day.policy == BY_COST)
        cheapest &= all(by_cost <= day.seconds for day in days if not day.is_bound)
    return 0 if cheapest else 1


def _show(title: str, days: list[Day]) -> None:
    least = next(day.seconds for day in days if day.policy == BY_COST)
    table = Table("way to choose", "processor seconds", "of the choice by cost", "authors pulled", title=title)
    for day in days:
        pulled = "" if day.is_bound else f"{day.pulled:,}"
        table.add_row(day.policy, f"{day.seconds:,.1f}", f"{day.seconds / least:.2f}", pulled)
    Console().print(table)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
