"""A replica of the test cluster, held back by a time: PostgreSQL's own `recovery_min_apply_delay`."""

import asyncio
import shutil
import subprocess
import tempfile
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import asyncpg

from heliograph.ops import binaries, identity
from heliograph.ops.identity import SERVER_ENV

READY_S = 40.0


@asynccontextmanager
async def replica(dsn, delay):
    """The DSN of the same database on a replica that applies what is committed `delay` ("5s") later."""
    primary = parse_qs(urlsplit(dsn).query)["host"][0]
    who = await identity.choose(binaries.postgres("postgres"))
    # Not below the folder of the tests: the name of a socket is short.
    folder = Path(tempfile.mkdtemp(prefix="helio-replica-"))
    await who.take(folder, "PostgreSQL")
    _copy(who, primary, folder / "data")
    process = _start(who, folder, delay)
    try:
        copy = dsn.replace(primary, str(folder))
        await _answers(copy)
        yield copy
    finally:
        process.terminate()
        process.wait(timeout=20)
        shutil.rmtree(folder)


async def _answers(dsn):
    async with asyncio.timeout(READY_S):
        while True:
            try:
                connection = await asyncpg.connect(dsn)
            except (OSError, asyncpg.PostgresError):
                await asyncio.sleep(0.1)
            else:
                await connection.close()
                return


def _copy(who, primary, data):
    take = [str(binaries.postgres("pg_basebackup")), "-h", primary, "-p", "5432", "-U", "heliograph", "-D", str(data)]
    # Without waiting for the primary's next checkpoint; -R: be a replica of it.
    subprocess.run([*who.prefix, *take, "-X", "stream", "-c", "fast", "-R"], env=SERVER_ENV, check=True, cwd="/")


def _start(who, folder, delay):
    options = {"unix_socket_directories": folder, "listen_addresses": "", "port": "5432"}
    options |= {"recovery_min_apply_delay": delay, "fsync": "off"}
    words = [word for key, value in options.items() for word in ("-c", f"{key}={value}")]
    program = [*who.prefix, str(binaries.postgres("postgres")), "-D", str(folder / "data"), *words]
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(program, env=SERVER_ENV, stdout=log, stderr=log, cwd="/")
