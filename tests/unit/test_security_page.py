"""docs/design/security.md is true as far as a program can see: each test, file and page that it names is there."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "design" / "security.md"
TEXT = PAGE.read_text()
TESTS = sorted(set(re.findall(r"`([\w/]+\.py)::(\w+)`", TEXT)))
CODE = sorted(set(re.findall(r"`((?:base|stores|domain|web|workers|ops|lab|cli)/[\w/.]+\.(?:py|html|js|css))`", TEXT)))
LINKS = sorted(set(re.findall(r"\]\(([^)#:]+\.md)\)", TEXT)))
ROWS = re.findall(r"^\| (\d+\.\d+\.\d+) \| [^|]+ \| (\S[^|]*) \| (\S.*) \|$", TEXT, re.MULTILINE)
# Of ASVS 5.0.0, levels 1 and 2, by chapter.
REQUIREMENTS = [27, 11, 19, 10, 9, 35, 18, 7, 7, 29, 14, 9, 13, 9, 13, 16, 7]


@cache
def functions(path: str) -> set[str]:
    file = ROOT / "tests" / path
    assert file.is_file(), f"there is no tests/{path}"
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return {node.name for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, kinds)}


@pytest.mark.parametrize(("path", "name"), TESTS)
def test_each_test_is_there(path: str, name: str):
    assert name in functions(path)


def test_each_file_is_there():
    assert [path for path in CODE if not (ROOT / "src" / "heliograph" / path).is_file()] == []
    assert [link for link in LINKS if not (PAGE.parent / link).is_file()] == []


def test_each_requirement_has_its_line():
    ids = [row[0] for row in ROWS]
    assert len(set(ids)) == len(ids)
    assert [sum(each.split(".")[0] == str(chapter) for each in ids) for chapter in range(1, 18)] == REQUIREMENTS
    assert {state for _, state, _ in ROWS} == {"met", "n/a", "**partly**", "**not met**"}


def test_what_is_not_met_stands_first():
    first = TEXT.partition("## What is shared")[0]
    missing = {ident for ident, state, _ in ROWS if "**" in state}
    assert missing == set(re.findall(r"\d+\.\d+\.\d+(?= \||, \d)", first))


def test_the_page_is_read():
    assert len(TESTS) > 90
    assert len(CODE) > 20
    assert len(LINKS) > 6
