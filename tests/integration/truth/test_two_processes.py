"""Random writes and reads by several people on two web processes at once, against a model (truth_model.py)."""

import asyncio

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from truth_model import Model
from truth_play import VERBS, Play
from truth_site import Valkey, own_folder, sign_up, site

from heliograph.stores.queries import load

sql = load("outbox")

PEOPLE = 3
DELIVERED_S = 60
PAUSES_MS = [0, 0, 0, 1, 5, 20]
# On which web process, what, to the how-manieth post or other person, after which pause; whether one looks at once then.
STEP = st.tuples(
    st.integers(0, 1), st.sampled_from(VERBS), st.integers(0, 2), st.sampled_from(PAUSES_MS), st.booleans()
)
SCRIPTS = st.lists(st.lists(STEP, min_size=20, max_size=40), min_size=PEOPLE, max_size=PEOPLE)


@pytest.mark.timeout(600)
@given(friends=st.booleans(), scripts=SCRIPTS)
@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    database=None,
    # What depends on who comes first is not made smaller by trying again.
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
async def test_everybody_sees_what_is_there_and_nothing_else(served, shards, friends, scripts):
    """While all write and read at once; and when everything has been delivered, exactly."""
    webs, people = served
    play = Play(webs, people, Model(people))
    await play.begin(friends=friends)
    for number in range(PEOPLE):
        await play.publish(number, number % 2, "public")
    await delivered(shards)
    play.model.delivered()
    ends = await asyncio.gather(*(play.go(*each) for each in enumerate(scripts)), return_exceptions=True)
    for wrong in filter(None, ends):
        raise wrong
    await delivered(shards)
    play.model.delivered()
    await play.look_around()


async def delivered(shards):
    """The worker has handled every message."""
    async with asyncio.timeout(DELIVERED_S):
        while await shards.scatter(sql.oldest) != [(None,)]:  # noqa: ASYNC110 -- it looks into the database
            await asyncio.sleep(0.02)


@pytest.fixture
async def served(database, tmp_path_factory):
    """Two web processes, and people."""
    folder = own_folder(tmp_path_factory)
    valkey = Valkey(folder)
    valkey.start()
    async with site(database, valkey, folder) as made:
        yield made.webs, await sign_up(made.webs[0], [f"friend{number}" for number in range(PEOPLE)])
        assert '"request.bug"' not in made.logs()
    valkey.kill()
