"""Everything of domain/accounts on real stores, put together once."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import msgspec
import pytest

from heliograph.base.settings import Settings
from heliograph.domain.accounts.approval import Approval
from heliograph.domain.accounts.apps import Apps
from heliograph.domain.accounts.codes import Codes
from heliograph.domain.accounts.connected import Connected
from heliograph.domain.accounts.credentials import Credentials
from heliograph.domain.accounts.directory import Directory
from heliograph.domain.accounts.housekeeping import Housekeeping
from heliograph.domain.accounts.identity import Identities
from heliograph.domain.accounts.letters import Letters
from heliograph.domain.accounts.mail import Mailer
from heliograph.domain.accounts.passwords import Passwords
from heliograph.domain.accounts.profiles import Profiles
from heliograph.domain.accounts.registration import Registration, SignUp
from heliograph.domain.accounts.sessions import Sessions
from heliograph.domain.accounts.suspension import Suspension
from heliograph.domain.accounts.tokens import Tokens
from heliograph.domain.media import portraits
from heliograph.stores.cache import Cache
from heliograph.stores.queries import parse
from heliograph.stores.shards import Shards

PASSWORD = "correct horse battery"

sql = parse(
    "taking",
    """
-- name: take
-- scatter
WITH taken AS (DELETE FROM outbox RETURNING id, kind, payload) SELECT kind, payload FROM taken ORDER BY id;
""",
)


class Site:
    """The accounts of one site; `passwords` are cheap, since what they cost is tested elsewhere."""

    def __init__(self, shards: Shards, cache: Cache, settings: Settings) -> None:
        self.shards, self.settings = shards, settings
        self.passwords = Passwords(time_cost=1, memory_kib=64)
        self.directory = Directory(shards)
        self.identities = Identities(shards, session_days=settings.session_days)
        self.profiles = Profiles(
            shards,
            cache,
            msgspec.json.encode,
            lambda counts, last: repr(({kind.name: n for kind, n in counts.items()}, last and last.year)).encode(),
            portraits.replace,
        )
        self.credentials = Credentials(shards, self.directory, self.passwords, self.identities)
        self.registration = Registration(shards, self.directory, self.passwords, settings)
        self.sessions = Sessions(shards, self.identities, settings.session_days)
        self.tokens = Tokens(shards, self.identities)
        self.codes = Codes(shards, self.identities)
        self.apps = Apps(shards)
        self.connected = Connected(shards, self.apps, self.identities)
        self.approval = Approval(shards, self.directory, self.identities, self.profiles)
        self.suspension = Suspension(shards, self.identities, self.profiles)
        self.letters = Letters(shards, self.directory, Mailer(settings.smtp_url, settings.mail_from), settings)
        self.housekeeping = Housekeeping(self.directory, self.sessions, self.codes, self.letters)

    async def sign_up(self, username: str, **form: object) -> int:
        given = {"password": PASSWORD, "agreement": True} | form
        return (await self.registration.sign_up(SignUp(username=username, **given))).account_id

    async def with_settings(self, **changes: object) -> "Site":
        settings = msgspec.structs.replace(self.settings, **changes)
        return Site(self.shards, self.profiles._cache, settings)

    async def messages(self) -> list[tuple[str, dict[str, object]]]:
        """Takes all outbox messages, oldest first."""
        rows = await self.shards.scatter(sql.take)
        return [(row["kind"], row["payload"]) for row in rows]


@pytest.fixture
def site(shards: Shards, cache: Cache, settings: Settings) -> Site:
    return Site(shards, cache, settings)


@dataclass
class PostOffice:
    """A real SMTP server on this machine that keeps what it gets. `refuse`: the reply to RCPT, when not 250."""

    url: str
    letters: list[str] = field(default_factory=list)
    refuse: str = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 here\r\n")
        while line := (await reader.readline()).decode().strip():
            verb = line.upper()
            if verb == "DATA":
                writer.write(b"354 go\r\n")
                self.letters.append((await reader.readuntil(b"\r\n.\r\n")).decode())
            refused = verb.startswith("RCPT") and self.refuse
            writer.write(
                f"{self.refuse}\r\n".encode() if refused else b"221 bye\r\n" if verb == "QUIT" else b"250 ok\r\n"
            )
            if verb == "QUIT":
                break
        writer.close()


@pytest.fixture
async def post_office() -> AsyncIterator[PostOffice]:
    office = PostOffice("")
    server = await asyncio.start_server(office.serve, "127.0.0.1", 0)
    office.url = f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        yield office
