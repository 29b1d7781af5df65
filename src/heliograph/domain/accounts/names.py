"""The rules of usernames and e-mail addresses. Pure functions; who has a name is the directory's business."""

import hashlib
import re

from heliograph.domain.accounts.problems import BLANK, RESERVED, Problem, invalid, too_long

USERNAME_MAX = 30
EMAIL_MAX = 254

_USERNAME = re.compile(r"[a-z0-9_]+", re.IGNORECASE | re.ASCII)
# What mail servers deliver to, not the whole grammar of RFC 5322: quoted local parts and address literals are refused.
_EMAIL = re.compile(
    r"[a-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?",
    re.IGNORECASE | re.ASCII,
)

RESERVED_NAMES = frozenset(
    """
    abuse account accounts admin administration administrator admins anonymous api auth contact everyone heliograph help
    helpdesk hostmaster info instance mod moderator moderators mods noreply oauth official owner postmaster root
    security server staff support system team webmaster
    """.split()  # noqa: SIM905 -- a list of words reads best as words
)


def folded(name: str) -> str:
    """The form in which names are compared: two that fold alike are the same name."""
    return name.lower()


def number_of(folded_name: str) -> int:
    """A name as a number of 63 bits, under which things are cached."""
    return int.from_bytes(hashlib.sha256(folded_name.encode()).digest()[:8], "big") >> 1


def is_username(name: str) -> bool:
    """Whether `name` could be somebody's username."""
    return len(name) <= USERNAME_MAX and _USERNAME.fullmatch(name) is not None


def is_email(address: str) -> bool:
    """Whether `address` could be somebody's e-mail address."""
    return len(address) <= EMAIL_MAX and _EMAIL.fullmatch(address) is not None


def username_problems(name: str) -> list[Problem]:
    """What keeps `name` from being a username; an operator may still give a reserved one."""
    if not name:
        return [BLANK]
    problems = []
    if _USERNAME.fullmatch(name) is None:
        problems.append(invalid("must contain only letters, numbers and underscores"))
    if len(name) > USERNAME_MAX:
        problems.append(too_long(USERNAME_MAX))
    if folded(name) in RESERVED_NAMES:
        problems.append(RESERVED)
    return problems


def email_problems(address: str) -> list[Problem]:
    """What keeps `address` from being an e-mail address."""
    if not address:
        return [BLANK]
    if len(address) > EMAIL_MAX:
        return [too_long(EMAIL_MAX)]
    return [] if is_email(address) else [invalid()]
