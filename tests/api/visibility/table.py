"""Reads expected.txt, and renders it for docs/design/visibility.md.

A block: `## Its name`, words on what it is, the endpoints (`METHOD /path | which part`), a line of columns, then rows: viewers,
a bar, a token for each column. Viewers with equal cells share a row. Each viewer stands in each block once.
"""

import re
from pathlib import Path
from typing import NamedTuple

from world import VIEWERS

EXPECTED = Path(__file__).with_name("expected.txt")
PAGE = Path(__file__).parents[3] / "docs" / "design" / "visibility.md"
LEGEND = """In tables of posts, the column `suspended` is a public post of somebody who was suspended; in others, that account.
`yes` and `-`: it is there, or not. `own`: cannot be told, since every page leads to its viewer. `login`: sent to log in. Numbers are HTTP
statuses, or counts where the words above the table say so.
"""
_ENDPOINT = re.compile(r"(GET|POST|PUT|PATCH|DELETE|WS) /")


class Block(NamedTuple):
    """One block: `rows` are viewers and their cells, in the order of the columns."""

    name: str
    about: str
    titles: list[str]
    columns: list[str]
    rows: list[tuple[list[str], list[str]]]

    def expected(self, viewer: str) -> dict[str, str]:
        """Column -> token."""
        (cells,) = [cells for viewers, cells in self.rows if viewer in viewers]
        return dict(zip(self.columns, cells, strict=True))


def blocks() -> list[Block]:
    """All blocks, in their order."""
    parts = re.split(r"^## ", EXPECTED.read_text(), flags=re.MULTILINE)[1:]
    return [_block(part) for part in parts]


def _block(text: str) -> Block:
    name, *lines = [line.strip() for line in text.strip().splitlines() if line.strip()]
    titles = [line for line in lines if _ENDPOINT.match(line)]
    table = [line for line in lines if "| " in line and line not in titles]
    about = " ".join(line for line in lines if line not in titles and line not in table)
    head, *rows = [[part.split() for part in line.split("|", 1)] for line in table]
    block = Block(name, about, titles, head[1], [(viewers, cells) for viewers, cells in rows])
    named = [viewer for viewers, _ in block.rows for viewer in viewers]
    assert sorted(named) == sorted(VIEWERS), f"{name}: {set(named) ^ set(VIEWERS)}, or one twice"
    assert all(len(cells) == len(block.columns) for _, cells in block.rows), name
    return block


def page(written: str) -> str:
    """docs/design/visibility.md as it should be: its prose, then what is generated: the viewers and the table."""
    prose, mark, _ = written.partition("## The viewers\n")
    assert mark, "the page has a heading for the viewers"
    viewers = "".join(f"- `{name}`: {words}\n" for name, words in VIEWERS.items())
    return f"{prose}{mark}\n{viewers}\n{LEGEND}\n## The table\n" + "".join(map(_rendered, blocks()))


def _rendered(block: Block) -> str:
    endpoints = "\n".join(f"- `{title.partition(' | ')[0]}`{_part(title)}" for title in block.titles)
    head = f"| Who looks | {' | '.join(block.columns)} |\n|---|{'---|' * len(block.columns)}\n"
    rows = "".join(f"| {', '.join(viewers)} | {' | '.join(cells)} |\n" for viewers, cells in block.rows)
    about = f"{block.about}\n\n" if block.about else ""
    return f"\n### {block.name}\n\n{about}{endpoints}\n\n{head}{rows}"


def _part(title: str) -> str:
    part = title.partition(" | ")[2]
    return f" ({part})" if part else ""


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text()))
