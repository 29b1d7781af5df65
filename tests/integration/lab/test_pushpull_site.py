"""A hamlet lives some minutes on a site of its own, in each way to choose between push and pull."""

from heliograph.lab.bench.trial import ALL_CORES, trial
from heliograph.lab.pushpull import site
from heliograph.lab.pushpull.graphs import MIXES
from heliograph.lab.pushpull.simulate import BY_COST

SIZE, EVENTS = 80, 60


async def test_a_hamlet_lives_the_same_minutes_in_each_way():
    async with trial(ALL_CORES) as running:
        ways = await site.live(running, MIXES[1], SIZE, EVENTS, rounds=1)
    pulled = {each.way: each.pulled for each in ways}
    push, pull, fixed, by_cost = pulled.values()
    assert list(pulled)[-1] == BY_COST
    assert push == 0 < by_cost < pull <= SIZE
    assert push < fixed < pull
    assert all(len(each.seconds) == 1 and each.seconds[0] > 0 for each in ways)
    assert site.ratios(ways)[BY_COST] == 1
