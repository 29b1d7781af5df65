"""Passwords: what is accepted (after NIST SP 800-63B) and how they are hashed (argon2id). Never stores or logs one.

Hashing takes memory and a core for tens of milliseconds, so only a few run at once, each in a thread; a bounded
number waits, and the rest is told to come back.
"""

import asyncio
import secrets
import unicodedata
from base64 import b64encode
from collections.abc import Callable
from functools import partial
from typing import ParamSpec, TypeVar

import msgspec
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from heliograph.base.errors import RateLimitedError
from heliograph.domain.accounts.problems import BLANK, Problem, invalid, too_long, too_short

P = ParamSpec("P")
T = TypeVar("T")

MIN_CHARS = 8
MAX_CHARS = 256
AT_ONCE = 2
WAITING_MAX = 64

# OWASP's and RFC 9106's advice between them: memory is what costs an attacker, and a web process has little.
TIME_COST = 3
MEMORY_KIB = 32 * 1024
PARALLELISM = 1
_HASH_BYTES = 32
_SALT_BYTES = 16

# The head of every list of leaked passwords, as far as it is long enough to be accepted at all.
COMMON = frozenset(
    """
    00000000 11111111 12341234 12344321 123123123 12345678 123456789 1234567890 123456789a 12345679 123qweasd
    147258369 1q2w3e4r 1q2w3e4r5t 1qaz2wsx 22222222 87654321 88888888 987654321 99999999 abc12345 abcd1234 abcdefgh
    administrator alexander asdfasdf asdfghjk asdfghjkl baseball basketball butterfly changeme charlie1 computer
    corvette danielle dragon12 einstein football football1 iloveyou iloveyou1 jennifer jonathan letmein1 liverpool
    mercedes michael1 michelle midnight monkey12 pa55word passw0rd password password! password1 password12 password123
    princess princess1 q1w2e3r4 qazwsxedc qwer1234 qwerty12 qwerty123 qwertyui qwertyuiop samantha secret12 starwars
    steelers sunshine superman superman1 trustno1 victoria welcome1 welcome123 whatever zaq12wsx zxcvbnm1 zxcvbnm123
    """.split()  # noqa: SIM905 -- a list of words reads best as words
)


class Verdict(msgspec.Struct, frozen=True):
    """Whether a password was right, and whether its hash was made with parameters that are no longer ours."""

    right: bool
    outdated: bool = False


def problems_of(password: str, *, not_like: tuple[str, ...] = ()) -> list[Problem]:
    """What keeps `password` from being accepted. `not_like`: names that it must not be (username, e-mail)."""
    if not password:
        return [BLANK]
    if len(password) < MIN_CHARS:
        return [too_short(MIN_CHARS)]
    if len(password) > MAX_CHARS:
        return [too_long(MAX_CHARS)]
    lowered = password.lower()
    if lowered in COMMON or len(set(lowered)) == 1:
        return [invalid("is too easy to guess")]
    if any(lowered == name.lower() for name in not_like if name):
        return [invalid("must not be your name or address")]
    return []


class Passwords:
    """Hashes and checks passwords, `at_once` at a time."""

    def __init__(self, at_once: int = AT_ONCE, *, time_cost: int = TIME_COST, memory_kib: int = MEMORY_KIB) -> None:
        self._hasher = PasswordHasher(time_cost, memory_kib, PARALLELISM, _HASH_BYTES, _SALT_BYTES)
        self._gate = asyncio.Semaphore(at_once)
        self._waiting = 0
        # Right for no password: whoever asks for an unknown name waits as long as for a known one.
        salt, hashed = secrets.token_bytes(_SALT_BYTES), secrets.token_bytes(_HASH_BYTES)
        self._nobody = f"$argon2id$v=19$m={memory_kib},t={time_cost},p={PARALLELISM}${_b64(salt)}${_b64(hashed)}"

    async def hash(self, password: str) -> str:
        """The hash of `password` in PHC format. Raises RateLimitedError when too many wait."""
        return await self._run(self._hash, password)

    async def check(self, stored: str | None, password: str) -> Verdict:
        """Whether `stored` is a hash of `password`; None takes as long and is never right."""
        return await self._run(self._check, stored or self._nobody, password)

    def _hash(self, password: str) -> str:
        return self._hasher.hash(_unified(password))

    def _check(self, stored: str, password: str) -> Verdict:
        # What could not have been accepted is not worth the time that its length would take.
        text = _unified(password[:MAX_CHARS])
        try:
            self._hasher.verify(stored, text)
        except (VerificationError, InvalidHashError):
            return Verdict(right=False)
        return Verdict(right=len(password) <= MAX_CHARS, outdated=self._hasher.check_needs_rehash(stored))

    async def _run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        if self._waiting >= WAITING_MAX:
            raise RateLimitedError(5)
        self._waiting += 1
        try:
            await self._gate.acquire()
        finally:
            self._waiting -= 1
        # A thread cannot be stopped: the place is free when the work has ended, even if nobody waits for it any more.
        future = asyncio.get_running_loop().run_in_executor(None, partial(work, *args, **kwargs))
        future.add_done_callback(lambda _: self._gate.release())
        return await asyncio.shield(future)


def _unified(password: str) -> bytes:
    """The same bytes for the same characters, however a keyboard composed them (SP 800-63B §3.1.1.2)."""
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")


def _b64(data: bytes) -> str:
    return b64encode(data).decode().rstrip("=")
