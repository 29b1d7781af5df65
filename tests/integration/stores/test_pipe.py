"""The shared connection to Valkey, through a proxy that cuts, delays and garbles: nobody ever gets another's reply."""

import asyncio
import contextlib
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from heliograph.base.errors import StoreUnavailableError
from heliograph.stores.pipe import MAX_WAVES, Address, Pipe, ReplyError
from heliograph.stores.valkey import AWAY_S, CONNECT_TIMEOUT_S, REPLY_TIMEOUT_S, Valkey

TIMEOUT_S = 30.0


@dataclass
class Faults:
    """What happens to the server's replies. `cut_after`: bytes after which each connection ends."""

    dice: random.Random = field(default_factory=lambda: random.Random(0))
    crumbs: bool = False
    cut_after: int | None = None
    garbage_after: int | None = None
    silent: bool = False
    connections: int = 0
    # Bytes that the newest connection has been sent.
    sent: int = 0


class Proxy:
    """Stands between a client and the real server; one for each test."""

    def __init__(self, target: Address, faults: Faults) -> None:
        self._target, self._faults = target, faults
        self._tasks: set[asyncio.Task[None]] = set()
        self.url = ""

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._faults.connections += 1
        behind, ahead = await asyncio.open_unix_connection(self._target.path)
        requests = asyncio.create_task(self._copy(reader, ahead))
        try:
            await self._answer(behind, writer)
        finally:
            requests.cancel()
            await asyncio.wait([requests])
            for each in (ahead, writer):
                each.close()
                with contextlib.suppress(OSError):
                    await each.wait_closed()

    @staticmethod
    async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                writer.write(data)
            writer.write_eof()

    async def _answer(self, behind: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        faults = self._faults
        faults.sent = 0
        with contextlib.suppress(OSError):
            while data := await behind.read(faults.dice.randrange(1, 40) if faults.crumbs else 65536):
                while faults.silent:  # noqa: ASYNC110 -- a flag that the test sets
                    await asyncio.sleep(0.01)
                if faults.cut_after is not None and faults.sent + len(data) > faults.cut_after:
                    writer.write(data[: faults.cut_after - faults.sent])
                    return
                if faults.garbage_after is not None and faults.sent + len(data) > faults.garbage_after:
                    writer.write(data[: faults.garbage_after - faults.sent] + b"!garbage\r\n" * 3)
                    return
                writer.write(data)
                faults.sent += len(data)
                await writer.drain()
                if faults.crumbs:
                    await asyncio.sleep(0)

    def _begun(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Proxy"]:
        server = await asyncio.start_server(self._begun, "127.0.0.1", 0)
        self.url = f"valkey://127.0.0.1:{server.sockets[0].getsockname()[1]}/0"
        try:
            yield self
        finally:
            server.close()
            for task in list(self._tasks):
                task.cancel()
            if self._tasks:
                await asyncio.wait(self._tasks)


@asynccontextmanager
async def through(valkey_url: str, faults: Faults, timeout_s: float = TIMEOUT_S) -> AsyncIterator[Pipe]:
    """A pipe to the real server with `faults` in between."""
    async with Proxy(Address.parse(valkey_url), faults).running() as proxy:
        pipe = await Pipe.connect(Address.parse(proxy.url), timeout_s, lambda _: None)
        try:
            yield pipe
        finally:
            pipe.close()
            await asyncio.wait_for(pipe.closed.wait(), 5)


@pytest.fixture
def valkey_url(cluster, valkey) -> str:
    del valkey  # emptied, and closed after us
    return cluster.valkey_url


def commands(dice: random.Random, name: str):
    """A wave with replies that nobody else has: texts of many sizes, numbers, lists, nothing; and those replies."""
    made: list[tuple[tuple[str, ...], object]] = []
    for number in range(dice.randrange(1, 6)):
        mark = f"{name}.{number}."
        text = mark + "x" * dice.choice([0, 1, 30, 3000, 70_000])
        made.append(
            dice.choice(
                [
                    (("ECHO", text), text.encode()),
                    (("GET", mark), None),
                    (("EVAL", "return {ARGV[1], {ARGV[2]}}", "0", mark, "y"), [mark.encode(), [b"y"]]),
                    (("EVAL", "return #ARGV[1]", "0", text), len(text)),
                ]
            )
        )
    return [command for command, _ in made], [reply for _, reply in made]


@pytest.mark.parametrize("seed", range(4))
async def test_interleaved_waves_get_their_own_replies(valkey_url, seed):
    """Many at once, some given up while under way, some answered with an error; replies come in crumbs."""
    dice = random.Random(seed)
    faults = Faults(dice=random.Random(seed), crumbs=seed % 2 == 1)
    outcomes: dict[str, int] = {"own": 0, "error": 0, "given up": 0}

    async def ask(pipe: Pipe, name: str) -> None:
        sent, expected = commands(dice, name)
        fails = dice.random() < 0.2
        if fails:
            sent.insert(dice.randrange(len(sent) + 1), ("ECHO",))
        try:
            async with asyncio.timeout(dice.choice([None, None, 0.001, 0.01, 0.05])):
                for _ in range(dice.randrange(4)):
                    await asyncio.sleep(0)
                found = await pipe.exchange(sent)
        except TimeoutError:
            outcomes["given up"] += 1
        except ReplyError:
            assert fails, "an error of somebody else"
            outcomes["error"] += 1
        else:
            assert not fails, "an error went to somebody else"
            assert found == expected
            outcomes["own"] += 1

    async with through(valkey_url, faults) as pipe:
        for turn in range(3):
            await asyncio.gather(*(ask(pipe, f"{turn}.{number}") for number in range(60)))
        assert await pipe.exchange([("ECHO", "still")]) == [b"still"]
    assert min(outcomes.values()) > 0, outcomes


async def test_replies_of_which_nothing_can_be_made_fail_for_who_asked_alone(valkey_url):
    """The others on the connection have theirs."""

    def unreadable(_: list[object]) -> None:
        raise ValueError("not what it was to be")

    async with through(valkey_url, Faults()) as pipe, asyncio.timeout(5):
        before, broken, after = (
            pipe.exchange([("ECHO", text)], hook) for text, hook in [("a", None), ("b", unreadable), ("c", None)]
        )
        found = await asyncio.gather(before, broken, after, return_exceptions=True)
        assert (found[0], found[2]) == ([b"a"], [b"c"])
        assert isinstance(found[1], ValueError)
        assert not pipe.closed.is_set()


@pytest.mark.parametrize("garbled", [False, True])
async def test_half_a_reply_is_nobodys_reply(valkey_url, garbled):
    """The connection ends after any number of bytes: who was answered before has their reply, all others an error."""
    for after in range(0, 400, 7):
        faults = Faults()
        async with through(valkey_url, faults) as pipe:
            setattr(faults, "garbage_after" if garbled else "cut_after", faults.sent + after)
            waves = [commands(random.Random(number), f"{number}") for number in range(8)]
            found = await asyncio.gather(*(pipe.exchange(sent) for sent, _ in waves), return_exceptions=True)
            whole = [reply for reply in found if not isinstance(reply, BaseException)]
            assert whole == [expected for _, expected in waves[: len(whole)]], f"cut after {after} bytes"
            assert len(whole) < len(waves)
            assert all(isinstance(reply, ConnectionError) for reply in found[len(whole) :]), found
            with pytest.raises(ConnectionError):
                await pipe.exchange([("PING",)])


async def test_nobody_waits_longer_than_the_deadline(valkey_url):
    """A server that has gone silent: all who wait, and all who come, are told within the time of one reply."""
    faults = Faults()
    async with through(valkey_url, faults, timeout_s=0.3) as pipe:
        assert await pipe.exchange([("ECHO", "a")]) == [b"a"]
        faults.silent = True
        begin = time.monotonic()

        async def ask(later_s: float) -> float:
            await asyncio.sleep(later_s)
            with pytest.raises(ConnectionError):
                await pipe.exchange([("ECHO", "b")])
            return time.monotonic() - begin

        ended = await asyncio.gather(*(ask(later_s) for later_s in (0, 0.05, 0.1, 0.2, 0.25)))
        assert 0.29 < min(ended) <= max(ended) < 0.6, ended
        assert pipe.closed.is_set()


async def test_too_many_waves_are_refused_and_harm_nobody(valkey_url):
    faults = Faults()
    async with through(valkey_url, faults) as pipe:
        faults.silent = True
        waiting = [asyncio.create_task(pipe.exchange([("ECHO", str(number))])) for number in range(MAX_WAVES)]
        await asyncio.sleep(0)
        with pytest.raises(ConnectionError):
            await pipe.exchange([("PING",)])
        faults.silent = False
        assert await asyncio.gather(*waiting) == [[str(number).encode()] for number in range(MAX_WAVES)]


async def test_a_cut_is_a_store_that_is_away_and_comes_back(valkey_url):
    """What callers see of it: StoreUnavailableError, at once while it is known to be away, then all is well again."""
    faults = Faults()
    async with Proxy(Address.parse(valkey_url), faults).running() as proxy, Valkey.open(proxy.url) as client:
        assert await client.one(lambda _: ("ECHO", "a")) == b"a"
        faults.cut_after = 0
        with pytest.raises(StoreUnavailableError):
            await client.one(lambda _: ("ECHO", "b"))
        connections = faults.connections
        begin = time.monotonic()
        for _ in range(20):
            with pytest.raises(StoreUnavailableError):
                await client.one(lambda _: ("ECHO", "c"))
        assert time.monotonic() - begin < AWAY_S
        assert faults.connections == connections, "it has knocked at a door that is known to be shut"
        faults.cut_after = None
        end = time.monotonic() + 5
        while True:
            try:
                assert await client.one(lambda _: ("ECHO", "d")) == b"d"
                break
            except StoreUnavailableError:
                assert time.monotonic() < end
                await asyncio.sleep(0.02)


async def test_a_server_that_is_silent_from_the_start_is_away_for_all_who_come(valkey_url):
    """They share one attempt to connect, and its deadline."""
    faults = Faults(silent=True)
    async with Proxy(Address.parse(valkey_url), faults).running() as proxy, Valkey.open(proxy.url) as client:
        begin = time.monotonic()
        found = await asyncio.gather(
            *(client.one(lambda _: ("PING",)) for _ in range(50)), client.ping(), return_exceptions=True
        )
        assert all(isinstance(each, StoreUnavailableError) for each in found)
        assert time.monotonic() - begin < CONNECT_TIMEOUT_S + REPLY_TIMEOUT_S
        assert faults.connections == 1
        faults.silent = False
