"""The words by which an account is found: those of its display name and its user name, folded.

Folded means: any case, any accent and any form of writing the same letter give the same word. What is kept in
`account_words` and what is looked for both come from here, so that they cannot disagree.
"""

import re
import unicodedata
from collections.abc import Set as AbstractSet

from heliograph.base import ids
from heliograph.stores.queries import load
from heliograph.stores.shards import Session

sql = load("search")

_WORD = re.compile(r"\w+")


def folded(text: str) -> str:
    """`text` in the form in which words are compared: no case, no marks, letters in their plainest form (NFKD)."""
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return "".join([char for char in plain if not unicodedata.category(char).startswith("M")])


def asked(text: str) -> list[str]:
    """The distinct words of what somebody looks for, in order."""
    return list(dict.fromkeys(_WORD.findall(folded(text))))


def of(username: str, display_name: str) -> set[str]:
    """The words of an account; of `sunny_side` also `sunny` and `side`."""
    whole = _WORD.findall(folded(f"{username} {display_name}"))
    return {part for word in whole for part in (word, *word.split("_")) if part}


async def put(session: Session, account_id: int, new: AbstractSet[str], old: AbstractSet[str] = frozenset()) -> None:
    """Within the transaction that names an account: let it be found by `new`, and no longer by what was `old` only."""
    slot = ids.slot_of(account_id)
    if old - new:
        await session.run(sql.drop_words, slot=slot, account_id=account_id, words=sorted(old - new))
    if new - old:
        await session.run(sql.add_words, slot=slot, account_id=account_id, words=sorted(new - old))
