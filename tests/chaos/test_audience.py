"""A worker killed in the middle of one delivery to many followers: another goes on, nobody is missed, nobody gets it twice."""

import asyncio
import time

from chaos_crowd import crowd

from heliograph.domain.feeds.deliver import PAGE

AUDIENCE = 20 * PAGE
# Followers who are never there, below and above the ids of those who are.
FOLLOWERS = """
INSERT INTO followers (slot, account_id, follower_id, rev)
SELECT ($1::bigint >> 12) & 1023, $1, number, number FROM generate_series($2::bigint, $3::bigint) AS number
"""


async def test_a_delivery_is_resumed_at_its_cursor(make_site):
    site = make_site(PUSH_LIMIT=10 * AUDIENCE)
    await site.start()
    async with crowd(site, seed="audience") as people:
        author, *readers = people.people
        for reader in readers:
            await people.set_follow(reader, author, wanted=True)
        async with site.database() as database:
            await database.execute(FOLLOWERS, int(author.id), 1, AUDIENCE, timeout=60)
            form = {"status": "k0000 to everybody"}
            post = (await people.client.call("POST", "/api/v1/statuses", author.token, json=form)).json()
            cursor = await _cursor(database)
            while not 0 < cursor < AUDIENCE:
                assert cursor is not None, "the delivery was over before it could be cut off"
                await asyncio.sleep(0.005)
                cursor = await _cursor(database)
            await site.kill("worker")
            begin = time.monotonic()
            cursor = await _cursor(database)
            assert cursor < AUDIENCE, "all followers of this test have been served already"
            for reader in readers:
                assert post["id"] not in await _home(people, reader), "these readers come after the many"
            while (now := await _cursor(database)) == cursor:
                assert time.monotonic() < begin + 30, site.tail()
                await asyncio.sleep(0.05)
            assert now is None or now > cursor, "the delivery began anew"
        await site.drained()
        delivered_s = time.monotonic() - begin
        for reader in readers:
            assert (await _home(people, reader)).count(post["id"]) == 1, reader.name
        print(f"\nworker killed at follower {cursor} of {AUDIENCE}: all served {delivered_s:.1f} s later")


async def _cursor(database):
    """How far the delivery of the newest post has come; None when it is over."""
    return await database.fetchval("SELECT max(cursor) FROM outbox WHERE kind = 'post.published'")


async def _home(people, reader):
    answer = await people.client.call("GET", "/api/v1/timelines/home", reader.token)
    return [status["id"] for status in answer.json()]
