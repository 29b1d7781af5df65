"""Posts into many id lists: in calls of the function `push`, in waves so small that nobody else waits long for the server.

A wave takes the server as long as its ids, whoever posted and whatever bucket: so what many messages bring for one bucket
goes together, and a wave is full whether one author has 100,000 followers or a thousand authors have 100 each. At most WAVES
are under way from one process, however many messages it works on: the server stalls for as long as these take, and
meanwhile the next are made.
"""

import asyncio
from collections import defaultdict
from collections.abc import Generator, Iterable, Mapping
from functools import partial

from heliograph.stores.pipe import Command
from heliograph.stores.valkey import BUCKETS, Keys, Valkey, function

# Some 6 us each on a quick machine, 20 on a slow one.
WAVE_IDS = 16
WAVES = 2

# Kind of list, post, accounts.
Push = tuple[str, int, Iterable[int]]
# Kind and bucket: posts, and the accounts of that bucket for each.
Wave = Mapping[tuple[str, int], list[tuple[int, list[int]]]]


class Pushing:
    """Pushes, for one process. `cap`: ids that a list holds."""

    def __init__(self, valkey: Valkey, cap: int) -> None:
        self._valkey = valkey
        self._cap = cap
        self._places = asyncio.Semaphore(WAVES)

    async def push(self, pushes: Iterable[Push]) -> int:
        """Put posts into those of the lists that exist, wave by wave; how many. Raises StoreUnavailableError."""
        left = waves(pushes)
        return sum(await asyncio.gather(*(self._work_off(left) for _ in range(WAVES))))

    async def at_once(self, pushes: Iterable[Push]) -> None:
        """The same for the few that a request brings, which must not queue."""
        for wave in waves(pushes):
            await self._valkey.wave(partial(self._commands, wave))

    async def _work_off(self, left: Generator[Wave]) -> int:
        reached = 0
        try:
            for wave in left:
                async with self._places:
                    reached += sum(await self._valkey.wave(partial(self._commands, wave)))
        finally:
            # Whatever became of this one: the others need not go on after a failure.
            left.close()
        return reached

    def _commands(self, wave: Wave, keys: Keys) -> list[Command]:
        commands: list[Command] = []
        for (kind, bucket), posts in wave.items():
            prefix = keys.list_prefix(kind, bucket)
            any_key = f"{prefix}{posts[0][1][0]:019d}"
            command: list[str | int] = ["FCALL", function("push"), 1, any_key, prefix, self._cap]
            for post_id, accounts in posts:
                command += post_id, "%019d" * len(accounts) % tuple(accounts)
            commands.append(tuple(command))
        return commands


def waves(pushes: Iterable[Push]) -> Generator[Wave]:
    """All that is pushed, in waves of at most WAVE_IDS ids."""
    wave: defaultdict[tuple[str, int], list[tuple[int, list[int]]]] = defaultdict(list)
    room = WAVE_IDS
    for place, posts in _by_bucket(pushes).items():
        for post_id, accounts in posts:
            at = 0
            while at < len(accounts):
                part = accounts[at : at + room]
                wave[place].append((post_id, part))
                at, room = at + len(part), room - len(part)
                if room == 0:
                    yield wave
                    wave, room = defaultdict(list), WAVE_IDS
    if wave:
        yield wave


def _by_bucket(pushes: Iterable[Push]) -> dict[tuple[str, int], list[tuple[int, list[int]]]]:
    """What goes into each bucket. Older posts first: so each is the newest of its list when it comes."""
    by_bucket: defaultdict[tuple[str, int], list[tuple[int, list[int]]]] = defaultdict(list)
    mask = BUCKETS - 1
    for kind, post_id, account_ids in sorted(pushes, key=lambda push: push[1]):
        parts: defaultdict[int, list[int]] = defaultdict(list)
        for account_id in account_ids:
            # As `bucket_of` says; this runs for every delivery.
            parts[(account_id >> 12) & mask].append(account_id)
        for bucket, some in parts.items():
            by_bucket[kind, bucket].append((post_id, some))
    return by_bucket
