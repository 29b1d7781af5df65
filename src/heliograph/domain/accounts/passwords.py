"""Passwords: what is accepted (after NIST SP 800-63B) and how they are hashed (argon2id). Never stores or logs one.

Hashing takes memory and a core for tens of milliseconds, so only a few run at once, each in a thread; a bounded
number waits, and the rest is told to come back.
"""

import asyncio
import re
import secrets
import unicodedata
from base64 import b64encode
from collections.abc import Callable
from functools import cache, partial
from importlib import resources
from typing import ParamSpec, TypeVar
from urllib.parse import urlsplit

import msgspec
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from heliograph.base.errors import RateLimitedError
from heliograph.base.settings import Settings
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

# What says least about a password, as it stands in every name's place: `ada`, `ada1815!`, `A-d-a`.
_PLAIN = re.compile(r"[\W_]+")
_SOFTWARE = "heliograph"


@cache
def common() -> frozenset[str]:
    """The passwords that leak most often, in lower case, as far as they are long enough to be accepted at all.

    Source: the 20,000 most frequent ones of real leaks, compiled by Royce Williams, as Django ships them.
    """
    return frozenset((resources.files(__package__) / "common_passwords.txt").read_text("utf-8").splitlines())


class Verdict(msgspec.Struct, frozen=True):
    """Whether a password was right, and whether its hash was made with parameters that are no longer ours."""

    right: bool
    outdated: bool = False


def problems_of(password: str, *, not_like: tuple[str, ...] = ()) -> list[Problem]:
    """What keeps `password` from being accepted. `not_like`: what it must not be made of (username, e-mail, site)."""
    if not password:
        return [BLANK]
    if len(password) < MIN_CHARS:
        return [too_short(MIN_CHARS)]
    if len(password) > MAX_CHARS:
        return [too_long(MAX_CHARS)]
    lowered = password.lower()
    if lowered in common() or len(set(lowered)) == 1:
        return [invalid("is too easy to guess")]
    if _core(lowered) in {_core(word) for name in (*not_like, _SOFTWARE) for word in _words_of(name)}:
        return [invalid("must not be made of your name or address, or the name of this site")]
    return []


def site_words(settings: Settings) -> tuple[str, ...]:
    """What everybody who guesses at passwords of this site tries first: its name and its host."""
    return (settings.site_name, urlsplit(settings.url).hostname or "")


def _words_of(name: str) -> tuple[str, ...]:
    """`name`, and of an address or a host the part that tells it from others; nothing for nothing."""
    lowered = name.lower()
    head = lowered.partition("@")[0] if "@" in lowered else lowered.removeprefix("www.").partition(".")[0]
    return tuple(word for word in (lowered, head) if _core(word))


def _core(text: str) -> str:
    """`text` without signs, and without the digits at its ends that people add to a word."""
    return _PLAIN.sub("", text).strip("0123456789") or text


class Passwords:
    """Hashes and checks passwords, `at_once` at a time."""

    def __init__(
        self,
        at_once: int = AT_ONCE,
        *,
        words: tuple[str, ...] = (),
        time_cost: int = TIME_COST,
        memory_kib: int = MEMORY_KIB,
    ) -> None:
        """`words`: what no password here may be made of, whoever's it is."""
        self._words = words
        self._hasher = PasswordHasher(time_cost, memory_kib, PARALLELISM, _HASH_BYTES, _SALT_BYTES)
        self._gate = asyncio.Semaphore(at_once)
        self._waiting = 0
        # Right for no password: whoever asks for an unknown name waits as long as for a known one.
        salt, hashed = secrets.token_bytes(_SALT_BYTES), secrets.token_bytes(_HASH_BYTES)
        self._nobody = f"$argon2id$v=19$m={memory_kib},t={time_cost},p={PARALLELISM}${_b64(salt)}${_b64(hashed)}"

    def problems(self, password: str, *names: str) -> list[Problem]:
        """What keeps `password` from being accepted for whoever has `names` (username, e-mail)."""
        return problems_of(password, not_like=(*names, *self._words))

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
