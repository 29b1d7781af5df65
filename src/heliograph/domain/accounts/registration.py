"""Sign-up. Names are claimed first, then account and credentials are written at once, then the claims are settled.

A crash leaves at worst a claim, which is swept after an hour. An error after the claims leaves them too: whether the
account was written is then unknown, and the sweep finds out.
"""

import secrets
from typing import Any, NoReturn

import msgspec

from heliograph.base import ids
from heliograph.base.errors import ForbiddenError, StoreConflictError
from heliograph.base.settings import Settings
from heliograph.domain.accounts import letters, names, words
from heliograph.domain.accounts.account import Role, State
from heliograph.domain.accounts.directory import Directory, Kind
from heliograph.domain.accounts.passwords import Passwords
from heliograph.domain.accounts.problems import BLANK, NOT_ACCEPTED, RESERVED, TAKEN, Problems, too_long
from heliograph.domain.accounts.text import line, plain
from heliograph.stores.queries import load
from heliograph.stores.shards import Shards

accounts = load("accounts")
credentials = load("credentials")

REASON_MAX = 500
LOCALE_MAX = 35

Claims = list[tuple[Kind, str]]


class SignUp(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody who signs up says. `reason`: for whoever approves."""

    username: str
    password: str
    email: str | None = None
    agreement: bool = False
    locale: str = "en"
    reason: str = ""


class Registered(msgspec.Struct, frozen=True):
    """A new account. `state`: active, or pending until somebody approves."""

    account_id: int
    username: str
    state: State


class Registration:
    """Makes accounts."""

    def __init__(self, shards: Shards, directory: Directory, passwords: Passwords, settings: Settings) -> None:
        self._shards = shards
        self._directory = directory
        self._passwords = passwords
        self._settings = settings

    async def sign_up(self, form: SignUp) -> Registered:
        """An account for whoever filled in `form`, as the site's setting has it.

        Raises ForbiddenError when the site is closed; ValidationError with what is wrong, field by field.
        """
        self.check(form)
        tidy = _tidied(form)
        return await self._create(tidy, "pending" if self._settings.registration == "approval" else "active", "member")

    def check(self, form: SignUp) -> None:
        """What can be said of `form` without asking a store. Raises as `sign_up` does.

        A slip of the pen found here costs nothing, so it need not count as a try.
        """
        if self._settings.registration == "closed":
            raise ForbiddenError("Registrations are not open on this site")
        self._check(_tidied(form))

    async def create(self, username: str, password: str, email: str | None = None, role: Role = "member") -> Registered:
        """An active account on the operator's word: the mode is not asked, and reserved names are allowed.

        Raises ValidationError.
        """
        tidy = _tidied(SignUp(username=username, password=password, email=email, agreement=True))
        problems = Problems()
        problems.add("username", *(found for found in names.username_problems(tidy.username) if found != RESERVED))
        problems.add("email", *(names.email_problems(tidy.email) if tidy.email else []))
        problems.add("password", *self._passwords.problems(password, tidy.username, tidy.email or ""))
        problems.refuse()
        return await self._create(tidy, "active", role)

    def _check(self, form: SignUp) -> None:
        problems = Problems()
        problems.add("username", *names.username_problems(form.username))
        if form.email:
            problems.add("email", *names.email_problems(form.email))
        elif self._settings.smtp_url:
            problems.add("email", BLANK)
        problems.add("password", *self._passwords.problems(form.password, form.username, form.email or ""))
        if not form.agreement:
            problems.add("agreement", NOT_ACCEPTED)
        if len(form.reason) > REASON_MAX:
            problems.add("reason", too_long(REASON_MAX))
        problems.refuse()

    async def _create(self, form: SignUp, state: State, role: Role) -> Registered:
        # Before the claims: between claim and account nothing slow may stand.
        password_hash = await self._passwords.hash(form.password)
        account_id = await self._mint()
        claims = await self._claim(form, account_id)
        await self._write(form, account_id, password_hash, state, role)
        await self._settle(claims, account_id)
        return Registered(account_id, form.username, state)

    async def _mint(self) -> int:
        slot = secrets.randbelow(ids.SHARED_SLOTS)
        account_id: int | None = await self._shards.at(slot).value(accounts.mint, slot=slot)
        if account_id is None:
            raise StoreConflictError
        return account_id

    async def _claim(self, form: SignUp, account_id: int) -> Claims:
        """Username first, then e-mail: nobody holds an address while they wait for a name, so somebody always wins."""
        claims: Claims = [(Kind.USERNAME, names.folded(form.username))]
        if form.email:
            claims.append((Kind.EMAIL, form.email))
        for at, claim in enumerate(claims):
            if not await self._directory.claim(*claim, account_id):
                await self._release(claims[:at], account_id)
                _refuse_taken([claim, *[other for other in claims[at + 1 :] if await self._directory.find(*other)]])
        return claims

    async def _write(self, form: SignUp, account_id: int, password_hash: str, state: State, role: Role) -> None:
        slot = ids.slot_of(account_id)
        async with self._shards.at(slot).transaction() as transaction:
            await transaction.run(
                accounts.create,
                slot=slot,
                id=account_id,
                username=form.username,
                display_name="",
                state=state,
                role=role,
            )
            await words.put(transaction, account_id, words.of(form.username, ""))
            await transaction.run(credentials.create, slot=slot, **_credentials(form, account_id, password_hash))
            if form.email and self._settings.smtp_url:
                await letters.put(transaction, account_id, "confirm")

    async def _settle(self, claims: Claims, account_id: int) -> None:
        """Settle the claims. If one was swept while this process slept and is somebody else's now, they keep it."""
        lost = [claim for claim in claims if not await self._directory.hold(*claim, account_id)]
        if lost:
            slot = ids.slot_of(account_id)
            async with self._shards.at(slot).transaction() as transaction:
                await transaction.run(accounts.remove, slot=slot, id=account_id)
                await transaction.run(credentials.remove, slot=slot, account_id=account_id)
            await self._release(claims, account_id)
            _refuse_taken(lost)

    async def _release(self, claims: Claims, account_id: int) -> None:
        for claim in claims:
            await self._directory.release(*claim, account_id)


def _tidied(form: SignUp) -> SignUp:
    return msgspec.structs.replace(
        form,
        username=form.username.strip(),
        email=names.folded((form.email or "").strip()) or None,
        locale=line(form.locale)[:LOCALE_MAX] or "en",
        reason=plain(form.reason),
    )


def _credentials(form: SignUp, account_id: int, password_hash: str) -> dict[str, Any]:
    return {
        "account_id": account_id,
        "email": form.email,
        "password_hash": password_hash,
        "reason": form.reason,
        "locale": form.locale,
    }


def _refuse_taken(claims: Claims) -> NoReturn:
    problems = Problems()
    for kind, _ in claims:
        problems.add(str(kind), TAKEN)
    problems.refuse()
    raise AssertionError("nothing was taken")
