"""`heliograph user ...`: accounts, as the operator manages them. Works beside a running site and without one."""

import asyncio
import secrets
import sys
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated

import typer

from heliograph.base.errors import NotFoundError
from heliograph.cli.context import begin_command, product

if TYPE_CHECKING:
    from heliograph.domain.product import Product

app = typer.Typer(help="Make accounts, and change their standing.", no_args_is_help=True, rich_markup_mode=None)

Name = Annotated[str, typer.Argument(help="Username.", metavar="NAME")]
PasswordStdin = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from standard input, else one is made up.")
]


@app.command()
def create(
    context: typer.Context,
    name: Name,
    admin: Annotated[bool, typer.Option("--admin", help="Make it an admin.")] = False,
    email: Annotated[str | None, typer.Option(help="E-mail address.")] = None,
    password_stdin: PasswordStdin = False,
) -> None:
    """Make an account, whatever the registration mode, and print its password.

    \b
    heliograph user create ada --admin
    heliograph user create ada --email ada@example.com --password-stdin < password.txt
    """
    password = _password(password_stdin)

    async def do(opened: "Product") -> None:
        await opened.registration.create(name, password, email, "admin" if admin else "member")

    run(context, do)
    _tell(f"Created {'the admin ' if admin else ''}{name}.", password, told=not password_stdin)


@app.command()
def promote(
    context: typer.Context,
    name: Name,
    demote: Annotated[bool, typer.Option("--demote", help="Take it back instead.")] = False,
) -> None:
    """Make an account an admin.

    \b
    heliograph user promote ada
    heliograph user promote ada --demote
    """

    async def do(opened: "Product") -> None:
        await opened.suspension.set_role(await account_of(opened, name), "member" if demote else "admin")

    run(context, do)
    typer.echo(f"{name} is {'no longer' if demote else 'now'} an admin.")


@app.command("reset-password")
def reset_password(context: typer.Context, name: Name, password_stdin: PasswordStdin = False) -> None:
    """Give an account a new password and print it. All its sessions and tokens end.

    \b
    heliograph user reset-password ada
    """
    password = _password(password_stdin)

    async def do(opened: "Product") -> None:
        await opened.credentials.set_password(await account_of(opened, name), password)

    run(context, do)
    _tell(f"{name} has a new password; all sessions and tokens have ended.", password, told=not password_stdin)


@app.command()
def suspend(
    context: typer.Context, name: Name, undo: Annotated[bool, typer.Option("--undo", help="Let it in again.")] = False
) -> None:
    """Shut an account out: it cannot log in, and nobody sees it or its photos.

    \b
    heliograph user suspend mallory
    heliograph user suspend mallory --undo
    """

    async def do(opened: "Product") -> None:
        account_id = await account_of(opened, name)
        await (opened.suspension.restore if undo else opened.suspension.suspend)(account_id)

    run(context, do)
    typer.echo(f"{name} is {'back' if undo else 'suspended'}.")


@app.command()
def pending(context: typer.Context) -> None:
    """List who waits to be let in, where registration is by approval."""

    async def do(opened: "Product") -> None:
        waiting = await opened.approval.pending()
        for one in waiting:
            typer.echo(f"{one.username}  {one.email or '(no e-mail)'}  {one.reason}")
        typer.echo(f"{len(waiting)} waiting." if waiting else "Nobody waits.")

    run(context, do)


@app.command()
def approve(
    context: typer.Context, name: Name, reject: Annotated[bool, typer.Option("--reject", help="Turn away.")] = False
) -> None:
    """Let somebody in who waits, or turn them away.

    \b
    heliograph user approve ada
    heliograph user approve mallory --reject
    """

    async def do(opened: "Product") -> None:
        account_id = await account_of(opened, name)
        try:
            await (opened.approval.reject if reject else opened.approval.approve)(account_id)
        except NotFoundError:
            raise NotFoundError(f"{name} does not wait for approval.") from None

    run(context, do)
    typer.echo(f"{name} was {'turned away' if reject else 'let in'}.")


def run(context: typer.Context, do: Callable[["Product"], Awaitable[None]]) -> None:
    """Do something with the product, and wake the workers for what that leaves to them."""
    settings = begin_command(context)

    async def main() -> None:
        async with product(settings) as opened:
            await do(opened)
            await opened.outbox.hint()

    asyncio.run(main())


async def account_of(opened: "Product", name: str) -> int:
    """The account named `name`. Raises NotFoundError."""
    found = await opened.credentials.account_of(name.removeprefix("@"))
    if found is None:
        raise NotFoundError(f"There is no account named {name}.")
    return found


def _password(from_stdin: bool) -> str:
    return sys.stdin.readline().rstrip("\r\n") if from_stdin else secrets.token_urlsafe(12)


def _tell(text: str, password: str, *, told: bool) -> None:
    typer.echo(f"{text} Password: {password}" if told else text)
