"""What a token may do: Mastodon's scopes, which of them covers which. Pure functions."""

from collections.abc import Iterable
from functools import lru_cache

from heliograph.domain.accounts.oauth_errors import InvalidScopeError

Scopes = tuple[str, ...]

_READ = (
    "accounts",
    "blocks",
    "bookmarks",
    "collections",
    "favourites",
    "filters",
    "follows",
    "lists",
    "mutes",
    "notifications",
    "search",
    "statuses",
)
_WRITE = (
    "accounts",
    "blocks",
    "bookmarks",
    "collections",
    "conversations",
    "favourites",
    "filters",
    "follows",
    "lists",
    "media",
    "mutes",
    "notifications",
    "reports",
    "statuses",
)
_ADMIN = (
    "accounts",
    "reports",
    "domain_allows",
    "domain_blocks",
    "ip_blocks",
    "email_domain_blocks",
    "canonical_email_blocks",
)

ALL: Scopes = (
    "read",
    *(f"read:{part}" for part in _READ),
    "write",
    *(f"write:{part}" for part in _WRITE),
    *("follow", "push", "profile"),
    "admin:read",
    *(f"admin:read:{part}" for part in _ADMIN),
    "admin:write",
    *(f"admin:write:{part}" for part in _ADMIN),
)
DEFAULT: Scopes = ("read",)
# What a person may do in the browser, where no app stands between.
OWN: Scopes = ("read", "write", "follow", "push", "profile")
OWN_ADMIN: Scopes = (*OWN, "admin:read", "admin:write")

_KNOWN = frozenset(ALL)
_FOLLOW = frozenset(f"{verb}:{part}" for verb in ("read", "write") for part in ("blocks", "follows", "mutes"))


def parse(text: str) -> Scopes:
    """The scopes named in `text` (separated by space or plus), each once; `read` when there is none.

    Raises InvalidScopeError for one that does not exist.
    """
    named = tuple(dict.fromkeys(text.replace("+", " ").split()))
    if not _KNOWN.issuperset(named):
        raise InvalidScopeError
    return named or DEFAULT


@lru_cache(maxsize=4096)
def covers(granted: Scopes, needed: str) -> bool:
    """Whether `granted` allows what needs the scope `needed` (`read` covers `read:statuses`)."""
    return any(_covers_one(scope, needed) for scope in granted)


def _covers_one(scope: str, needed: str) -> bool:
    return scope == needed or needed.startswith(f"{scope}:") or (scope == "follow" and needed in _FOLLOW)


def narrowed(text: str, registered: Iterable[str]) -> Scopes:
    """The scopes that `text` asks for, if all of them lie within those that the app was registered with.

    Raises InvalidScopeError.
    """
    asked = parse(text)
    held = tuple(registered)
    if not all(covers(held, scope) for scope in asked):
        raise InvalidScopeError
    return asked
