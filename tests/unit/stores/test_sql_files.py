"""Every statement says on which slots it works, every table can be moved slot by slot. Read from the files themselves."""

import re
from pathlib import Path

import pytest

import heliograph.stores

STORES = Path(heliograph.stores.__file__).parent
QUERIES = sorted((STORES / "sql").glob("*.sql"))
MIGRATIONS = sorted((STORES / "migrations").glob("*.sql"))

# The table that tells of the shard itself.
WITHOUT_SLOT = {"migrations"}
NAMES_SLOT = re.compile(
    r"\bslot\s*=\s*(:\w+|ANY\s*\()"  # a condition on a parameter
    r"|\bslot\s*=\s*\w+\.slot\b"  # a join within the slot
    r"|\b(VALUES\s*\(|SELECT)\s*:slot\b"  # a row that is written to its slot
    r"|\(\s*(\w+\.)?slot\s*,\s*(\w+\.)?id\s*\)\s*(IN|=)",
    re.IGNORECASE,
)
VERB = re.compile(r"\b(SELECT|INSERT\s+INTO|UPDATE|DELETE\s+FROM)\b", re.IGNORECASE)
TABLE_USE = re.compile(r"\b(?:(?:INTO|UPDATE)\s+([a-z_]+)\b|(?:FROM|JOIN)\s+([a-z_]+)\b(?!\s*\())", re.IGNORECASE)


def queries_of(text: str) -> list[tuple[str, str, bool]]:
    """(name, statement without comments, whether it is marked as a scatter) of each query in a file."""
    pieces = re.split(r"^-- name: (\w+)[ \t]*$", text, flags=re.MULTILINE)[1:]
    found = []
    for name, body in zip(pieces[::2], pieces[1::2], strict=True):
        marked = any(line.strip() == "-- scatter" for line in body.splitlines())
        statement = "\n".join(line.split("--")[0] for line in body.splitlines())
        found.append((name, statement.strip(), marked))
    return found


def parts_of(statement: str) -> list[str]:
    """The pieces of a statement that read or write tables on their own: branches of UNION, CTEs, the statement itself."""
    # The columns of an INSERT end in a parenthesis that is no end of a CTE.
    bare = re.sub(r"(INSERT\s+INTO\s+\w+(?:\s+AS\s+\w+)?)\s*\([^)]*\)", r"\1", statement, flags=re.IGNORECASE)
    ends = r"\bUNION(?:\s+ALL)?\b|\bWITH\b|\)\s*,\s*(?=\w+\s+AS\s*\()|\)\s*,?\s*(?=SELECT|INSERT|UPDATE|DELETE)"
    return [part for part in re.split(ends, bare, flags=re.IGNORECASE) if VERB.search(part)]


def ctes_of(statement: str) -> set[str]:
    return set(
        re.findall(r"(?:\bWITH|,)\s*(?:RECURSIVE\s+)?(\w+)(?:\s*\([^)]*\))?\s+AS\s+(?:MATERIALIZED\s+)?\(", statement)
    )


def problems_of(text: str) -> list[str]:
    """What is wrong with the queries of one file."""
    found = []
    for name, statement, marked in queries_of(text):
        if marked:
            continue
        own = ctes_of(statement)
        for part in parts_of(statement):
            tables = (
                {table.lower() for pair in TABLE_USE.findall(part) for table in pair if table}
                - own
                - {"set", "unnest", "generate_series"}
            )
            if tables and not NAMES_SLOT.search(part):
                found.append(f"{name}: {' '.join(part.split())[:80]}")
    return found


def tables_of(text: str) -> list[tuple[str, str]]:
    """(name, body) of each CREATE TABLE."""
    bare = "\n".join(line.split("--")[0] for line in text.splitlines())
    return re.findall(r"CREATE TABLE (?:IF NOT EXISTS )?(\w+) \((.*?)\n\)", bare, flags=re.DOTALL | re.IGNORECASE)


def key_of(body: str) -> list[str]:
    """The columns of the primary key."""
    listed = re.search(r"PRIMARY KEY \(([^)]*)\)", body)
    if listed:
        return [column.strip() for column in listed[1].split(",")]
    inline = re.search(r"^\s*(\w+) .*PRIMARY KEY", body, flags=re.MULTILINE)
    return [inline[1]] if inline else []


def test_there_are_files():
    assert len(QUERIES) > 5
    assert MIGRATIONS


@pytest.mark.parametrize("file", QUERIES, ids=lambda file: file.stem)
def test_each_query_names_its_slot_or_is_a_scatter(file):
    assert problems_of(file.read_text()) == []


@pytest.mark.parametrize("file", QUERIES, ids=lambda file: file.stem)
def test_each_file_has_only_named_queries(file):
    head = file.read_text().split("-- name:")[0]
    assert all(line.startswith("--") or not line.strip() for line in head.splitlines()), "a statement without a name"
    names = [name for name, _, _ in queries_of(file.read_text())]
    assert len(names) == len(set(names)), "a name is used twice"


@pytest.mark.parametrize(
    "bad",
    [
        "SELECT id FROM posts WHERE id = :id;",
        "DELETE FROM posts WHERE account_id = :account_id AND id = :id;",
        "UPDATE posts SET text = :text WHERE id = :id;",
        "INSERT INTO posts (id, slot) VALUES (:id, :slot);",
        "SELECT id FROM posts WHERE slot = :slot UNION ALL SELECT id FROM likes WHERE id = :id;",
        "SELECT id FROM posts WHERE slot > :slot;",
        "SELECT slot, id FROM posts WHERE id = :id;",
        "-- slot = :slot\nSELECT id FROM posts WHERE id = :id;",
    ],
)
def test_a_query_without_its_slot_is_found(bad):
    assert problems_of(f"-- name: bad\n{bad}\n")


@pytest.mark.parametrize(
    "good",
    [
        "SELECT id FROM posts WHERE slot = :slot AND id = :id;",
        "SELECT id FROM posts WHERE slot = ANY(:slots::smallint[]) AND id = ANY(:ids::bigint[]);",
        "INSERT INTO posts (slot, id) VALUES (:slot, :id);",
        "-- scatter\nSELECT count(*) FROM posts;",
        "DELETE FROM posts WHERE (slot, id) IN (SELECT slot, id FROM posts WHERE slot = :slot LIMIT 1);",
    ],
)
def test_a_query_with_its_slot_passes(good):
    assert problems_of(f"-- name: good\n{good}\n") == []


@pytest.mark.parametrize("file", MIGRATIONS, ids=lambda file: file.stem)
def test_each_primary_key_begins_with_the_slot(file):
    for name, body in tables_of(file.read_text()):
        if name not in WITHOUT_SLOT:
            assert key_of(body)[:1] == ["slot"], name


@pytest.mark.parametrize(
    ("bad", "key"),
    [
        ("CREATE TABLE likes (\n    id bigint PRIMARY KEY,\n    slot smallint\n);", ["id"]),
        ("CREATE TABLE likes (\n    slot smallint,\n    id bigint,\n    PRIMARY KEY (id, slot)\n);", ["id", "slot"]),
        ("CREATE TABLE likes (\n    slot smallint,\n    id bigint\n);", []),
    ],
)
def test_a_table_without_it_is_found(bad, key):
    [(name, body)] = tables_of(bad)
    assert name == "likes"
    assert key_of(body) == key
    assert key[:1] != ["slot"]


def test_all_tables_are_seen():
    """The reading above has not overlooked one: as many tables as the word stands in the files."""
    for file in MIGRATIONS:
        bare = "\n".join(line.split("--")[0] for line in file.read_text().splitlines())
        assert len(tables_of(file.read_text())) == len(re.findall(r"\bCREATE TABLE\b", bare))


@pytest.mark.parametrize("file", MIGRATIONS, ids=lambda file: file.stem)
def test_names_of_migrations_say_when_they_run(file):
    assert re.fullmatch(r"\d{4}_(pre|post)_[a-z0-9_]+", file.stem)


def test_migrations_are_numbered_one_after_another():
    """Two that were written at the same time must not both think that they come next, and none may be lost."""
    numbers = [int(file.stem[:4]) for file in MIGRATIONS]
    assert numbers == list(range(1, len(MIGRATIONS) + 1))
