"""The stores of a site on one machine: what has no URL in the settings runs here, embedded.

The rest of Heliograph sees two URLs and cannot tell the difference. It never starts anything beside an
external server, and never runs two servers on one data directory.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

from heliograph.base.errors import StartError
from heliograph.base.settings import Settings
from heliograph.ops import binaries, claim, identity, sockets
from heliograph.ops.identity import Identity
from heliograph.ops.keeper import kept
from heliograph.ops.postgres import Postgres
from heliograph.ops.probes import Health
from heliograph.ops.valkey import Valkey

JOIN_TIMEOUT_S = 30.0


class Stores:
    """Where the stores are: `database_url` (a DSN for asyncpg) and `valkey_url`."""

    def __init__(self, database_url: str, valkey_url: str, valkey: Valkey | None = None) -> None:
        """`valkey`: the embedded one, if we run it."""
        self.database_url = database_url
        self.valkey_url = valkey_url
        self._valkey = valkey

    @property
    def lossless(self) -> bool:
        """Whether Valkey still has every write that it ever acknowledged. False where we cannot know."""
        return self._valkey is not None and self._valkey.lossless

    def settle(self) -> None:
        """Say that what `lossless == False` asks for has been done. Until then every later start says False, too."""
        if self._valkey:
            self._valkey.settle()


@contextlib.asynccontextmanager
async def stores(settings: Settings) -> AsyncIterator[Stores]:
    """Hold the data directory and have the stores ready inside the block; crashed ones come back by themselves.

    With both URLs in the settings nothing is held and nothing starts. Raises StartError. On Linux the servers
    stop when the thread that entered dies: enter from the main thread.
    """
    if settings.database_url and settings.valkey_url:
        yield Stores(settings.database_url, settings.valkey_url)
        return
    async with claim.claimed(settings.data_dir) as data_dir, started(settings, data_dir, asyncio.Event()) as ready:
        yield ready


def require_site(settings: Settings) -> None:
    """Raises StartError where a command would look into a data directory that no site has ever run on.

    It would make an empty site there, which looks like one that has lost everything.
    """
    if settings.database_url or claim.held(settings.data_dir):
        return
    try:
        (settings.data_dir / "postgres" / "PG_VERSION").stat()
    except (FileNotFoundError, NotADirectoryError):
        raise StartError(
            f"There is no site in {settings.data_dir.absolute()}. `heliograph up` makes one there; "
            "if yours is elsewhere, set HELIOGRAPH_DATA_DIR to its folder."
        ) from None
    except OSError:
        return  # Who may not look is told so when it is opened.


@contextlib.asynccontextmanager
async def reached(settings: Settings) -> AsyncIterator[Stores]:
    """The stores of the site that runs on this data directory, else started for the length of the block.

    For commands (`user create`, `status`) that must work beside a running site and without one. Raises StartError.
    """
    if (settings.database_url and settings.valkey_url) or not claim.held(settings.data_dir):
        async with stores(settings) as ready:
            yield ready
    else:
        yield await _joined(settings, settings.data_dir.resolve())


@contextlib.asynccontextmanager
async def started(settings: Settings, data_dir: Path, hurry: asyncio.Event) -> AsyncIterator[Stores]:
    """As `stores`, for one who holds `data_dir` already. `hurry`: set it to make stopping quick and rough."""
    async with AsyncExitStack() as stack:
        stack.callback(sockets.remove, sockets.folder(data_dir))
        found = Stores(settings.database_url, settings.valkey_url)
        if not settings.database_url:
            postgres = Postgres(data_dir, await identity.choose(binaries.postgres("postgres")))
            await stack.enter_async_context(kept(postgres, hurry))
            found.database_url = postgres.url
        if not settings.valkey_url:
            valkey = Valkey(data_dir, await identity.choose(binaries.valkey()))
            await stack.enter_async_context(kept(valkey, hurry))
            found = Stores(found.database_url, valkey.url, valkey)
        yield found


async def _joined(settings: Settings, data_dir: Path) -> Stores:
    here = Identity()
    postgres, valkey = Postgres(data_dir, here), Valkey(data_dir, here)
    loop = asyncio.get_running_loop()
    deadline_s = loop.time() + JOIN_TIMEOUT_S
    ours = [*([] if settings.database_url else [postgres]), *([] if settings.valkey_url else [valkey])]
    while not all([await service.probe() is Health.READY for service in ours]):
        if loop.time() > deadline_s:
            raise StartError(
                f"A running Heliograph holds {data_dir}, but its stores do not answer. Look into {data_dir}/logs; "
                "run this command as the user who runs it."
            )
        await asyncio.sleep(0.1)
    return Stores(settings.database_url or postgres.url, settings.valkey_url or valkey.url)
