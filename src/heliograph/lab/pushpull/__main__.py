"""Push or pull: `python -m heliograph.lab.pushpull calibrate|simulate|site`.

`calibrate` measures the costs of stores/costs.py on this machine, `simulate` has societies live a day on paper, `site` some hours on a
real site. Exits with 1 when the choice by cost is not the cheapest; on a real site what differs by less than 3 % counts as equal.
"""

import asyncio
import statistics
import sys

from rich.console import Console
from rich.table import Table

from heliograph.base import logs
from heliograph.lab.bench.trial import ALL_CORES, trial
from heliograph.lab.pushpull.calibrate import calibrate
from heliograph.lab.pushpull.graphs import MIXES, Mix
from heliograph.lab.pushpull.simulate import ACCOUNTS, BY_COST, Day, simulate
from heliograph.lab.pushpull.site import ACCOUNTS as NEIGHBOURS
from heliograph.lab.pushpull.site import ROUNDS, Lived, is_cheapest, live, ratios
from heliograph.stores.costs import COSTS


def main(names: list[str]) -> int:
    """Do what `names` say; the exit code."""
    logs.configure("warning")
    parts = {"calibrate": _calibrated, "simulate": _simulated, "site": _measured}
    if len(names) != 1 or names[0] not in parts:
        sys.stderr.write(f"expected one of {', '.join(parts)}\n")
        return 2
    return parts[names[0]]()


def _calibrated() -> int:
    async def measured() -> None:
        async with trial(ALL_CORES) as site:
            found = await calibrate(site)
        table = Table("microseconds of processor time", "here", "believed")
        table.add_row(
            "BEGIN: a pushed post, before its first follower", f"{found.begin_us:.0f}", f"{COSTS.begin_us:.0f}"
        )
        table.add_row("PUSH: a post into one list", f"{found.push_us:.1f}", f"{COSTS.push_us:.1f}")
        table.add_row("SKIP: a follower passed over", f"{found.skip_us:.1f}", f"{COSTS.skip_us:.1f}")
        table.add_row("MERGE: one list more in a read", f"{found.merge_us:.1f}", f"{COSTS.merge_us:.1f}")
        table.add_row("FETCH: more for one that has changed", f"{found.fetch_us:.1f}", f"{COSTS.fetch_us:.1f}")
        Console().print(table)

    asyncio.run(measured())
    return 0


def _simulated() -> int:
    cheapest = True
    for mix in MIXES:
        days = simulate(mix)
        _show(f"{mix.name}; {ACCOUNTS:,} accounts, a day", days)
        by_cost = next(day.seconds for day in days if day.policy == BY_COST)
        cheapest &= all(by_cost <= day.seconds for day in days if not day.is_bound)
    return 0 if cheapest else 1


def _measured() -> int:
    async def lived(mix: Mix) -> list[Lived]:
        async with trial(ALL_CORES) as site:
            return await live(site, mix)

    cheapest = True
    for mix in MIXES:
        ways = asyncio.run(lived(mix))
        title = f"{mix.name}; {NEIGHBOURS:,} accounts on a site, the same hours {ROUNDS} times"
        table = Table("way to choose", "processor seconds", "of the choice by cost", "authors pulled", title=title)
        for each, ratio in zip(ways, ratios(ways).values(), strict=True):
            table.add_row(each.way, f"{statistics.median(each.seconds):,.2f}", f"{ratio:.2f}", f"{each.pulled:,}")
        cheapest &= is_cheapest(ways)
        Console().print(table)
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
