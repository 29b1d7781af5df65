"""The open loop against a server that stalls: everybody who came meanwhile is charged for it."""

import asyncio
import contextlib
import math
import random

import pytest

from heliograph.lab.bench import load, openloop
from heliograph.lab.bench.openloop import Request

GET = load.get("/", "x")


@contextlib.asynccontextmanager
async def server(answer):
    """A server on loopback; `answer(count)` gives what to write for the n-th request, after waiting if it likes."""
    count = 0
    serving = set()

    async def serve(reader, writer):
        nonlocal count
        serving.add(asyncio.current_task())
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while await reader.readuntil(b"\r\n\r\n"):
                count += 1
                data = await answer(count)
                if data is None:
                    break
                writer.write(data)
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()

    opened = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with opened:
        yield opened.sockets[0].getsockname()[1]
    await asyncio.wait_for(asyncio.gather(*serving), 5)


def ok(status=b"200 OK", body=b"[]"):
    return b"HTTP/1.1 %b\r\nContent-Length: %d\r\n\r\n%b" % (status, len(body), body)


async def test_latencies_count_from_the_instant_that_was_planned():
    busy = asyncio.Lock()

    async def stalls(count):
        # One at a time, as a process with one core; the tenth takes half a second.
        async with busy:
            if count == 10:
                await asyncio.sleep(0.5)
        return ok()

    requests = [Request(at / 100, "get", GET) for at in range(60)]
    async with server(stalls) as port:
        outcome = await openloop.run(port, requests, connections=4)
    assert len(outcome.answers) == 60
    assert outcome.errors == 0
    late = [answer for answer in outcome.answers if answer.latency_s > 0.05]
    # A closed loop of four would have found four late ones.
    assert len(late) >= 30
    assert outcome.ms(0.5) > 50


async def test_errors_and_broken_connections_are_counted():
    async def grumpy(count):
        return None if count == 3 else ok(b"503 Busy") if count == 2 else ok()

    requests = [Request(at / 50, "post" if at % 2 else "get", GET) for at in range(10)]
    async with server(grumpy) as port:
        outcome = await openloop.run(port, requests, connections=2)
    assert sorted(answer.status for answer in outcome.answers) == [0, *[200] * 8, 503]
    assert outcome.errors == 2
    assert outcome.ms(1.0) == math.inf
    assert outcome.ms(0.0, "post") < 1000
    assert math.isnan(outcome.ms(0.5, "other"))


async def test_what_is_never_answered_ends_with_the_run(monkeypatch):
    monkeypatch.setattr(openloop, "PATIENCE_S", 0.2)

    measured = asyncio.Event()

    async def silent(count):
        if count == 2:
            await measured.wait()
        return ok(body=b"x" * 300_000)

    async with server(silent) as port:
        outcome = await openloop.run(port, [Request(at / 50, "get", GET) for at in range(3)], connections=3)
        measured.set()
    assert sorted(answer.status for answer in outcome.answers) == [0, 200, 200]


async def test_warming_asks_everything_twice_and_gives_up_on_a_server_that_refuses(monkeypatch):
    monkeypatch.setattr(load, "WARM_S", 0.1)
    monkeypatch.setattr(load, "WARM_RUNS", 100)
    answered = 0

    async def counts(count):
        nonlocal answered
        answered = count
        await asyncio.sleep(0.005)
        return ok()

    async def refuses(_):
        await asyncio.sleep(0.005)
        return ok(b"503 Busy")

    async with server(counts) as port:
        await load.warm(port, [GET] * 200)
    assert answered >= 400
    monkeypatch.setattr(load, "WARM_RUNS", 2)
    async with server(refuses) as port:
        with pytest.raises(TimeoutError, match="0 answers"):
            await load.warm(port, [GET] * 200)


def test_visitors_come_at_the_rate_that_was_asked():
    instants = list(openloop.poisson(200.0, 50.0, random.Random(1)))
    assert instants == sorted(instants)
    assert len(instants) == pytest.approx(10_000, rel=0.05)
