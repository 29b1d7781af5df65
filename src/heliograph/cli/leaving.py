"""`heliograph user export` and `delete`: what a member takes along, and their going."""

import contextlib
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated

import typer

from heliograph.base import clock
from heliograph.base.errors import InvalidInputError, NotFoundError
from heliograph.cli.users import Name, account_of, run

if TYPE_CHECKING:
    from heliograph.domain.leaving.export import Progress
    from heliograph.domain.product import Product


def register(app: typer.Typer) -> None:
    """Add the commands of this module to `heliograph user`."""
    app.command()(export)
    app.command()(delete)


def export(
    context: typer.Context,
    name: Name,
    to: Annotated[Path | None, typer.Option(help="The zip to write; else NAME-DATE.zip.", metavar="FILE")] = None,
) -> None:
    """Write all that an account has into a zip: profile, posts, photos, lists. No password, nor anything that lets in.

    \b
    heliograph user export ada
    heliograph user export ada --to /backups/ada.zip
    """
    from heliograph.domain.leaving.export import Links, Progress
    from heliograph.web.addresses import Addresses

    name = name.removeprefix("@")
    target = to or Path(f"{name}-{clock.now():%Y-%m-%d}.zip")
    _refuse_existing(target)
    progress = Progress()

    async def do(opened: "Product") -> None:
        addresses = Addresses(opened.settings)
        links = Links(addresses.domain, addresses.post_by_id, addresses.profile)
        account_id = await account_of(opened, name)
        with _written(target) as file:
            await _fill(file, opened.export.of(account_id, links, progress), progress)

    run(context, do)
    typer.echo(f"{target} holds {_said(progress)} ({target.stat().st_size / 2**20:.1f} MiB).")
    if progress.missing:
        typer.echo(f"{progress.missing} photos are not in it: the store has lost them.", err=True)


def delete(
    context: typer.Context,
    name: Name,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Delete an account with all that it has, for good. Nobody sees it from this moment on; workers remove the rest.

    \b
    heliograph user export ada
    heliograph user delete ada
    """
    name = name.removeprefix("@")

    async def do(opened: "Product") -> None:
        account_id = await account_of(opened, name)
        username = (await opened.profiles.get(account_id)).username
        if not yes and typer.prompt(f"All of {username} will be gone, for good. Type the name to go on") != username:
            raise InvalidInputError("That is another name: nothing was deleted.")
        try:
            await opened.departure.delete(account_id)
        except NotFoundError:
            raise NotFoundError(f"{name} is being deleted already.") from None

    run(context, do)
    typer.echo(
        f"{name} is deleted: nobody sees it any more. The workers of the site remove what it had, within minutes."
    )


def _refuse_existing(target: Path) -> None:
    if target.exists():
        raise InvalidInputError(f"{target} exists. Give another name with --to.")


@contextlib.contextmanager
def _written(target: Path) -> Iterator[IO[bytes]]:
    """A file that becomes `target` when all is in it, and otherwise goes. Raises InvalidInputError where there can be none."""
    try:
        file = tempfile.NamedTemporaryFile(dir=target.parent, prefix=f".{target.name}.", delete=False)  # noqa: SIM115 -- it gets another name
    except OSError as error:
        raise InvalidInputError(f"{target} cannot be written: {error.strerror}.") from error
    try:
        with file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        _refuse_existing(target)
        Path(file.name).rename(target)
    except BaseException:
        Path(file.name).unlink(missing_ok=True)
        raise


async def _fill(file: IO[bytes], chunks: AsyncIterator[bytes], progress: "Progress") -> None:
    told = sys.stderr.isatty()
    shown = ""
    try:
        async for chunk in chunks:
            file.write(chunk)
            if told and (now := _said(progress)) != shown:
                shown = now
                typer.echo(f"\r{shown}", nl=False, err=True)
    except OSError as error:
        raise InvalidInputError(f"{file.name} cannot be written: {error.strerror}.") from error
    finally:
        if shown:
            typer.echo(err=True)


def _said(progress: "Progress") -> str:
    return f"{progress.posts} posts and {progress.photos} photos"
