"""What is heard between replies, where it stands, and once more where it would be undone."""

import asyncio
from unittest.mock import Mock

import pytest

from heliograph.stores.pipe import Pipe

PUSH = b">2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\na\r\n"


@pytest.mark.parametrize(
    ("said", "order"),
    [
        (b"$1\r\n1\r\n" + PUSH + b"$1\r\n2\r\n", [[b"a"], "put", [b"a"]]),
        (b"$1\r\n1\r\n$1\r\n2\r\n" + PUSH, ["put", [b"a"]]),
        (PUSH + b"$1\r\n1\r\n$1\r\n2\r\n", [[b"a"], "put"]),
    ],
    ids=["in the middle", "behind", "before"],
)
async def test_what_has_changed_is_heard_after_it_was_put_away(said: bytes, order: list[object]) -> None:
    seen: list[object] = []
    pipe = Pipe(5.0, seen.append)
    pipe.connection_made(Mock(asyncio.Transport))
    wave = asyncio.create_task(pipe.exchange([("GET", "a"), ("GET", "b")], lambda _: seen.append("put")))
    await asyncio.sleep(0)
    for byte in said:
        pipe.data_received(bytes([byte]))
    assert await wave == [b"1", b"2"]
    assert seen == order
    pipe.connection_lost(None)
