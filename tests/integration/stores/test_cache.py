"""What may be believed of cached fragments: a slow filler never overwrites a newer truth."""

import asyncio
import contextlib
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from heliograph.base.errors import StoreUnavailableError
from heliograph.ops import binaries
from heliograph.stores import cache as cache_module
from heliograph.stores import counts
from heliograph.stores.cache import FRAGMENT_S, Cache, degraded, read_through
from heliograph.stores.counts import Count
from heliograph.stores.idlists import HOME, IdLists
from heliograph.stores.leases import TOMBSTONE_S
from heliograph.stores.queries import load
from heliograph.stores.shards import Shards
from heliograph.stores.valkey import Valkey

KIND = "post"
IDENT = 77 << 12 | 5
OTHER = 78 << 12 | 5
counts_sql = load("counts")


async def have(cache: Cache, *wanted: tuple[str, int]) -> list[bytes | None]:
    """The bodies of `wanted` (kind, id)."""
    found = await cache.read([(kind, [ident]) for kind, ident in wanted])
    return [each[ident] for each, (_, ident) in zip(found, wanted, strict=True)]


@given(
    steps=st.lists(
        st.tuples(st.sampled_from(["fill", "invalidate"]), st.sampled_from([0, 9, 10, 15, 16, 2**40, 2**62])),
        max_size=12,
    )
)
@settings(
    max_examples=150, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
async def test_the_newest_stands(cache: Cache, valkey: Valkey, steps: list[tuple[str, int]]) -> None:
    """Fills and invalidations in any order: a body is there only if nothing newer has been said."""
    await valkey.one(lambda _: ("FLUSHALL",))
    version: int | None = None
    body: bytes | None = None
    for number, (step, at) in enumerate(steps):
        if step == "fill":
            await cache.fill(KIND, at, {IDENT: b"body %d" % number})
            if version is None or at >= version:
                version, body = at, b"body %d" % number
        else:
            await cache.invalidate(at, [(KIND, IDENT)])
            if version is None or at > version:
                version, body = at, None
        assert await have(cache, (KIND, IDENT)) == [body]
        head = await valkey.one(lambda keys: ("GETRANGE", keys.cached(KIND, [IDENT])[0], 0, 15))
        assert (int(head, 16) if head else None) == version


async def test_how_long_they_live(cache: Cache, valkey: Valkey) -> None:
    """A tombstone outlives every filler: the longest query, and then some."""
    from heliograph.stores import shards

    assert TOMBSTONE_S > 3 * (shards.COMMAND_TIMEOUT_S + shards.ACQUIRE_TIMEOUT_S)
    await cache.invalidate(9, [(KIND, IDENT)])
    (key,) = await valkey.one(lambda keys: ("KEYS", f"c{keys.run}:*"))
    assert TOMBSTONE_S - 5 < await valkey.one(lambda _: ("TTL", key)) <= TOMBSTONE_S
    await cache.fill(KIND, 9, {IDENT: b"body"})
    assert FRAGMENT_S - 5 < await valkey.one(lambda _: ("TTL", key)) <= FRAGMENT_S
    await cache.invalidate(8, [(KIND, IDENT)])
    assert await have(cache, (KIND, IDENT)) == [b"body"]


async def test_kinds_and_ids_are_apart(cache: Cache) -> None:
    many = {number << 12 | 1: b"%d" % number for number in range(70)}
    await cache.fill(KIND, 5, many)
    await cache.fill("counts", 5, {IDENT: b"other"})
    await cache.invalidate(6, [(KIND, IDENT), *((KIND, ident) for ident in list(many)[:10])])
    found = await cache.read([(KIND, [*many, IDENT]), ("counts", [IDENT])])
    gone = dict.fromkeys([*list(many)[:10], IDENT])
    assert found == [many | gone, {IDENT: b"other"}]
    assert await cache.read([]) == []


async def add(shards: Shards, cache: Cache) -> int:
    """A write as the domain makes it: commit, then invalidate. The position of the invalidation."""
    async with shards.of(IDENT).transaction() as transaction:
        await counts.add(transaction, IDENT, Count.LIKES, 1)
    await cache.invalidate(transaction.position, [(KIND, IDENT)])
    return transaction.position


async def read(shards: Shards) -> tuple[int, bytes]:
    """A look at the truth as a filler takes it: version and body."""
    position, rows = await shards.of(IDENT).versioned(counts_sql.of, slots=[77], ids=[IDENT])
    return position, b"%d" % sum(row["value"] for row in rows)


async def read_on_disk(shards: Shards, above: int) -> tuple[int, bytes]:
    """As `read`, once the log's position on disk has passed what was written at `above`: it does so by itself, soon."""
    async with asyncio.timeout(5):
        while (found := await read(shards))[0] < above:  # noqa: ASYNC110 -- the server is waited for
            await asyncio.sleep(0.005)
    return found


@pytest.mark.parametrize("writes", [1, 10])
async def test_a_filler_that_stops_while_others_write(shards: Shards, cache: Cache, writes: int) -> None:
    version, body = await read(shards)
    for _ in range(writes):
        position = await add(shards, cache)
    await cache.fill(KIND, version, {IDENT: body})
    assert await have(cache, (KIND, IDENT)) == [None]
    version, body = await read_on_disk(shards, position)
    await cache.fill(KIND, version, {IDENT: body})
    assert await have(cache, (KIND, IDENT)) == [b"%d" % writes]


async def test_two_fillers_the_older_comes_last(shards: Shards, cache: Cache) -> None:
    old = await read(shards)
    new = await read_on_disk(shards, await add(shards, cache))
    assert new[0] > old[0]
    for version, body in (new, old):
        await cache.fill(KIND, version, {IDENT: body})
    assert await have(cache, (KIND, IDENT)) == [b"1"]


async def test_a_position_never_promises_too_much(shards: Shards, cache: Cache) -> None:
    """Many write and fill at once; whoever reads through after their own write never sees less than it."""
    written = 0

    async def load(_: list[int]) -> list[tuple[int, dict[int, bytes]]]:
        version, body = await read(shards)
        await asyncio.sleep(0)
        return [(version, {IDENT: body})]

    async def client() -> None:
        nonlocal written
        for _ in range(25):
            await add(shards, cache)
            written += 1
            least = written
            found = await read_through(cache, KIND, [IDENT], load)
            assert int(found[IDENT]) >= least

    await asyncio.gather(*(client() for _ in range(6)))
    await read_on_disk(shards, await shards.of(IDENT).mark())
    assert await read_through(cache, KIND, [IDENT], load) == {IDENT: b"150"}
    assert await have(cache, (KIND, IDENT)) == [b"150"]


async def test_what_does_not_exist_is_absent(cache: Cache) -> None:
    asked: list[list[int]] = []

    async def load(idents: list[int]) -> list[tuple[int, dict[int, bytes]]]:
        asked.append(idents)
        return [(5, {2: b"two"}), (6, {})]

    assert await read_through(cache, KIND, [1, 2, 1], load) == {2: b"two"}
    assert await read_through(cache, KIND, [2, 1], load) == {2: b"two"}
    assert asked == [[1, 2], [1]]


class Server:
    """A Valkey of our own that can be killed. It keeps all that it has acknowledged."""

    def __init__(self, folder: Path) -> None:
        self._socket = folder / "s"
        self.url = f"unix://{self._socket}"
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start, and wait until it answers; no client of ours has looked by then."""
        options = {"port": 0, "unixsocket": self._socket, "dir": self._folder, "save": ""}
        options |= {"appendonly": "yes", "appendfsync": "no"}
        words = [str(word) for key, value in options.items() for word in (f"--{key}", value)]
        self._process = subprocess.Popen([str(binaries.valkey()), *words], stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + 10
        while not self._answers():
            assert time.monotonic() < deadline
            time.sleep(0.02)

    def _answers(self) -> bool:
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as probe:
            probe.connect(str(self._socket))
            probe.sendall(b"PING\r\n")
            return probe.recv(10).startswith(b"+PONG")
        return False

    def freeze(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._process = None
            self._socket.unlink(missing_ok=True)


@pytest.fixture
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    made = Server(tmp_path_factory.mktemp("v"))
    yield made
    made.kill()


async def answering(client: Valkey) -> None:
    async with asyncio.timeout(10):
        while True:
            with contextlib.suppress(StoreUnavailableError):
                return await client.ping()
            await asyncio.sleep(0.02)


async def test_after_a_restart_old_values_are_out_of_reach(server: Server) -> None:
    """Even though the server still has them: an invalidation may have been missed meanwhile."""
    server.start()
    async with Valkey.open(server.url) as client:
        cache, lists = Cache(client), IdLists(client, 5)
        await cache.fill(KIND, 5, {IDENT: b"old"})
        await lists.begin(HOME, IDENT, 60)
        await lists.finish(HOME, IDENT, [3, 2], 0, 60)
        assert await have(cache, (KIND, IDENT)) == [b"old"]
        server.kill()
        seen: set[str] = set()
        token = degraded.set(seen)
        assert await have(cache, (KIND, IDENT)) == [None]
        await cache.fill(KIND, 6, {IDENT: b"lost"})
        with pytest.raises(StoreUnavailableError):
            await cache.invalidate(6, [(KIND, IDENT)])
        assert seen == {"cache"}
        seen.clear()
        changing = Cache(client)
        await changing.invalidate_at_once(6, [(KIND, IDENT)])
        assert seen == {"cache"}, "a request that could not says so"
        assert not changing.believes(KIND, IDENT, 5)
        assert changing.believes(KIND, IDENT, 6)
        degraded.reset(token)
        server.start()
        await answering(client)
        assert await client.one(lambda _: ("DBSIZE",)) >= 2, "the server has kept everything"
        assert await have(cache, (KIND, IDENT)) == [None]
        (found,) = await lists.read([(HOME, IDENT)], 5, 60)
        assert not found.built
        await cache.fill(KIND, 4, {IDENT: b"new"})
        assert await have(cache, (KIND, IDENT)) == [b"new"]


@pytest.mark.parametrize("vouch", [True, False])
async def test_who_vouches_for_a_restart_keeps_the_feeds(server: Server, vouch: bool) -> None:
    server.start()
    async with Valkey.open(server.url) as client:
        await IdLists(client, 5).begin(HOME, IDENT, 60)
        await IdLists(client, 5).finish(HOME, IDENT, [3, 2], 0, 60)
        await Cache(client).fill(KIND, 5, {IDENT: b"old"})
    server.kill()
    server.start()
    async with Valkey.open(server.url, vouch=vouch) as client, Valkey.open(server.url) as other:
        await answering(client)
        for each in (client, other):
            (found,) = await IdLists(each, 5).read([(HOME, IDENT)], 5, 60)
            assert (found.built, found.ids) == (vouch, [3, 2] if vouch else [])
            assert await have(Cache(each), (KIND, IDENT)) == [None], "cached values are never vouched for"


async def test_a_lost_generation_does_not_part_two_processes(valkey: Valkey, topology) -> None:
    """Somebody empties the server; whoever connects next and whoever stays connected still write the same lists."""
    async with Valkey.open(topology.valkey_url) as stays:
        await stays.ping()
        await valkey.one(lambda _: ("FLUSHALL",))
        async with Valkey.open(topology.valkey_url) as comes:
            await comes.ping()
            await IdLists(comes, 5).begin(HOME, IDENT, 60)
            await IdLists(comes, 5).finish(HOME, IDENT, [], 0, 60)
            assert await IdLists(stays, 5).push([(HOME, 9, [IDENT])]) == 1


async def test_an_emptied_server_does_not_part_those_who_go_on_with_feeds_of_an_earlier_run(server: Server) -> None:
    """Their generation was vouched for; whoever connects now knows nothing of it."""
    server.start()
    async with Valkey.open(server.url) as before:
        await before.ping()
    server.kill()
    server.start()
    async with Valkey.open(server.url, vouch=True) as vouching:
        await answering(vouching)
    async with Valkey.open(server.url) as stays, Valkey.open(server.url) as comes:
        await stays.ping()
        await stays.one(lambda _: ("FLUSHALL",))
        await comes.ping()
        await IdLists(comes, 5).begin(HOME, IDENT, 60)
        await IdLists(comes, 5).finish(HOME, IDENT, [], 0, 60)
        assert await IdLists(stays, 5).push([(HOME, 9, [IDENT])]) == 1


def test_versions_sort_as_text() -> None:
    assert len(f"{2**63 - 1:016x}") == cache_module.VERSION_BYTES
    assert f"{15:016x}" < f"{16:016x}" < f"{2**62:016x}"


async def test_who_could_not_tell_of_a_change_does_not_believe_its_own_past(server: Server) -> None:
    """A server that hangs for a moment keeps all it had: nobody else stops this process from believing it."""
    server.start()
    async with Valkey.open(server.url) as client, Valkey.open(server.url) as another:
        cache, others = Cache(client), Cache(another)
        await cache.fill(KIND, 5, {IDENT: b"old"})
        assert await have(others, (KIND, IDENT)) == [b"old"]
        server.freeze()
        await cache.invalidate_at_once(6, [(KIND, IDENT)])
        server.thaw()
        await answering(client)
        assert await have(others, (KIND, IDENT)) in ([b"old"], [None]), "it may have heard of it, after all"
        assert await have(cache, (KIND, IDENT)) == [None]
        await others.fill(KIND, 5, {IDENT: b"late"})
        assert await have(cache, (KIND, IDENT)) == [None], "whoever fills has read before the change"
        await cache.fill(KIND, 7, {IDENT: b"new"})
        assert await have(cache, (KIND, IDENT)) == await have(others, (KIND, IDENT)) == [b"new"]


@pytest.mark.parametrize("renewing", [False, True])
async def test_a_full_server_hears_of_changes_and_lets_processes_in(server: Server, *, renewing: bool) -> None:
    """It keeps nothing new; what was deleted or hidden is not shown to anybody all the same."""

    async def load(_: list[int]) -> list[tuple[int, dict[int, bytes]]]:
        return [(7, {IDENT: b"new"})]

    server.start()
    async with Valkey.open(server.url) as client, Valkey.open(server.url) as another:
        cache, others = Cache(client), Cache(another)
        await cache.fill(KIND, 5, {IDENT: b"old", OTHER: b"other"})
        await cache.fill("another", 5, {IDENT: b"old"})
        assert await have(others, (KIND, IDENT), (KIND, OTHER)) == [b"old", b"other"]
        assert await have(others, ("another", IDENT)) == [b"old"]
        await client.one(lambda _: ("CONFIG", "SET", "maxmemory", "1"))
        await cache.fill(KIND, 6, {OTHER: b"refused"})
        if renewing:
            cache.renews(KIND, load)
            await cache.renew(6, [(KIND, IDENT), ("another", IDENT)])
        else:
            await cache.invalidate(6, [(KIND, IDENT), ("another", IDENT)])
        assert await have(others, (KIND, IDENT), (KIND, OTHER)) == [None, b"other"]
        assert await have(others, ("another", IDENT)) == [None]
        async with Valkey.open(server.url) as comes:
            assert await have(Cache(comes), (KIND, IDENT), (KIND, OTHER)) == [None, b"other"]
        assert await read_through(cache, KIND, [IDENT], load) == {IDENT: b"new"}
        await client.one(lambda _: ("CONFIG", "SET", "maxmemory", "0"))
        assert await read_through(cache, KIND, [IDENT], load) == {IDENT: b"new"}
        assert await have(others, (KIND, IDENT)) == [b"new"]


async def test_who_could_not_tell_of_a_change_still_keeps_all_else(server: Server) -> None:
    """One like while the server hangs does not cost a process what it keeps."""
    server.start()
    async with Valkey.open(server.url) as client:
        cache = Cache(client)
        await cache.fill(KIND, 5, {IDENT: b"old", OTHER: b"other"})
        server.freeze()
        await cache.invalidate_at_once(6, [(KIND, IDENT)])
        server.thaw()
        await answering(client)
        for _ in range(2):
            assert await have(cache, (KIND, IDENT), (KIND, OTHER)) == [None, b"other"]
        assert cache.kept(KIND, OTHER) == b"other"
        assert cache.kept(KIND, IDENT) is None
