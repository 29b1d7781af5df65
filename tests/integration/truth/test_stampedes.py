"""Ten thousand miss one key at the same moment, in two processes: at most two queries reach the database."""

import asyncio
import json
import sys
import time
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest

from heliograph.domain.graph.relations import tag_number
from heliograph.domain.posts.post import Visibility
from heliograph.domain.posts.publish import Draft
from heliograph.stores.idlists import HOME, RECENT, TAGGED
from heliograph.stores.queries import load

PROGRAM = Path(__file__).with_name("truth_stampede.py")
# Enough for two interpreters to start.
READY_S = 8.0
TIMES = 5000
QUERIES = {
    "post": load("posts").by_ids,
    "counts": load("counts").of,
    "profile": load("accounts").by_ids,
    "profile counts": load("counts").of,
    "home": load("posts").newest_of,
    "hashtag": load("tags").newest,
    "public": load("posts").public_newest,
}


@asynccontextmanager
async def statements(dsn):
    """What reaches the database inside the block: a list, complete after it, from the server's own log."""
    connection = await asyncpg.connect(dsn)
    name = await connection.fetchval("SELECT current_database()")
    log = Path(await connection.fetchval("SHOW data_directory")).parent / "logs" / "postgres.log"
    begin = log.stat().st_size
    await connection.execute(f"ALTER DATABASE {name} SET log_statement = 'all'")
    found = []
    yield found
    await connection.execute(f"ALTER DATABASE {name} RESET log_statement")
    await connection.close()
    with log.open("rb") as lines:
        lines.seek(begin)
        found += lines.read().decode().replace("\n\t", "\n").split(" LOG:  ")


async def stampede(dsn, url, folder, what, ident):
    """What each of two processes says of its half."""
    begin = str(time.time() + READY_S)
    words = [sys.executable, str(PROGRAM), dsn, url, str(folder), what, str(ident), str(TIMES), begin]
    programs = [await asyncio.create_subprocess_exec(*words, stdout=asyncio.subprocess.PIPE) for _ in range(2)]
    outputs = await asyncio.gather(*(program.communicate() for program in programs))
    assert [program.returncode for program in programs] == [0, 0]
    return [json.loads(output.splitlines()[-1]) for output, _ in outputs]


def of(found, query):
    """The first words of a query tell it from others; its lines are broken as in its file."""
    return [each for each in found if query.text in each]


@pytest.mark.parametrize("what", ["post", "counts", "profile", "profile counts"])
async def test_a_fragment(product, people, topology, database, settings, what):
    (author,) = await people(1)
    post = (await product.publishing.publish(author, Draft("Once", [], Visibility.PUBLIC))).post_id
    ident = author if what.startswith("profile") else post
    await product.stores.valkey.one(lambda _: ("FLUSHALL",))
    async with statements(database) as found:
        said = await stampede(database, topology.valkey_url, settings.data_dir, what, ident)
    assert [each["answers"] for each in said] == [1, 1]
    asked = of(found, QUERIES[what])
    assert 1 <= len(asked) <= 2, asked
    # Who came meanwhile was answered by what these have loaded, in their process or in the other; who came later hit.
    avoided = sum(sum(each["avoided"].values()) for each in said)
    assert avoided >= TIMES // 2


async def test_a_celebrity_s_list(product, people, topology, database, settings):
    celebrity, fan = await people(2)
    for number in range(8):
        await product.publishing.publish(celebrity, Draft(f"News {number}", [], Visibility.PUBLIC))
    await product.following.follow(fan, celebrity)
    await product.crossing.start(celebrity)
    await product.stores.valkey.one(lambda _: ("FLUSHALL",))
    await comes_back_to(product, fan, (RECENT, celebrity))
    async with statements(database) as found:
        said = await stampede(database, topology.valkey_url, settings.data_dir, "home", fan)
    assert [each["answers"] for each in said] == [1, 1]
    assert 1 <= len(of(found, QUERIES["home"])) <= 2


async def test_a_large_hashtag_s_list(product, people, topology, database, settings):
    author, fan = await people(2)
    for number in range(8):
        await product.publishing.publish(author, Draft(f"News {number} #light", [], Visibility.PUBLIC))
    await product.tagging.follow(fan, "light")
    await product.crossing.start_tag("light")
    await product.stores.valkey.one(lambda _: ("FLUSHALL",))
    await comes_back_to(product, fan, (TAGGED, tag_number("light")))
    async with statements(database) as found:
        said = await stampede(database, topology.valkey_url, settings.data_dir, "home", fan)
    assert [each["answers"] for each in said] == [1, 1]
    assert 1 <= len(of(found, QUERIES["hashtag"])) <= 2


@pytest.mark.parametrize("photos", [0, 1])
async def test_everybody_s_list(product, people, topology, database, settings, photos):
    (author,) = await people(1)
    for number in range(8):
        await product.publishing.publish(author, Draft(f"News {number}", [], Visibility.PUBLIC))
    await product.stores.valkey.one(lambda _: ("FLUSHALL",))
    async with statements(database) as found:
        said = await stampede(database, topology.valkey_url, settings.data_dir, "public", photos)
    assert [each["answers"] for each in said] == [1, 1]
    assert 1 <= len(of(found, QUERIES["public"])) <= 2


async def comes_back_to(product, fan, pulled):
    """Have the fan's own list, of which there is no stampede, and not the list `pulled`."""
    lists = product.home._skeletons._lists
    await lists.begin(HOME, fan, 600)
    await lists.finish(HOME, fan, [], 0, 600)
    (recent,) = await lists.read([pulled], 5, 600)
    assert not recent.built
