"""What bounds a delivery: Valkey's function alone, its commands made beforehand, with the product's own bound on stalls.

`python -m heliograph.lab.bench.alone URL SERIES FANS POSTS` pushes POSTS ids to all FANS and prints deliveries a second.
"""

import asyncio
import json
import os
import sys
import time
from collections.abc import Iterator
from functools import partial

import uvloop

from heliograph.base import clock, ids
from heliograph.lab.bench.fans import FEED_IDS, Fans
from heliograph.lab.bench.trial import pinned
from heliograph.stores.idlists import HOME
from heliograph.stores.pipe import Command
from heliograph.stores.pushing import WAVES, waves
from heliograph.stores.valkey import Keys, Valkey, function

Call = tuple[int, bytes]


async def measure(url: str, fans: Fans, posts: int, cores: set[int]) -> float:
    """Deliveries a second, by a process on `cores`."""
    argv = (sys.executable, "-m", "heliograph.lab.bench.alone", url, str(fans.series), str(fans.count), str(posts))
    with pinned(cores):
        process = await asyncio.create_subprocess_exec(*argv, stdout=asyncio.subprocess.PIPE, env=os.environ)
    told, _ = await process.communicate()
    return float(json.loads(told))


def _waves(fans: Fans) -> list[list[Call]]:
    """All fans as the product would cut them."""
    return [
        [(bucket, b"".join(b"%019d" % fan for fan in some)) for (_, bucket), ((_, some),) in wave.items()]
        for wave in waves([(HOME, 0, fans.ids())])
    ]


async def _push(url: str, fans: Fans, posts: int, cap: int) -> float:
    prepared = _waves(fans)
    async with Valkey.open(url) as valkey:
        await valkey.ping()
        started = time.perf_counter()
        for _ in range(posts):
            left = iter(prepared)
            # The newest, as those of the product are.
            post_id = ids.first_at(clock.now())
            await asyncio.gather(*(_flight(valkey, left, post_id, cap) for _ in range(WAVES)))
        return fans.count * posts / (time.perf_counter() - started)


async def _flight(valkey: Valkey, left: Iterator[list[Call]], post_id: int, cap: int) -> None:
    for wave in left:
        await valkey.wave(partial(_commands, wave, post_id, cap))


def _commands(wave: list[Call], post_id: int, cap: int, keys: Keys) -> list[Command]:
    commands: list[Command] = []
    for bucket, blob in wave:
        prefix = keys.list_prefix(HOME, bucket)
        commands.append(("FCALL", function("push"), 1, prefix + blob[:19].decode(), prefix, cap, post_id, blob))
    return commands


if __name__ == "__main__":
    url, series, count, posts = sys.argv[1], *map(int, sys.argv[2:5])
    sys.stdout.write(json.dumps(uvloop.run(_push(url, Fans(series, count), posts, FEED_IDS))))
