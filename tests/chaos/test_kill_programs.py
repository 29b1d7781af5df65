"""kill -9 in the middle of 200 posts and follows: what was answered is there, homes are whole, counts are right."""

import asyncio

from chaos_crowd import crowd
from chaos_truth import holds, report

from heliograph.stores.outbox import LEASE_S


async def test_web_is_killed_twice(make_site):
    site = make_site()
    await site.start()
    async with crowd(site, seed="web") as people:

        async def strike():
            await people.reached(60)
            await site.kill("web")
            await people.reached(180)
            await site.kill("web")
            return await site.back()

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
