"""kill -9 of a store in the middle of 200 posts and follows: what was answered is there, homes are whole, counts are right."""

import asyncio

from chaos_crowd import crowd
from chaos_truth import holds, report


async def test_postgres_is_killed_then_one_of_its_sessions(make_site):
    site = make_site()
    await site.start()
    async with crowd(site, seed="postgres") as people:

        async def strike():
            await people.reached(60)
            await site.kill("postgres")
            await people.reached(180)
            await site.kill_session()
            return await site.back()

        back_s, _ = await asyncio.gather(strike(), people.live())
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
