"""Log-in by name and password, and changes of the password. A changed password ends all else that acts as the account."""

import msgspec

from heliograph.base import ids
from heliograph.base.errors import ConflictError, ForbiddenError, NotFoundError, UnauthenticatedError
from heliograph.domain.accounts import access, letters, names
from heliograph.domain.accounts.bearer import Bearer
from heliograph.domain.accounts.directory import Directory, Kind
from heliograph.domain.accounts.identity import DISABLED, PENDING, Identities
from heliograph.domain.accounts.passwords import Passwords
from heliograph.domain.accounts.problems import Problems
from heliograph.stores.queries import load
from heliograph.stores.shards import Row, Shards

sql = load("credentials")


class WrongPasswordError(UnauthenticatedError):
    """Invalid name or password."""


class Contact(msgspec.Struct, frozen=True):
    """How the site reaches an account."""

    email: str | None
    confirmed: bool
    locale: str


class Credentials:
    """What accounts prove themselves with."""

    def __init__(self, shards: Shards, directory: Directory, passwords: Passwords, identities: Identities) -> None:
        self._shards = shards
        self._directory = directory
        self._passwords = passwords
        self._identities = identities

    async def log_in(self, name: str, password: str) -> int:
        """The account of `name` (username or e-mail) if `password` is its password.

        Raises WrongPasswordError, after the same time whether or not there is such a name; ForbiddenError for an
        account that is pending or suspended, told only to who knows the password.
        """
        row = await self._row_of(name)
        verdict = await self._passwords.check(row["password_hash"] if row else None, password)
        if row is None or not verdict.right:
            raise WrongPasswordError
        if row["state"] != "active":
            raise ForbiddenError(PENDING if row["state"] == "pending" else DISABLED)
        if verdict.outdated:
            await self._replace(row, await self._passwords.hash(password))
        account_id: int = row["account_id"]
        return account_id

    async def prove(self, account_id: int, password: str) -> None:
        """Nothing, for who knows the password of an account that is logged in. Raises WrongPasswordError."""
        row = await self._row(account_id)
        if row is None or not (await self._passwords.check(row["password_hash"], password)).right:
            raise WrongPasswordError

    async def account_of(self, name: str) -> int | None:
        """The account whose username or e-mail address is `name`."""
        row = await self._row_of(name)
        return row["account_id"] if row else None

    async def contact(self, account_id: int) -> Contact:
        """Raises NotFoundError."""
        row = await self._shards.of(account_id).row(sql.of, slot=ids.slot_of(account_id), account_id=account_id)
        if row is None:
            raise NotFoundError
        return Contact(row["email"], row["email_confirmed_at"] is not None, row["locale"])

    async def change_password(self, account_id: int, old: str, new: str, cookie: str | None = None) -> None:
        """Set `new` for who knows `old`; ends all sessions but the one of `cookie`, and all tokens.

        Raises WrongPasswordError, ValidationError; ConflictError when it was changed meanwhile.
        """
        row = await self._row(account_id)
        if row is None or not (await self._passwords.check(row["password_hash"], old)).right:
            raise WrongPasswordError
        self._refuse_bad(new, row)
        bearer = Bearer.parse(cookie) if cookie else None
        hashed = await self._passwords.hash(new)
        async with self._shards.of(account_id).transaction() as transaction:
            values = {"slot": ids.slot_of(account_id), "account_id": account_id}
            if not await transaction.run(
                sql.replace_password, password_hash=hashed, checked=row["password_hash"], **values
            ):
                raise ConflictError
            await access.end(transaction, account_id, bearer.hash if bearer else None)
            await letters.put(transaction, account_id, "changed")
        self._identities.forget_account(account_id)

    async def set_password(self, account_id: int, new: str) -> None:
        """Set `new` on an admin's word; ends all sessions and tokens.

        Raises NotFoundError, ValidationError.
        """
        row = await self._row(account_id)
        if row is None:
            raise NotFoundError
        self._refuse_bad(new, row)
        hashed = await self._passwords.hash(new)
        async with self._shards.of(account_id).transaction() as transaction:
            await transaction.run(
                sql.set_password, slot=ids.slot_of(account_id), account_id=account_id, password_hash=hashed
            )
            await access.end(transaction, account_id)
            await letters.put(transaction, account_id, "changed")
        self._identities.forget_account(account_id)

    async def reset_password(self, token: str, new: str) -> int | None:
        """Set `new` for who has a mailed reset link; whose password it was, None when the link cannot be used.

        Ends all sessions and tokens. Raises ValidationError, which leaves the link as it was.
        """
        bearer = Bearer.parse(token)
        row = await self._row(bearer.owner_id) if bearer else None
        if bearer is None or row is None:
            return None
        self._refuse_bad(new, row)
        hashed = await self._passwords.hash(new)
        async with self._shards.at(bearer.slot).transaction() as transaction:
            account_id = await letters.take(transaction, bearer, "reset")
            if account_id is None:
                return None
            values = {"slot": bearer.slot, "account_id": account_id, "password_hash": hashed}
            await transaction.run(sql.set_password, **values)
            await access.end(transaction, account_id)
            await letters.put(transaction, account_id, "changed")
        self._identities.forget_account(account_id)
        return account_id

    async def _row_of(self, name: str) -> Row | None:
        found = None
        if names.is_username(name):
            found = await self._directory.find(Kind.USERNAME, names.folded(name))
        elif names.is_email(name):
            found = await self._directory.find(Kind.EMAIL, names.folded(name))
        return None if found is None else await self._row(found)

    async def _row(self, account_id: int) -> Row | None:
        slot = ids.slot_of(account_id)
        return await self._shards.at(slot).row(sql.to_check, slot=slot, account_id=account_id)

    async def _replace(self, row: Row, hashed: str) -> None:
        account_id = row["account_id"]
        await self._shards.of(account_id).run(
            sql.replace_password,
            slot=ids.slot_of(account_id),
            account_id=account_id,
            password_hash=hashed,
            checked=row["password_hash"],
        )

    def _refuse_bad(self, password: str, row: Row) -> None:
        problems = Problems()
        problems.add("password", *self._passwords.problems(password, row["username"], row["email"] or ""))
        problems.refuse()
