"""Real stores for every test that needs them: one embedded cluster a run, a database cloned from a template a test."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import hypothesis
import pytest

from heliograph.base.settings import Settings
from heliograph.base.topology import ShardSpec, Topology
from heliograph.domain.product import Product, Stores
from heliograph.ops import embedded
from heliograph.stores import schema
from heliograph.stores.cache import Cache
from heliograph.stores.objects import Objects
from heliograph.stores.shards import Shards
from heliograph.stores.valkey import Valkey
from heliograph.wiring import open_product

TEMPLATE = "heliograph_template"

# Files that take longest, as measured: they begin first, so that at the end no core waits for one of them.
LONGEST = [
    "integration/society/test_society.py",
    "integration/notifications/test_telling.py",
    "integration/truth/test_stampedes.py",
    "chaos/test_kill_programs.py",
    "integration/cli/test_cli_alone.py",
    "api/security/test_xss.py",
    "integration/media/test_confinement.py",
    "api/test_schemathesis.py",
    "api/oauth/test_oauth.py",
    "browser/test_browser_corpus.py",
    "integration/feeds/test_search.py",
    "api/visibility/test_matrix.py",
    "integration/cli/test_cli_up.py",
    "integration/cli/test_cli_demo.py",
    "browser/test_browser_pages.py",
    "integration/truth/test_two_processes.py",
    "chaos/test_slow.py",
    "chaos/test_kill_stores.py",
    "browser/test_browser_society.py",
]

# How long an example takes says how busy the machine is, and the same examples each time say whether a change has broken something.
hypothesis.settings.register_profile("heliograph", deadline=None, derandomize=True)
hypothesis.settings.load_profile("heliograph")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Long tests run only when they are asked for by their marker; of the others the longest files come first."""
    places = {Path(__file__).parent / name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.path, len(places)))
    if "long" in (config.option.markexpr or ""):
        return
    kept = [item for item in items if item.get_closest_marker("long") is None]
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = kept


@pytest.fixture(scope="session")
def test_data() -> Path:
    """Real photos and a real social graph, where there are some."""
    folder = os.environ.get("HELIOGRAPH_TEST_DATA")
    if not folder:
        pytest.skip("HELIOGRAPH_TEST_DATA is not set: no real photos here")
    return Path(folder)


class Cluster:
    """The embedded stores of this test run."""

    def __init__(self, database_url: str, valkey_url: str) -> None:
        self.database_url = database_url
        self.valkey_url = valkey_url
        self._made = 0

    def dsn(self, database: str) -> str:
        return self.database_url.replace("/heliograph?", f"/{database}?")

    async def admin(self, *statements: str) -> None:
        connection = await asyncpg.connect(self.dsn("postgres"))
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()

    async def make_template(self) -> None:
        await self.admin(f"CREATE DATABASE {TEMPLATE}")
        topology = Topology((ShardSpec("template", self.dsn(TEMPLATE)),), "", "")
        async with Shards.open(topology, 1) as shards:
            await schema.migrate(shards)

    async def clone(self) -> str:
        """A fresh, migrated database; its name."""
        self._made += 1
        name = f"test_{os.getpid()}_{self._made}"
        await self.admin(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
        return name

    async def drop(self, name: str) -> None:
        await self.admin(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """The cluster runs in a loop of its own, for as long as the run."""
    settings = Settings(data_dir=tmp_path_factory.mktemp("cluster"))
    loop = asyncio.new_event_loop()
    context = embedded.stores(settings)
    stores = loop.run_until_complete(context.__aenter__())
    made = Cluster(stores.database_url, stores.valkey_url)
    loop.run_until_complete(made.make_template())
    yield made
    loop.run_until_complete(context.__aexit__(None, None, None))
    loop.close()


@pytest.fixture
async def database(cluster: Cluster) -> AsyncIterator[str]:
    """The DSN of a fresh, migrated database."""
    name = await cluster.clone()
    yield cluster.dsn(name)
    await cluster.drop(name)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path, port=0, public_url="http://helio.test", rate_limits="off")


@pytest.fixture
def topology(cluster: Cluster, database: str, settings: Settings) -> Topology:
    """One shard that has all slots."""
    return Topology((ShardSpec("main", database),), cluster.valkey_url, f"file://{settings.data_dir}/media")


@pytest.fixture
async def shards(topology: Topology) -> AsyncIterator[Shards]:
    async with Shards.open(topology, 10) as opened:
        yield opened


@pytest.fixture
async def valkey(topology: Topology) -> AsyncIterator[Valkey]:
    async with Valkey.open(topology.valkey_url) as opened:
        await opened.one(lambda _: ("FLUSHALL",))
        yield opened


@pytest.fixture
def cache(valkey: Valkey) -> Cache:
    return Cache(valkey)


@pytest.fixture
async def product(
    settings: Settings,
    topology: Topology,
    valkey: Valkey,  # noqa: ARG001 -- an empty one
) -> AsyncIterator[Product]:
    async with open_product(settings, topology) as opened:
        yield opened


@pytest.fixture
async def stores(shards: Shards, valkey: Valkey, topology: Topology) -> Stores:
    return Stores(shards, valkey, await Objects.open(topology.media_store_url))
