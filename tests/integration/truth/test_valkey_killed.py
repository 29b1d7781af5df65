"""Valkey killed under load: the site answers from PostgreSQL, so much at a time, says 503 to the rest, and comes back by itself."""

import asyncio
import time
from collections import Counter

import asyncpg
import pytest
from truth_site import Valkey, decoded, own_folder, sign_up, site

POOL = 2
FEW = 6
MANY = 400
MORE = 10
BEFORE_S = 3.0
AWAY_S = 60.0
BACK_S = 40.0
WHOLE = 20


class Load:
    """Readers who read home over and over, an author who posts, deletes and is liked; what came back, and what was wrong."""

    def __init__(self, webs, author, readers):
        self.webs, self.author, self.readers = webs, author, readers
        self.seen = []  # (when, status, degraded, seconds)
        self.homes = []  # (when asked, when answered, degraded)
        self.wrong = []
        self.posted, self.deleted = [], []
        self.crowd = FEW
        self.going = True

    async def ask(self, person, web, method, path, **options):
        begin = time.monotonic()
        answer = await person.call(web, method, path, **options)
        took = time.monotonic() - begin
        degraded = answer.headers.get("heliograph-degraded", "")
        self.seen.append((begin, answer.status_code, degraded, took))
        if path.startswith("/api/v1/timelines/home") and answer.status_code == 200:
            self.homes.append((begin, begin + took, degraded))
        if answer.status_code == 503:
            if not answer.headers.get("retry-after", "").isdigit():
                self.wrong.append(f"{path}: 503 without Retry-After")
            return None
        if answer.status_code != 200:
            self.wrong.append(f"{method} {path}: {answer.status_code} {answer.text[:200]}")
            return None
        return decoded(answer)

    async def read(self, number):
        person, web = self.readers[number % len(self.readers)], self.webs[number % 2]
        while number < self.crowd:
            gone, there = set(self.deleted), self.posted[-1:]
            home = await self.ask(person, web, "GET", "/api/v1/timelines/home?limit=20")
            if home is None:
                await asyncio.sleep(1.0)
                continue
            ids = [post["id"] for post in home]
            if gone & set(ids):
                self.wrong.append(f"{person.name} sees what was deleted before: {gone & set(ids)}")
            if len(set(ids)) != len(ids) or sorted(map(int, ids), reverse=True) != list(map(int, ids)):
                self.wrong.append(f"{person.name} sees {ids}")
            if not there:
                self.wrong.append("nothing was posted before")

    async def write(self):
        """The author sees what they did at once, on the other web process."""
        turn = 0
        while self.going:
            turn += 1
            here, there = self.webs[turn % 2], self.webs[(turn + 1) % 2]
            made = await self.ask(self.author, here, "POST", "/api/v1/statuses", json={"status": f"post {turn}"})
            if made is None:
                await asyncio.sleep(0.1)
                continue
            post = f"/api/v1/statuses/{made['id']}"
            home = await self.ask(self.author, there, "GET", "/api/v1/timelines/home?limit=20")
            if home is not None and made["id"] not in [each["id"] for each in home]:
                self.wrong.append(f"{post} is not in its author's home")
            self.posted.append(made["id"])
            liked = await self.ask(self.author, here, "POST", f"{post}/favourite")
            if liked is not None:
                found = await self.ask(self.author, there, "GET", post)
                if found is not None and (found["favourited"], found["favourites_count"]) != (True, 1):
                    self.wrong.append(f"{post}: {found['favourited']} {found['favourites_count']} after a like")
            if turn % 2 and await self.ask(self.author, there, "DELETE", post) is not None:
                answer = await self.author.call(here, "GET", post)
                if answer.status_code not in (404, 503):
                    self.wrong.append(f"{post}: {answer.status_code} after its deletion")
                self.deleted.append(made["id"])

    def well_since(self, begin):
        """Whether the latest homes that were asked for after `begin` were whole."""
        latest = [degraded for asked, _, degraded in self.homes[-WHOLE:] if asked > begin]
        return len(latest) == WHOLE and not any(latest)

    def turned_away(self):
        return any(status == 503 for _, status, _, _ in self.seen)


async def busiest(database, until):
    """How many statements of the site PostgreSQL worked on at once, at most."""
    connection = await asyncpg.connect(database)
    most = 0
    while not until.is_set():
        most = max(
            most,
            await connection.fetchval(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                " AND application_name = 'heliograph' AND state <> 'idle'"
            ),
        )
        await asyncio.sleep(0.02)
    await connection.close()
    return most


@pytest.mark.timeout(400)
async def test_valkey_is_killed_under_load(database, tmp_path_factory):
    folder = own_folder(tmp_path_factory)
    valkey = Valkey(folder)
    valkey.start()
    try:
        async with site(database, valkey, folder, pool=POOL, connections=MANY) as made:
            people = await sign_up(made.webs[0], ["author", *(f"reader{number}" for number in range(6))])
            author, readers = people[0], people[1:]
            for reader in readers:
                assert (await reader.call(made.webs[0], "POST", f"/api/v1/accounts/{author.id}/follow")).is_success
            load = Load(made.webs, author, readers)
            load.posted.append(
                (await author.call(made.webs[0], "POST", "/api/v1/statuses", json={"status": "first"})).json()["id"]
            )
            ended = asyncio.Event()
            watch = asyncio.create_task(busiest(database, ended))
            running = [asyncio.create_task(load.write())]
            running += [asyncio.create_task(load.read(number)) for number in range(FEW)]
            await asyncio.sleep(BEFORE_S)
            killed = time.monotonic()
            valkey.kill()
            # More and more come, until there are too many for a site without its cache.
            while not load.turned_away() and load.crowd < MANY and time.monotonic() < killed + AWAY_S:
                load.crowd += MORE
                running += [asyncio.create_task(load.read(number)) for number in range(load.crowd - MORE, load.crowd)]
                await asyncio.sleep(0.25)
            most_came, load.crowd = load.crowd, FEW
            await asyncio.sleep(2.0)
            valkey.start()
            back = time.monotonic()
            while not load.well_since(back) and time.monotonic() < back + BACK_S:  # noqa: ASYNC110 -- answers are waited for
                await asyncio.sleep(0.1)
            whole_s = time.monotonic() - back
            load.going, load.crowd = False, 0
            await asyncio.gather(*running)
            ended.set()
            most = await watch
            logs = made.logs()
    finally:
        valkey.kill()
    answers = Counter(status for asked, status, _, _ in load.seen if killed < asked < back)
    told = f"{answers} while it was away, {most_came} came, {most} at once, whole after {whole_s:.1f} s, {len(load.posted)} posts"
    assert not load.wrong, (load.wrong[:5], told)
    assert answers[200] > FEW, f"the site did not answer from PostgreSQL: {told}"
    silent = [each for each in load.homes if killed + 0.5 < each[0] and each[1] < back and not each[2]]
    assert not silent, f"{len(silent)} answers did not say what they lacked: {told}"
    # Whether somebody is turned away depends on how fast the machine is; that those are is told by tests/unit/stores/test_gate.py.
    # Two web processes and the worker.
    assert most <= 3 * POOL, told
    assert whole_s < BACK_S, told
    assert '"request.bug"' not in logs
    assert "Traceback" not in logs
