"""The tables of `docs/design/graph.md`: one for each size of the graph, between marks; the words around them are the page's own."""

import re
from collections.abc import Sequence
from pathlib import Path

from heliograph.lab.bench import machine
from heliograph.lab.graph import questions
from heliograph.lab.graph.questions import Answers

BEGIN, END = "<!-- figures -->\n", "<!-- end of figures -->\n"
_TABLE = re.compile(r"^### At ([\d,]+) edges\n.*?(?=^### At |\Z)", re.MULTILINE | re.DOTALL)
ROWS = (questions.PAGES, questions.NEWEST, questions.AMONG, questions.MUTUALS, questions.SUGGESTIONS)


def record(path: Path, edges: int, people: int, all_answers: Sequence[Answers]) -> None:
    """Put the table for `edges` into the page at `path`; those for other sizes stay. Raises ValueError without marks."""
    head, begin, rest = path.read_text().partition(BEGIN)
    kept, end, tail = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{path} has no marks {BEGIN.strip()} and {END.strip()}")
    tables = {int(match[1].replace(",", "")): match[0] for match in _TABLE.finditer(kept)}
    tables[edges] = f"### At {edges:,} edges\n\n{table(people, all_answers)}\n"
    path.write_text(head + begin + "\n" + "".join(tables[size] for size in sorted(tables)) + end + tail)


def table(people: int, all_answers: Sequence[Answers]) -> str:
    """The table as Markdown, and where it comes from."""
    rows = [
        ["", *(answers.store for answers in all_answers)],
        ["---"] * (1 + len(all_answers)),
        ["loaded in", *(f"{answers.load_s:,.0f} s" for answers in all_answers)],
        ["takes", *(answers.size for answers in all_answers)],
        *([question, *(answers.cells.get(question, "cannot") for answers in all_answers)] for question in ROWS),
    ]
    lines = "".join(f"| {' | '.join(row)} |\n" for row in rows)
    return f"{people:,} people. Commit `{machine.commit()}`, {machine.today()}, {machine.described()}.\n\n{lines}"
