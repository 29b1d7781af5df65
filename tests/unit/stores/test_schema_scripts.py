"""Migrations are read from their files once a process: /readyz asks for them every few seconds."""

from pathlib import Path

import pytest

from heliograph.stores import schema


def test_files_are_read_once(monkeypatch):
    schema.scripts.cache_clear()
    found = dict(schema.scripts("pre"))
    assert found["0001_pre_foundation"].strip()

    def never(*_, **__):
        raise AssertionError("read again")

    monkeypatch.setattr(Path, "read_text", never)
    assert schema.scripts("pre") == found


def test_what_is_kept_cannot_be_changed():
    with pytest.raises(TypeError):
        schema.scripts()["9999_pre_none"] = ""  # type: ignore[index]
