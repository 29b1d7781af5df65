"""SIGTERM in the middle of the load: a clean stop, and nothing that was answered is lost."""

import asyncio

from chaos_crowd import crowd
from chaos_truth import holds, report


async def test_sigterm_in_the_middle(make_site):
    site = make_site()
    await site.start()
    async with crowd(site, seed="sigterm") as people:

        async def strike():
            await people.reached(100)
            stopped_s = await site.stop(timeout_s=15.0)
            return stopped_s, await site.start()

        (stopped_s, started_s), _ = await asyncio.gather(strike(), people.live())
        drained_s = await holds(site, people)
        report("SIGTERM", people, stopped=stopped_s, started=started_s, drained=drained_s)
