"""Id lists against a model: whatever happens to a list, what it says of itself is true."""

import random
from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from heliograph.stores.idlists import HOME, RECENT, IdList, IdLists
from heliograph.stores.valkey import Valkey

TTL_S = 600
# Around 10^18 an id grows from 18 to 19 digits: text order and number order part there.
POOL = [10**18 + 3 * step for step in range(-12, 12)]

Op = tuple[str, list[int]]


@dataclass
class Model:
    """What has been put into one list since it exists; `floor`: the highest below which nobody told all."""

    building: bool = True
    given: set[int] = field(default_factory=set)
    floor: int = 0

    def told(self, idents: list[int], floor: int) -> None:
        self.given |= set(idents)
        self.floor = max(self.floor, floor)

    def agrees(self, found: IdList, cap: int, window: int) -> None:
        assert found.built is not self.building
        assert found.ids == sorted(set(found.ids), reverse=True), "in order, none twice"
        assert len(found.ids) <= min(cap, window)
        if not found.built:
            return
        assert [ident for ident in found.ids if ident > found.floor] == sorted(
            (ident for ident in self.given if ident > found.floor), reverse=True
        ), "complete above its floor"
        # One id more than told is no promise too much when the list has that very id.
        assert found.floor >= self.floor or (found.floor == self.floor - 1 and self.floor in found.ids)
        known = sum(ident > self.floor for ident in self.given)
        assert len(found.ids) >= min(cap, window, known), "nothing is dropped without need"
        if known < min(cap, window) and self.floor == 0:
            assert found.floor == 0, "a short list knows that it is complete"


def _told(cap: int, idents: list[int]) -> tuple[list[int], int]:
    """The newest `cap` of `idents` and their floor, as the shards tell them."""
    newest = sorted(idents, reverse=True)[:cap]
    return newest, newest[-1] - 1 if len(newest) == cap else 0


some_ids = st.lists(st.sampled_from(POOL), max_size=8, unique=True)
ops = st.lists(
    st.one_of(
        st.tuples(st.just("push"), st.lists(st.sampled_from(POOL), min_size=1, max_size=6)),
        st.tuples(st.just("begin"), st.just([])),
        st.tuples(st.just("finish"), some_ids),
        st.tuples(st.just("add"), some_ids),
        st.tuples(st.just("expire"), st.just([])),
    ),
    max_size=25,
)


@given(cap=st.integers(1, 6), ops=ops, window=st.integers(1, 8))
@example(cap=1, ops=[("begin", []), ("push", [POOL[3]]), ("push", [POOL[5]])], window=2)
@example(cap=2, ops=[("begin", []), ("add", POOL[:2]), ("push", [POOL[9]])], window=4)
@settings(
    max_examples=500, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
async def test_a_list_keeps_its_word(valkey: Valkey, cap: int, ops: list[Op], window: int) -> None:
    lists = IdLists(valkey, cap)
    owner = 7 << 12
    await valkey.one(lambda keys: ("DEL", keys.id_list(HOME, owner)))
    model: Model | None = None
    for op, idents in ops:
        told, floor = _told(cap, idents)
        if op == "begin":
            await lists.begin(HOME, owner, TTL_S)
            model = model or Model()
        elif op == "expire":
            await valkey.one(lambda keys: ("DEL", keys.id_list(HOME, owner)))
            model = None
        elif op == "push":
            for ident in idents:
                assert await lists.push([(HOME, ident, [owner])]) == (model is not None)
                if model:
                    model.given.add(ident)
        elif op == "finish":
            await lists.finish(HOME, owner, told, floor, TTL_S)
            if model:
                model.told(told, floor)
                model.building = False
        else:
            await lists.add(HOME, owner, told, floor)
            if model:
                model.told(told, floor)
        for size in (cap, cap + 1, window):
            (found,) = await lists.read([(HOME, owner)], size, TTL_S)
            if model is None:
                assert (found.ids, found.built) == ([], False)
            else:
                model.agrees(found, cap, size)
        if model:
            length = await valkey.one(lambda keys: ("LLEN", keys.id_list(HOME, owner)))
            assert length <= cap + model.building
            assert 0 < await valkey.one(lambda keys: ("TTL", keys.id_list(HOME, owner))) <= TTL_S


async def test_a_merge_keeps_the_time_to_live(valkey: Valkey) -> None:
    """In its last half second too: a list must not become one that never ends."""
    lists, owner = IdLists(valkey, 5), 7 << 12
    await lists.begin(HOME, owner, TTL_S)
    await valkey.one(lambda keys: ("PEXPIRE", keys.id_list(HOME, owner), 400))
    await lists.add(HOME, owner, [5, 4], 0)
    assert await valkey.one(lambda keys: ("PTTL", keys.id_list(HOME, owner))) in {*range(1, 401), -2}


async def test_lists_are_apart(valkey: Valkey) -> None:
    """A push reaches the lists that exist, of its kind, in every bucket and over several calls; and no other."""
    lists = IdLists(valkey, 800)
    accounts = [(1 << 40 | number) << 22 | (number * 7 % 1024) << 12 for number in range(700)]
    here = accounts[::2]
    for account in here:
        await lists.begin(HOME, account, TTL_S)
        await lists.finish(HOME, account, [], 0, TTL_S)
    await lists.begin(RECENT, accounts[0], TTL_S)
    assert await lists.push([(HOME, 99, accounts)]) == len(here)
    found = await lists.read([(HOME, account) for account in accounts], 5, TTL_S)
    assert [each.ids for each in found] == [[99], []] * 350
    assert [each.built for each in found] == [True, False] * 350
    (recent,) = await lists.read([(RECENT, accounts[0])], 5, TTL_S)
    assert (recent.ids, recent.built) == ([], False)


@pytest.mark.parametrize("order", ["newest", "oldest", "shuffled"])
async def test_memory_of_a_full_list(valkey: Valkey, order: str) -> None:
    """800 ids of 19 digits in 9 KB at most, however they came in."""
    lists, owner = IdLists(valkey, 800), 7 << 12
    idents = [((1 << 39) + step * 977) << 22 | 5 << 12 | step % 4096 for step in range(1000)]
    assert {len(str(ident)) for ident in idents} == {19}
    await lists.begin(HOME, owner, TTL_S)
    if order == "newest":
        await lists.finish(HOME, owner, idents[:-801:-1], idents[-800] - 1, TTL_S)
    else:
        await lists.finish(HOME, owner, [], 0, TTL_S)
        if order == "shuffled":
            random.Random(5).shuffle(idents)
        for ident in idents:
            await lists.push([(HOME, ident, [owner])])
    # It is cut when it is a fiftieth too long.
    assert 800 <= await valkey.one(lambda keys: ("LLEN", keys.id_list(HOME, owner))) <= 816
    size = await valkey.one(lambda keys: ("MEMORY", "USAGE", keys.id_list(HOME, owner), "SAMPLES", 0))
    assert size <= 9 * 1024, size
