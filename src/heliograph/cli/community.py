"""The demo's community on the terminal: fills the site when it is up, with a progress bar, and says how to look at it."""

import asyncio
import os
import signal
import threading
from typing import TYPE_CHECKING, Self

from heliograph.base import logs
from heliograph.base.errors import ConfigError, HeliographError
from heliograph.base.settings import Settings
from heliograph.cli import site as sites
from heliograph.lab import demo
from heliograph.lab.demo import Community
from heliograph.lab.planned import Size

if TYPE_CHECKING:
    from rich.progress import TaskID

    from heliograph.ops.supervisor import Site


def run(settings: Settings, size: Size) -> None:
    """Run the demo until it is told to stop. Raises ConfigError where it would meet a real site."""
    if settings.database_url or settings.valkey_url:
        raise ConfigError(
            "The demo makes people up, so it runs on stores of its own: leave database_url and valkey_url empty."
        )
    logs.configure(settings.log_level, settings.log_format)
    asyncio.run(_Demo(settings, size).run())


class _Demo:
    """One run of the demo site."""

    def __init__(self, settings: Settings, size: Size) -> None:
        self._settings = settings
        self._size = size
        self._stopped = threading.Event()
        self._task: asyncio.Task[None] | None = None
        self._problem: HeliographError | None = None

    async def run(self) -> None:
        try:
            await sites.run(self._settings, self._begin)
        finally:
            self._stopped.set()
            if self._task:
                await asyncio.wait([self._task])
        if self._problem:
            raise self._problem

    def _begin(self, site: "Site", _has_admin: bool) -> None:
        self._task = asyncio.create_task(self._fill(site))

    async def _fill(self, site: "Site") -> None:
        """Fill the site; what goes wrong with it stops it, unless it is being stopped already."""
        from heliograph.ops.program import local_url

        url = local_url(site.settings, "")
        try:
            with _Terminal(self._settings, site.settings.url) as terminal:
                await asyncio.to_thread(demo.fill, url, self._settings.data_dir, self._size, terminal, self._stopped)
        except HeliographError as error:
            self._problem = error
            os.kill(os.getpid(), signal.SIGTERM)


class _Terminal:
    """Shows bars, and the greeting above them as soon as there is something to see."""

    def __init__(self, settings: Settings, url: str) -> None:
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        columns = (TextColumn("{task.description:<8}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        self._bars = Progress(*columns)
        self._tasks: dict[str, TaskID] = {}
        self._settings = settings
        self._url = url

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.stop()

    def progress(self, stage: str, done: int, total: int) -> None:
        if stage not in self._tasks:
            self._tasks[stage] = self._bars.add_task(stage, total=total)
        self._bars.update(self._tasks[stage], completed=done)

    def enter(self, community: Community, coming: int) -> None:
        text = _greeting(self._settings, self._url, community)
        if coming:
            text += f"\n{coming} more posts are on their way.\n"
        self._bars.console.print(text, highlight=False, markup=False, soft_wrap=True)


def _greeting(settings: Settings, url: str, community: Community) -> str:
    return (
        f"\nHeliograph runs at {url}   (Ctrl-C stops it)\n\n"
        f"Log in as {community.viewer} with the password {community.password}\n"
        "(everybody in this made-up community has that password)\n\n"
        "Or read a home feed as JSON:\n\n"
        f"    curl -s -H 'Authorization: Bearer {community.token}' '{url}/api/v1/timelines/home?limit=3'\n\n"
        f"How the site is doing:  {sites.command(settings)} status\n"
    )
