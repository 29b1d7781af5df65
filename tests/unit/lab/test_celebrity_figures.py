"""What is said of the celebrity: ratios of pairs, queues, reads that missed the post; and what a load will take."""

import math
from pathlib import Path

from heliograph.lab.bench.openloop import Answer, Outcome
from heliograph.lab.celebrity import measure, stage
from heliograph.lab.celebrity.measure import Phase, Seen


def a_phase(ms, *, waiting=0, settled=True, status=200):
    return Phase(Outcome([Answer("others", 0.0, ms / 1000, status) for _ in range(100)]), waiting, settled)


def test_the_median_of_the_ratios_of_pairs_decides():
    # The machine was slow during the second pair, on both sides: that says nothing.
    pairs = [(a_phase(10), a_phase(12)), (a_phase(500), a_phase(550)), (a_phase(10), a_phase(30))]
    ratio, late, errors = measure._others(pairs)
    assert math.isclose(ratio.value, 1.2)
    assert ratio.reached
    assert math.isclose(late.value, 30)
    assert math.isclose(late.beside.value, 10)
    assert errors.value == 0
    assert not measure._others([(a_phase(10), a_phase(13))])[0].reached


def test_errors_count_in_either_phase():
    (_, _, errors) = measure._others([(a_phase(10, status=503), a_phase(10, status=0))])
    assert errors.value == 200
    assert not errors.reached


def test_a_queue_grows_where_messages_wait_on():
    calm = (a_phase(10, waiting=7), a_phase(10, waiting=9))
    grows = (a_phase(10), a_phase(10, waiting=400, settled=False))
    unsettled, most = measure._queues([calm])
    assert unsettled.reached
    assert (most.value, most.beside.value) == (9, 7)
    assert not measure._queues([calm, grows])[0].reached


def test_one_read_that_misses_the_post_is_too_many():
    assert measure._seen(Seen(500, 0))[0].reached
    assert not measure._seen(Seen(500, 1))[0].reached


def test_its_post_may_take_half_as_long_again():
    def compared(famous_ms):
        kinds = (("ordinary", 20.0), ("famous", famous_ms))
        return Outcome([Answer(kind, 0.0, ms / 1000, 200) for kind, ms in kinds for _ in range(10)])

    assert measure._answered(compared(29.0))[0].reached
    assert not measure._answered(compared(31.0))[0].reached


def test_what_a_load_takes_is_said_before():
    words = stage.foreseen(20_000_000, Path("here"), 80 * 10**9)
    assert "20,000,000 follow edges" in words
    assert "12.0 GB in here (80 GB free)" in words
    assert stage.needed_bytes(1_000_000) < 2 * 10**9
