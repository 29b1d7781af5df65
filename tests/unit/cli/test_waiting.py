"""What the screen of `heliograph status` says of deliveries that wait."""

import pytest

from heliograph.cli.status import ShardStatus, Status, _deliveries
from heliograph.stores.outbox import OutboxState

BUSY = OutboxState("a", pending=9, posts=2, deliveries=1_200_000, post_oldest_s=4.2)
ALSO = OutboxState("b", pending=1, posts=1, deliveries=300, post_oldest_s=7.0)


@pytest.mark.parametrize(
    ("queues", "per_s", "expected"),
    [
        ([OutboxState("a", pending=3)], 5.0, {"waiting": "none"}),
        (
            [BUSY, ALSO],
            120_000.0,
            {"waiting": "1,200,300 deliveries of 3 posts, the oldest 7 s old", "time to empty": "10 s at this rate"},
        ),
        ([ALSO], 0.0, {"time to empty": "[red]never[/], since no worker makes any"}),
    ],
)
def test_what_waits(queues: list[OutboxState], per_s: float, expected: dict[str, str]) -> None:
    shards = [ShardStatus("18", 1, [], queue) for queue in queues]
    shown = dict(_deliveries(Status(shards, [], {}, {}, per_s, {}, 0, 0)))
    assert expected.items() <= shown.items()
    assert ("time to empty" in shown) == any(queue.deliveries for queue in queues)
