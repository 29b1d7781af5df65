"""An account as it is kept, and the parts of it that its owner may change."""

from datetime import datetime
from typing import Literal

import msgspec

from heliograph.base import ids
from heliograph.domain.accounts.problems import Problems
from heliograph.domain.accounts.text import line, plain

State = Literal["pending", "active", "suspended", "deleted"]
Role = Literal["member", "admin"]

DISPLAY_NAME_MAX = 30
NOTE_MAX = 500
FIELDS_MAX = 4
FIELD_MAX = 255


class Field(msgspec.Struct, frozen=True):
    """One line of the table on a profile."""

    name: str
    value: str


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """One row of `accounts`. `avatar` and `header` are names in the media store, empty for none.

    `hide_collections`: others do not see who follows it and whom it follows. `default_visibility` is a post's number for
    it; `pull_from`: posts from this id on are not pushed to feeds.
    """

    id: int
    username: str
    display_name: str = ""
    note: str = ""
    fields: tuple[Field, ...] = ()
    avatar: str = ""
    header: str = ""
    bot: bool = False
    locked: bool = False
    discoverable: bool = True
    hide_collections: bool = False
    default_visibility: int = 0
    default_sensitive: bool = False
    default_language: str | None = None
    state: State = "active"
    role: Role = "member"
    last_post_at: datetime | None = None
    pull_from: int | None = None

    @property
    def created_at(self) -> datetime:
        """When the account was made: its id says so."""
        return ids.time_of(self.id)


class ProfileChanges(msgspec.Struct, frozen=True, kw_only=True):
    """What to change; what is UNSET stays."""

    display_name: str | msgspec.UnsetType = msgspec.UNSET
    note: str | msgspec.UnsetType = msgspec.UNSET
    fields: tuple[Field, ...] | msgspec.UnsetType = msgspec.UNSET
    avatar: str | msgspec.UnsetType = msgspec.UNSET
    header: str | msgspec.UnsetType = msgspec.UNSET
    bot: bool | msgspec.UnsetType = msgspec.UNSET
    locked: bool | msgspec.UnsetType = msgspec.UNSET
    discoverable: bool | msgspec.UnsetType = msgspec.UNSET
    hide_collections: bool | msgspec.UnsetType = msgspec.UNSET
    default_visibility: int | msgspec.UnsetType = msgspec.UNSET
    default_sensitive: bool | msgspec.UnsetType = msgspec.UNSET
    default_language: str | msgspec.UnsetType | None = msgspec.UNSET


CHANGEABLE = ProfileChanges.__struct_fields__


def changed(account: Account, changes: ProfileChanges) -> Account:
    """`account` with `changes`. Raises ValidationError."""
    asked = {name: value for name in CHANGEABLE if (value := getattr(changes, name)) is not msgspec.UNSET}
    result = _tidied(msgspec.structs.replace(account, **asked))
    problems = Problems()
    problems.limit("display_name", result.display_name, DISPLAY_NAME_MAX)
    problems.limit("note", result.note, NOTE_MAX)
    if len(result.fields) > FIELDS_MAX:
        problems.add("fields", ("ERR_TOO_LONG", f"has too many entries (maximum is {FIELDS_MAX})"))
    for field in result.fields[:FIELDS_MAX]:
        problems.limit("fields", max(field.name, field.value, key=len), FIELD_MAX)
    if not 0 <= result.default_visibility <= 2:
        problems.add("default_visibility", ("ERR_INCLUSION", "is not included in the list"))
    problems.refuse()
    return result


def _tidied(account: Account) -> Account:
    fields = [Field(line(field.name), line(field.value)) for field in account.fields]
    return msgspec.structs.replace(
        account,
        display_name=line(account.display_name),
        note=plain(account.note),
        fields=tuple(field for field in fields if field.name or field.value),
        default_language=line(account.default_language)[:35] if account.default_language else None,
    )
