"""Mail to account holders: confirm an address, reset a password, tell of an approval and of a changed password.

A request only leaves a message in the outbox, without any secret; the worker makes the link when it sends. Sending may
happen twice (the worker died in between): the later link replaces the earlier one.
"""

from typing import Literal

from heliograph.base import ids
from heliograph.base.settings import Settings
from heliograph.domain.accounts import names
from heliograph.domain.accounts.bearer import Bearer, mint
from heliograph.domain.accounts.directory import Directory, Kind
from heliograph.domain.accounts.mail import Mail, Mailer
from heliograph.stores import outbox
from heliograph.stores.queries import load
from heliograph.stores.shards import Row, Session, Shards

sql = load("credentials")

SEND = "mail.send"
LIFETIME_S = {"confirm": 7 * 24 * 3600, "reset": 3600}

Letter = Literal["confirm", "reset", "approved", "changed"]


async def put(session: Session, account_id: int, letter: Letter) -> None:
    """Have `letter` sent to an account, with the transaction of `session`."""
    await outbox.put(session, ids.slot_of(account_id), SEND, {"account_id": account_id, "letter": letter})


async def take(session: Session, bearer: Bearer, purpose: str) -> int | None:
    """Use a link up within the transaction of `session`. It came by mail, so the address is confirmed with it."""
    row = await session.row(sql.take_mail_token, slot=bearer.slot, hash=bearer.hash, purpose=purpose)
    if row is None:
        return None
    account_id: int = row["account_id"]
    await session.run(sql.confirm, slot=bearer.slot, account_id=account_id, email=row["email"])
    return account_id


class Letters:
    """Writes letters and takes the tokens back that came with them."""

    def __init__(self, shards: Shards, directory: Directory, mailer: Mailer, settings: Settings) -> None:
        self._shards = shards
        self._directory = directory
        self._mailer = mailer
        self._settings = settings

    @property
    def enabled(self) -> bool:
        """Whether this site sends mail."""
        return self._mailer.enabled

    async def request_reset(self, email: str) -> None:
        """Have a reset link sent to `email`, if somebody has that address. The caller cannot tell whether."""
        address = names.folded(email.strip())
        found = await self._directory.find(Kind.EMAIL, address) if self.enabled and names.is_email(address) else None
        if found is not None:
            async with self._shards.of(found).transaction() as transaction:
                await put(transaction, found, "reset")

    async def deliver(self, account_id: int, letter: Letter) -> None:
        """Handle the message `mail.send`. Raises StoreUnavailableError, so that it is tried again."""
        slot = ids.slot_of(account_id)
        row = await self._shards.at(slot).row(sql.of, slot=slot, account_id=account_id)
        if row is not None and row["email"] and self.enabled:
            await self._mailer.send(await self._written(row, letter))

    async def can_reset(self, token: str) -> bool:
        """Whether the reset link with `token` can be used. Does not use it up; Credentials.reset_password does."""
        bearer = Bearer.parse(token)
        if bearer is None:
            return False
        values = {"slot": bearer.slot, "hash": bearer.hash, "purpose": "reset"}
        return await self._shards.at(bearer.slot).row(sql.see_mail_token, **values) is not None

    async def confirm(self, token: str) -> int | None:
        """Use a confirmation link up; whose address is confirmed, None when the link cannot be used."""
        bearer = Bearer.parse(token)
        if bearer is None:
            return None
        async with self._shards.at(bearer.slot).transaction() as transaction:
            return await take(transaction, bearer, "confirm")

    async def sweep(self) -> None:
        """Drop the links that have run out."""
        for shard in self._shards.all:
            await shard.chore(sql.sweep_mail_tokens)

    async def _written(self, row: Row, letter: Letter) -> Mail:
        site = self._settings.site_name
        if letter in _PLAIN:
            subject, body = _PLAIN[letter]
            return Mail(row["email"], subject.format(site=site), body.format(site=site, url=self._settings.url))
        link = f"{self._settings.url}/{_PATHS[letter]}?token={await self._fresh_token(row, letter)}"
        subject, body = _WITH_LINK[letter]
        return Mail(row["email"], subject.format(site=site), body.format(site=site, link=link))

    async def _fresh_token(self, row: Row, purpose: str) -> str:
        account_id = row["account_id"]
        text, bearer = mint(account_id)
        async with self._shards.of(account_id).transaction() as transaction:
            await transaction.run(sql.drop_mail_tokens, slot=bearer.slot, account_id=account_id, purposes=[purpose])
            await transaction.run(
                sql.put_mail_token,
                slot=bearer.slot,
                hash=bearer.hash,
                account_id=account_id,
                purpose=purpose,
                email=row["email"],
                lifetime_s=float(LIFETIME_S[purpose]),
            )
        return text


_PATHS = {"confirm": "auth/confirm", "reset": "auth/password/reset"}

_PLAIN = {
    "approved": (
        "Welcome to {site}",
        """Your account on {site} has been approved. You can log in now:

{url}
""",
    ),
    "changed": (
        "Your password on {site} was changed",
        """The password of your account on {site} was changed just now. Everybody who was logged in to it
is logged out, and apps have to be connected again.

If it was you, all is well. If it was not, choose another password at once, by mail:

{url}/auth/password/new
""",
    ),
}

_WITH_LINK = {
    "confirm": (
        "Confirm your address for {site}",
        """Somebody, we hope you, has signed up on {site} with this address.
To confirm it, open this link within a week:

{link}

If it was not you, do nothing.
""",
    ),
    "reset": (
        "A new password for {site}",
        """Somebody, we hope you, has asked for a new password on {site}.
To choose one, open this link within an hour:

{link}

If it was not you, do nothing: your password stays as it is.
""",
    ),
}
