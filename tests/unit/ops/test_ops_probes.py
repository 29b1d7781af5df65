"""Probes of things that do not answer."""

from heliograph.ops import probes


async def test_nobody_there_is_no_answer(tmp_path):
    assert await probes.postgres(tmp_path / "none", "u", "d", 1.0) is None
    assert await probes.valkey(tmp_path / "none", 1.0) is None
    assert await probes.http("http://127.0.0.1:1/", 1.0) is None
