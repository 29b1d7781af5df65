"""kill -9 in the middle of 200 posts and follows: what was answered is there, homes are whole, counts are right."""

import asyncio
import time

from chaos_crowd import crowd
from chaos_truth import holds

from heliograph.stores.outbox import LEASE_S


def report(name, people, **figures):
    """The figures of docs/operate/failures.md come from here (`pytest -s tests/chaos`)."""
    shown = ", ".join(f"{key} {value:.1f} s" for key, value in figures.items())
    print(f"\n{name}: {shown}; {people.journal.summary()}")


async def back(site):
    """Seconds until the site serves again."""
    begin = time.monotonic()
    await site.ready()
    return time.monotonic() - begin


async def test_web_is_killed_twice(make_site):
    site = make_site()
    await site.start()
    async with crowd(site, seed="web") as people:

        async def strike():
            await people.reached(60)
            await site.kill("web")
            await people.reached(180)
            await site.kill("web")
            return await back(site)

        back_s, _ = await asyncio.gather(strike(), people.live())
        drained_s = await holds(site, people)
        report("web killed", people, back=back_s, drained=drained_s)


async def test_the_worker_is_killed_twice_with_messages_in_its_hands(make_site):
    """Nobody notices, but that a few posts reach their readers later: when the dead worker's lease has run out."""
    site = make_site()
    await site.start()
    async with crowd(site, seed="worker") as people:

        async def strike():
            await people.reached(60)
            await site.kill_busy_worker()
            await people.reached(180)
            await site.kill_busy_worker()

        await asyncio.gather(strike(), people.live())
        drained_s = await holds(site, people)
        report("worker killed", people, drained=drained_s)
    assert not people.journal.refused + people.journal.unanswered, "the worker's death has failed a request"
    assert drained_s < LEASE_S + 5


async def test_postgres_is_killed_then_one_of_its_sessions(make_site):
    site = make_site()
    await site.start()
    async with crowd(site, seed="postgres") as people:

        async def strike():
            await people.reached(60)
            await site.kill("postgres")
            begin = time.monotonic()
            await people.reached(180)
            found_s = time.monotonic() - begin
            await site.kill_session()
            return found_s, await back(site)

        (_, back_s), _ = await asyncio.gather(strike(), people.live())
        drained_s = await holds(site, people)
        report("PostgreSQL killed", people, back=back_s, drained=drained_s)
    assert people.journal.refused + people.journal.unanswered, "nobody has noticed that PostgreSQL was away"


async def test_valkey_is_killed_then_held_down(make_site):
    """While Valkey is away everything goes on, from PostgreSQL, and says so."""
    site = make_site()
    await site.start()
    async with crowd(site, seed="valkey") as people:

        async def strike():
            await people.reached(60)
            await site.kill("valkey")
            await people.reached(150)
            await site.hold_down("valkey", 3.0)

        await asyncio.gather(strike(), people.live())
        drained_s = await holds(site, people)
        report("Valkey killed", people, drained=drained_s)
    assert people.journal.degraded, "nobody was told that Valkey was away"
    assert not people.journal.refused + people.journal.unanswered, "Valkey's absence has failed a request"


async def test_the_supervisor_is_killed_then_everything(make_site):
    site = make_site()
    await site.start()
    async with crowd(site, seed="supervisor") as people:

        async def strike():
            await people.reached(60)
            site.kill_supervisor()
            first_s = await site.start()
            await people.reached(180)
            site.kill_everything()
            return first_s, await site.start()

        (first_s, second_s), _ = await asyncio.gather(strike(), people.live())
        drained_s = await holds(site, people)
        report("supervisor, then everything killed", people, first=first_s, second=second_s, drained=drained_s)
        await site.stop()
