"""What is known of a made-up community that has been, or is being, put on a site: a file in its data directory.

It holds a password and tokens, so it is for its owner's eyes only. With it an interrupted seeding goes on where it was.
"""

import contextlib
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec

from heliograph.base.errors import StartError

FILE = "demo.json"


class State(msgspec.Struct):
    """`tokens` and `ids` of accounts by username; `posts`: ids by number in the plan; `done`: nothing is missing any more.

    `lively`: what is done about a post has been done about so many.
    """

    password: str
    people: int
    planned: int
    tokens: dict[str, str] = {}
    ids: dict[str, str] = {}
    followed: int = 0
    posts: dict[int, str] = {}
    lively: int = 0
    done: bool = False


class Notebook:
    """The state and its file; written whole, so that it is never half there."""

    def __init__(self, data_dir: Path) -> None:
        """`data_dir`: of the site."""
        self._file = data_dir / FILE
        self._lock = threading.Lock()

    def read(self) -> State | None:
        """What was written last; None when nothing was. Raises StartError for a file that makes no sense."""
        try:
            return msgspec.json.decode(self._file.read_bytes(), type=State)
        except FileNotFoundError:
            return None
        except (OSError, msgspec.DecodeError) as error:
            raise StartError(
                f"{self._file} cannot be read ({error}). Remove {self._file.parent} for a new demo."
            ) from error

    def write(self, state: State) -> None:
        """Write `state`. Raises StartError when that is not possible."""
        draft = self._file.with_suffix(".new")
        with self._lock, _explained(self._file):
            handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(msgspec.json.encode(state))
            draft.replace(self._file)


@contextlib.contextmanager
def _explained(file: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StartError(f"{file} cannot be written: {error.strerror}.") from error
