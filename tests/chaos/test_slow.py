"""Stores that are there and do not answer (SIGSTOP): every request still ends, within its deadline."""

import asyncio
import time

from chaos_crowd import SLOWEST_S, UnansweredError, crowd
from chaos_truth import holds, report

from heliograph.stores.valkey import REPLY_TIMEOUT_S

FROZEN_POSTGRES_S = 9.0
FROZEN_VALKEY_S = 3.0


async def test_valkey_does_not_answer(make_site):
    """The first to ask waits for REPLY_TIMEOUT_S; then nobody asks for a while. Homes come from PostgreSQL."""
    site = make_site()
    await site.start()
    async with crowd(site, seed="slow valkey") as people:
        served = []

        async def strike():
            await people.reached(80)
            async with site.frozen("valkey"):
                end = time.monotonic() + FROZEN_VALKEY_S
                while time.monotonic() < end:
                    answer = await people.client.call("GET", "/api/v1/timelines/home", people.people[0].token)
                    served.append(answer.headers.get("heliograph-degraded"))
                    await asyncio.sleep(0.1)

        await asyncio.gather(strike(), people.live())
        drained_s = await holds(site, people)
        report("Valkey frozen", people, drained=drained_s)
    assert any(served[:3]), f"served without Valkey and did not say so: {served}"
    journal = people.journal
    assert not journal.refused + journal.unanswered, "Valkey's silence has failed a request"
    # Some requests ask it several times, and each time it may be tried again.
    assert journal.slowest_s < 6 * REPLY_TIMEOUT_S


async def test_postgres_does_not_answer(make_site):
    """Requests end with a 503 within their deadline, while it lasts; afterwards everything goes on."""
    site = make_site()
    await site.start()
    async with crowd(site, seed="slow postgres") as people:
        ends = []

        async def ask(path):
            begin = time.monotonic()
            try:
                await people.client.call("GET", path, people.people[0].token)
            except UnansweredError:
                ends.append(time.monotonic() - begin)

        async def strike():
            await people.reached(80)
            async with site.frozen("postgres"):
                end = time.monotonic() + FROZEN_POSTGRES_S
                asked = []
                while time.monotonic() < end:
                    path = f"/api/v1/accounts/{people.people[len(asked) % 5].id}/followers"
                    asked.append(asyncio.create_task(ask(path)))
                    await asyncio.sleep(0.5)
                hang = sum(not task.done() for task in asked[: len(asked) // 4])
            await asyncio.gather(*asked)
            assert not hang, f"{hang} requests hung for {FROZEN_POSTGRES_S * 0.75} s\n{site.tail()}"

        await asyncio.gather(strike(), people.live())
        drained_s = await holds(site, people)
        report("PostgreSQL frozen", people, drained=drained_s)
    assert ends
    assert max(ends) < SLOWEST_S
