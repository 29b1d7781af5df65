"""What an account with very many followers costs the others: nothing that they would notice.

It posts, beside an ordinary account: is it answered as soon, does every follower who reads see it, do messages pile up, and does home
take longer for everybody else? The last is asked in interleaved pairs of phases, with and without its posts, since a machine has moods.
"""

import asyncio
import random
import statistics
import time
from collections.abc import Iterator, Sequence

import msgspec

from heliograph.lab.bench import crowd, load, openloop
from heliograph.lab.bench.openloop import Outcome, Request
from heliograph.lab.bench.report import Beside, Figure
from heliograph.lab.celebrity import stage
from heliograph.lab.celebrity.stage import Stage
from heliograph.lab.client import Client

HOME = "/api/v1/timelines/home"
POSTS = "/api/v1/statuses"
COMPARED = 40
PAIRS, PHASE_S = 10, 6.0
# Of what the site can do, posts among it: busy, and not at its limit, where everything costs everybody.
LOAD_SHARE = 0.3
# Fewer would make a p99 of a handful.
LEAST_PER_S = 50.0
POSTS_SHARE = 0.05
CELEBRITY_PER_S = 1.0
# How long messages may wait after a phase before they count as a queue that grows.
SETTLE_S = 5.0
ASKED = 50
TIMES_BAR, RATIO_BAR = 1.5, 1.25


class Phase(msgspec.Struct, frozen=True):
    """A phase: what came of it, messages that waited at its end, whether they were done soon."""

    outcome: Outcome
    waiting: int
    settled: bool


class Seen(msgspec.Struct):
    """Reads of home by followers, and how many of them did not show the newest post."""

    reads: int = 0
    missed: int = 0


async def measure(scene: Stage, client: Client) -> list[Figure]:
    """All that is asked above, on a site whose programs run."""
    port = scene.trial.settings.port
    per_s = max(LEAST_PER_S, LOAD_SHARE * (await _warm(port, scene.regulars)).per_s)
    compared = await openloop.run(port, list(_compared(scene)), connections=4)
    pairs, seen = [], Seen()
    for turn in range(PAIRS):
        # Which comes first changes, so that whatever drifts meanwhile is on neither side.
        phases = {
            famous: await _phase(scene, per_s, turn, famous) for famous in sorted((False, True), reverse=turn % 2 > 0)
        }
        pairs.append((phases[False], phases[True]))
        await _look(scene, client, scene.fans[turn * ASKED % len(scene.fans) :][:ASKED], seen)
    await _look(scene, client, scene.fans, seen)
    return [*_told(scene, per_s), *_answered(compared), *_others(pairs), *_queues(pairs), *_seen(seen)]


async def _warm(port: int, readers: Sequence[crowd.Person]) -> load.Outcome:
    """Everybody has read home; what the site can do, of what the others ask of it."""
    await load.warm(port, [load.get(HOME, reader.token) for reader in readers])
    chance = random.Random(PAIRS)  # noqa: S311 -- repeatable, not secret
    return await load.run(port, lambda: _others_request(readers, chance), 4.0)


def _post(person: crowd.Person) -> bytes:
    return load.post(POSTS, person.token, msgspec.json.encode({"status": crowd.TEXT, "visibility": "public"}))


def _compared(scene: Stage) -> Iterator[Request]:
    """Posts of the celebrity and of an ordinary account by turns, one at a time."""
    ordinary, famous = ("ordinary", scene.readers[-1]), ("famous", scene.celebrity)
    for turn in range(COMPARED):
        for at, (kind, person) in enumerate((ordinary, famous) if turn % 2 else (famous, ordinary)):
            yield Request(0.3 * turn + 0.15 * at, kind, _post(person))


async def _phase(scene: Stage, per_s: float, turn: int, famous: bool) -> Phase:
    await stage.quiet(scene.trial)
    requests = list(_others_requests(scene, per_s, turn))
    if famous:
        requests += [
            Request(at / CELEBRITY_PER_S + 0.5, "famous", _post(scene.celebrity)) for at in range(int(PHASE_S))
        ]
    outcome = await openloop.run(scene.trial.settings.port, sorted(requests, key=lambda each: each.at_s))
    waiting = await stage.waiting(scene.trial)
    return Phase(outcome, waiting, await _settles(scene))


def _others_requests(scene: Stage, per_s: float, turn: int) -> Iterator[Request]:
    """The same for both phases of a pair."""
    chance = random.Random(turn)  # noqa: S311 -- repeatable, not secret
    for at_s in openloop.poisson(per_s, PHASE_S, chance):
        yield Request(at_s, "others", _others_request(scene.regulars, chance))


def _others_request(readers: Sequence[crowd.Person], chance: random.Random) -> bytes:
    reader = chance.choice(readers)
    return _post(reader) if chance.random() < POSTS_SHARE else load.get(HOME, reader.token)


async def _settles(scene: Stage) -> bool:
    """Whether no message waits within SETTLE_S."""
    deadline = time.monotonic() + SETTLE_S
    while await stage.waiting(scene.trial):
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(0.1)
    return True


async def _look(scene: Stage, client: Client, readers: Sequence[crowd.Person], seen: Seen) -> None:
    """Let the celebrity post once more, and `readers` look, once whatever delivers it has had its time."""
    ident = await asyncio.to_thread(publish, client, scene.celebrity)
    await _settles(scene)
    for reader in readers:
        answer = await asyncio.to_thread(client.call, "GET", HOME, reader.token)
        seen.reads += 1
        seen.missed += all(post["id"] != ident for post in answer.body)


def publish(client: Client, person: crowd.Person) -> str:
    """Let `person` post; the id. Raises RefusedError, OSError."""
    form = {"status": crowd.TEXT, "visibility": "public"}
    ident: str = client.call("POST", POSTS, person.token, form=form).body["id"]
    return ident


def _told(scene: Stage, per_s: float) -> list[Figure]:
    return [
        Figure("followers of the celebrity", scene.edges + stage.FANS, "", note=f"{stage.FANS} of them read, at {per_s:.0f} requests/s of all"),
        Figure("  their edges, loaded at both ends", scene.edges / max(scene.loaded_s, 1e-9), "/s", note=f"in {scene.loaded_s:.0f} s"),
        Figure("  on disk, with indexes", scene.edge_bytes / 1e9, "GB"),
    ]  # fmt: skip


def _answered(compared: Outcome) -> list[Figure]:
    famous, ordinary = compared.ms(0.5, "famous"), compared.ms(0.5, "ordinary")
    return [
        Figure("its post is answered in", famous, "ms", TIMES_BAR * ordinary, at_most=True,
               beside=Beside("ordinary", ordinary), note=f"p50 of {COMPARED}; bar: {TIMES_BAR} times the ordinary"),
    ]  # fmt: skip


def _others(pairs: Sequence[tuple[Phase, Phase]]) -> list[Figure]:
    found = [(without.outcome.ms(0.99, "others"), famous.outcome.ms(0.99, "others")) for without, famous in pairs]
    ratios = sorted(famous / without for without, famous in found)
    errors = sum(phase.outcome.errors for pair in pairs for phase in pair)
    return [
        Figure("the others' p99 with it, to that without it", statistics.median(ratios), "", RATIO_BAR, at_most=True,
               note=f"median of {PAIRS} pairs, {ratios[0]:.2f} to {ratios[-1]:.2f}"),
        Figure("  p99 with it", statistics.median(famous for _, famous in found), "ms",
               beside=Beside("without", statistics.median(without for without, _ in found))),
        Figure("  answers other than 200", errors, "", 0, at_most=True),
    ]  # fmt: skip


def _queues(pairs: Sequence[tuple[Phase, Phase]]) -> list[Figure]:
    unsettled = sum(not famous.settled for _, famous in pairs)
    return [
        Figure("phases with it after which messages waited on", unsettled, "", 0, at_most=True, note=f"for {SETTLE_S:.0f} s, of {PAIRS}"),
        Figure("  most messages at the end of one", max(famous.waiting for _, famous in pairs), "",
               beside=Beside("without", max(without.waiting for without, _ in pairs))),
    ]  # fmt: skip


def _seen(seen: Seen) -> list[Figure]:
    note = f"of {seen.reads}, {stage.NEWCOMERS} by followers who had no feed"
    return [Figure("reads by followers that did not show it", seen.missed, "", 0, at_most=True, note=note)]
