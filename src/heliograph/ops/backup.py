"""A copy of a site in one folder, and a site made from it: the databases by PostgreSQL's own tools, the photos as files.

Taken while the site runs. The databases are dumped first, each as it is at one moment; photos are copied after, so that
every photo which a dump knows of is there, unless its post has been deleted meanwhile. Valkey is left out: all of it is
rebuilt. An unfinished copy has another name, and is never taken for a whole one.
"""

import asyncio
import hashlib
import shutil
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

import msgspec

from heliograph import __version__
from heliograph.base import clock, logs
from heliograph.base.errors import StartError
from heliograph.base.topology import Topology
from heliograph.ops import binaries, process
from heliograph.ops.identity import SERVER_ENV
from heliograph.stores import schema
from heliograph.stores.shards import Shards
from heliograph.stores.valkey import Valkey

log = logs.get("backup")

MANIFEST = "manifest.json"
MEDIA = "media"
UNFINISHED = ".unfinished"
# Six hours: a tool that takes longer hangs.
TOOL_TIMEOUT_S = 6 * 3600.0


class Dump(msgspec.Struct, frozen=True):
    """One database in a backup: its file, and the file's SHA-256."""

    shard: str
    file: str
    sha256: str


class Manifest(msgspec.Struct, frozen=True):
    """What a backup holds. `photos` and `photo_bytes` are None when photos are kept in a bucket, which is not copied."""

    version: str
    taken_at: str
    migrations: list[str]
    dumps: list[Dump]
    photos: int | None
    photo_bytes: int | None


async def take(topology: Topology, folder: Path) -> Manifest:
    """Copy the site of `topology` into the new folder `folder`. Raises StartError; then `folder` is not there."""
    unfinished = folder.with_name(folder.name + UNFINISHED)
    try:
        _begin(folder, unfinished)
        dumps = [await _dump(shard.name, shard.dsn, unfinished) for shard in topology.shards]
        photos, photo_bytes = await asyncio.to_thread(_copy, _photos(topology), unfinished / MEDIA) or (None, None)
        names = list(schema.scripts())
        manifest = Manifest(__version__, clock.iso(clock.now()), names, dumps, photos, photo_bytes)
        (unfinished / MANIFEST).write_bytes(msgspec.json.format(msgspec.json.encode(manifest)) + b"\n")
        unfinished.rename(folder)
    except OSError as error:
        raise StartError(f"The backup could not be written: {error.strerror} ({error.filename})") from error
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return manifest


def _begin(folder: Path, unfinished: Path) -> None:
    if folder.exists():
        raise StartError(f"{folder} exists already. Name a folder that does not: no backup is written over another.")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700, parents=True)


async def restore(topology: Topology, folder: Path) -> Manifest:
    """Make the site of `topology`, whose databases must be empty, from the backup in `folder`. Raises StartError."""
    manifest = read(folder)
    shards = {shard.name: shard.dsn for shard in topology.shards}
    if sorted(shards) != sorted(dump.shard for dump in manifest.dumps):
        raise StartError(
            f"The backup holds the shards {[dump.shard for dump in manifest.dumps]}, the site has {sorted(shards)}."
        )
    async with Shards.open(topology, 1) as opened:
        if await _has_tables(opened):
            raise StartError("The database holds a site already. A backup is restored into an empty one only.")
    await asyncio.to_thread(_check, folder, manifest)
    for dump in manifest.dumps:
        await _load(folder / dump.file, shards[dump.shard])
    # Whatever Valkey holds tells of another history: its versions may lie above all that this site will reach for long.
    async with Valkey.open(topology.valkey_url) as valkey:
        await valkey.one(lambda _: ("FLUSHDB",))
    root = _photos(topology)
    if root is not None and manifest.photos is not None:
        try:
            await asyncio.to_thread(_copy, folder / MEDIA, root)
        except OSError as error:
            raise StartError(f"The photos could not be copied: {error.strerror} ({error.filename})") from error
    return manifest


def read(folder: Path) -> Manifest:
    """What the backup in `folder` holds. Raises StartError when it is none, or by a newer Heliograph."""
    try:
        manifest = msgspec.json.decode((folder / MANIFEST).read_bytes(), type=Manifest)
    except (OSError, msgspec.DecodeError) as error:
        raise StartError(f"{folder} is not a backup of Heliograph: its {MANIFEST} cannot be read ({error})") from error
    unknown = sorted(set(manifest.migrations) - set(schema.scripts()))
    if unknown:
        raise StartError(f"The backup is of Heliograph {manifest.version}, which is newer than this ({unknown[0]}).")
    return manifest


def _check(folder: Path, manifest: Manifest) -> None:
    for dump in manifest.dumps:
        try:
            found = _sha256(folder / dump.file)
        except OSError as error:
            raise StartError(f"The backup is damaged: {dump.file} cannot be read ({error.strerror})") from error
        if found != dump.sha256:
            raise StartError(f"The backup is damaged: {dump.file} is not what was written.")


async def _has_tables(shards: Shards) -> bool:
    return any([await shard.value(schema.sql.table) is not None for shard in shards.all])


async def _dump(name: str, dsn: str, folder: Path) -> Dump:
    file = f"{name}.dump"
    where, secret = _without_password(dsn)
    arguments = ("--format=custom", "--no-owner", "--no-privileges", f"--file={folder / file}", where)
    await _tool("pg_dump", *arguments, secret=secret)
    return Dump(name, file, await asyncio.to_thread(_sha256, folder / file))


async def _load(file: Path, dsn: str) -> None:
    where, secret = _without_password(dsn)
    arguments = (
        "--single-transaction",
        "--exit-on-error",
        "--no-owner",
        "--no-privileges",
        f"--dbname={where}",
        str(file),
    )
    await _tool("pg_restore", *arguments, secret=secret)


async def _tool(program: str, *arguments: str, secret: Mapping[str, str]) -> None:
    argv = (str(binaries.postgres(program)), *arguments)
    code, output = await process.run(argv, SERVER_ENV | dict(secret), Path("/"), TOOL_TIMEOUT_S)
    if code != 0:
        raise StartError(f"{program} {process.ending(code)}: {output.strip()[-500:]}")


def _without_password(dsn: str) -> tuple[str, dict[str, str]]:
    """`dsn` for a command line, which everybody on the machine can read, and the environment that holds the password."""
    parts = urlsplit(dsn)
    if not parts.password:
        return dsn, {}
    user, _, host = parts.netloc.rpartition("@")
    return parts._replace(netloc=f"{user.partition(':')[0]}@{host}").geturl(), {"PGPASSWORD": unquote(parts.password)}


def _photos(topology: Topology) -> Path | None:
    """The folder of the photos; None when they are in a bucket."""
    scheme, _, path = topology.media_store_url.partition("://")
    return Path(path) if scheme == "file" else None


def _copy(source: Path | None, target: Path) -> tuple[int, int] | None:
    """Copy all files of `source`; how many, and their bytes. None when there is no folder to copy."""
    if source is None:
        return None
    target.mkdir(mode=0o700, parents=True, exist_ok=True)
    files = size = 0
    for path in sorted(source.rglob("*")):
        to = target / path.relative_to(source)
        if path.is_dir():
            to.mkdir(exist_ok=True)
            continue
        try:
            shutil.copy2(path, to)
        except FileNotFoundError:
            # Deleted since the folder was read; where it should go, nothing is missing.
            if not to.parent.exists():
                raise
            continue
        files += 1
        size += to.stat().st_size
    return files, size


def _sha256(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
