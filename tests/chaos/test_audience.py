"""A worker killed in the middle of one delivery to many followers: another goes on, nobody is missed, nobody gets it twice."""

import asyncio
import time

from chaos_crowd import crowd
from chaos_site import until

from heliograph.domain.feeds.deliver import PAGE
from heliograph.ops import sockets
from heliograph.stores import valkey as valkey_room
from heliograph.stores.idlists import HOME, IdLists
from heliograph.stores.valkey import Valkey

AUDIENCE = 10 * PAGE
# Every so many of them there is one who reads, and has a feed.
READS = 20
TTL_S = 3600
AT_ONCE = 200
# Followers with ids below those of the people of this test.
FOLLOWERS = """
INSERT INTO followers (slot, account_id, follower_id, rev)
SELECT ($1::bigint >> 12) & 1023, $1, number, number FROM generate_series($2::bigint, $3::bigint) AS number
"""


async def test_a_delivery_is_resumed_at_its_cursor(make_site, monkeypatch):
    # This test's own look at the feeds; the site's programs have their deadlines.
    monkeypatch.setattr(valkey_room, "REPLY_TIMEOUT_S", 60.0)
    site = make_site(PUSH_LIMIT=10 * AUDIENCE)
    await site.start()
    url = f"unix://{sockets.valkey(site.data_dir.resolve())}"
    async with crowd(site, seed="audience") as people, Valkey.open(url) as valkey:
        lists = IdLists(valkey, cap=800)
        await _each(lambda ident: _feed(lists, ident))
        author, *readers = people.people
        for reader in readers:
            await people.set_follow(reader, author, wanted=True)
        async with site.database() as database:
            await database.execute(FOLLOWERS, int(author.id), 1, AUDIENCE - 1, timeout=60)
            form = {"status": "k0000 to everybody"}
            post = (await people.client.call("POST", "/api/v1/statuses", author.token, json=form)).json()
            await _killed_amid_a_page(site, lists)
            begin = time.monotonic()
            cursor = await _cursor(database)
            assert cursor is not None, "the delivery was over before it could be cut off"
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
        wrong = await _each(lambda ident: _lacks(lists, ident, int(post["id"])))
        assert not wrong, f"{len(wrong)} followers do not have the post once, {wrong[0]} to {wrong[-1]}"
        print(f"\nworker killed at follower {cursor} of {AUDIENCE}: all served {delivered_s:.1f} s later")


async def _killed_amid_a_page(site, lists):
    """Kill the worker when some of the followers of a page, not the first, have been served and some have not."""

    async def caught():
        worker = await site.there("worker")
        worker.suspend()
        pages, rest = divmod(await _served(lists), PAGE // READS)
        if pages and rest:
            return worker
        worker.resume()
        await asyncio.sleep(0.002)
        return None

    worker = await until(caught, 30, "a page of the delivery is under way", site.tail, poll_s=0)
    worker.kill()


async def _served(lists):
    """How many of the followers who read have the post."""
    wanted = [(HOME, ident) for ident in range(READS, AUDIENCE, READS)]
    found = [await lists.read(wanted[at : at + 1000], 1, TTL_S) for at in range(0, len(wanted), 1000)]
    return sum(bool(each.ids) for some in found for each in some)


async def _each(do):
    """What is true of what `do` makes of each follower who reads."""
    found = []
    idents = range(READS, AUDIENCE, READS)
    for at in range(0, len(idents), AT_ONCE):
        found += await asyncio.gather(*map(do, idents[at : at + AT_ONCE]))
    return [each for each in found if each]


async def _feed(lists, ident):
    await lists.begin(HOME, ident, TTL_S)
    await lists.finish(HOME, ident, [], 0, TTL_S)


async def _lacks(lists, ident, post_id):
    """`ident`, if the post is not exactly once in that feed."""
    (found,) = await lists.read([(HOME, ident)], 10, TTL_S)
    return None if found.ids == [post_id] else ident


async def _cursor(database):
    """How far the delivery of the newest post has come; None when it is over."""
    return await database.fetchval("SELECT max(cursor) FROM outbox WHERE kind IN ('post.published', 'post.spread')")


async def _home(people, reader):
    answer = await people.client.call("GET", "/api/v1/timelines/home", reader.token)
    return [status["id"] for status in answer.json()]
