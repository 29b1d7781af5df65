"""While Valkey is away so many are served at a time, and the others are told at once to come back."""

import asyncio
from types import SimpleNamespace

import pytest

from heliograph.base.errors import StoreUnavailableError
from heliograph.stores.gate import LATEST_RETURN_S
from heliograph.web import holding
from heliograph.web.holding import Holding

DEADLINE_S = 10.0


class House:
    """An application in which everybody stays until they are let go, and what was answered: (status, headers, body)."""

    def __init__(self, places, *, away=True):
        self.valkey = SimpleNamespace(away=away)
        self.held = Holding(self._app, self.valkey, places)
        self.go = asyncio.Event()
        self.inside = []
        self.answers = []

    async def _app(self, scope, _receive, send):
        self.inside.append(scope.get("path"))
        await self.go.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"served"})

    async def come(self, path="/", method="GET", kind="http"):
        sent = []

        async def send(message):
            sent.append(message)

        async def receive():
            raise AssertionError("nobody reads a body here")

        await self.held({"type": kind, "path": path, "method": method}, receive, send)
        start, body = sent
        self.answers.append((start["status"], dict(start["headers"]), body["body"]))

    @property
    def statuses(self):
        return sorted(status for status, _, _ in self.answers)


async def until(check):
    async with asyncio.timeout(DEADLINE_S):
        while not check():  # noqa: ASYNC110 -- plain values, no events
            await asyncio.sleep(0)


async def test_nobody_is_held_while_valkey_is_there():
    house = House(1, away=False)
    async with asyncio.TaskGroup() as group:
        for _ in range(50):
            group.create_task(house.come())
        await until(lambda: len(house.inside) == 50)
        house.go.set()
    assert house.statuses == [200] * 50


async def test_so_many_reads_and_as_many_changes_while_it_is_away(monkeypatch):
    monkeypatch.setattr(holding, "PATIENCE_S", 0.05)
    house = House(2)
    async with asyncio.TaskGroup() as group:
        for method in ("GET", "POST", "DELETE"):
            for _ in range(4):
                group.create_task(house.come(f"/{method}", method))
        await until(lambda: len(house.answers) == 8)
        assert house.statuses == [503] * 8
        assert house.inside.count("/GET") == 2
        assert len(house.inside) == 4, "changes have places of their own, all of them together"
        house.go.set()
    assert house.statuses == [200] * 4 + [503] * 8


async def test_who_waits_for_less_than_patience_lasts_is_served():
    house = House(1)
    async with asyncio.TaskGroup() as group:
        for _ in range(3):
            group.create_task(house.come())
        await until(lambda: house.inside)
        await asyncio.sleep(0)
        assert len(house.inside) == 1
        house.go.set()
    assert house.statuses == [200] * 3


async def test_who_is_turned_away_is_told_when_to_come_back(monkeypatch):
    monkeypatch.setattr(holding, "PATIENCE_S", 0.0)
    house = House(1)
    async with asyncio.TaskGroup() as group:
        group.create_task(house.come())
        await until(lambda: house.inside)
        await house.come()
        house.go.set()
    status, headers, body = house.answers[0]
    assert (status, headers[b"content-type"]) == (503, b"application/json")
    assert 1 <= int(headers[b"retry-after"]) <= LATEST_RETURN_S
    assert body == b'{"error":"A store is not reachable at the moment. Please try again."}'


@pytest.mark.parametrize("path", ["/media/a/b.webp", "/static/app.css", "/healthz", "/readyz", "/metrics"])
async def test_what_needs_no_cache_passes(monkeypatch, path):
    monkeypatch.setattr(holding, "PATIENCE_S", 0.0)
    house = House(1)
    async with asyncio.TaskGroup() as group:
        for each in ("/", path, path, "/api/v1/streaming/user"):
            group.create_task(house.come(each))
        group.create_task(house.come("/", kind="websocket"))
        await until(lambda: len(house.inside) == 5)
        house.go.set()
    assert house.statuses == [200] * 5


async def test_a_place_is_free_again_when_valkey_is_back_and_gone_once_more():
    house = House(1)
    async with asyncio.TaskGroup() as group:
        group.create_task(house.come())
        await until(lambda: len(house.inside) == 1)
        house.valkey.away = False
        group.create_task(house.come())
        await until(lambda: len(house.inside) == 2)
        house.go.set()
    house.valkey.away = True
    await house.come()
    assert house.statuses == [200] * 3


async def test_a_store_that_fails_whoever_is_inside():
    async def fails(_scope, _receive, _send):
        raise StoreUnavailableError("postgres")

    house = House(1)
    house.held = Holding(fails, house.valkey, 1)
    for _ in range(2):
        await house.come()
    assert house.statuses == [503] * 2
