"""Numbers of the site: counted once for all who ask, and old rather than missing."""

import asyncio

import pytest

from heliograph.base.errors import StoreUnavailableError
from heliograph.domain.accounts import usage
from heliograph.domain.accounts.usage import Usage


async def test_numbers_are_counted_once_for_all_and_outlive_a_store_that_is_away(site, shards, monkeypatch) -> None:
    numbers, asked, scatter = Usage(shards), [], shards.scatter

    async def noted(query, **parameters):
        asked.append(query.name)
        return await scatter(query, **parameters)

    async def away(*_, **__):
        raise StoreUnavailableError("postgres")

    monkeypatch.setattr(shards, "scatter", away)
    with pytest.raises(StoreUnavailableError):
        await numbers.numbers()
    monkeypatch.setattr(shards, "scatter", noted)
    await site.sign_up("ada")
    answers = await asyncio.gather(*(numbers.numbers() for _ in range(10)))
    assert [answer["accounts"] for answer in answers] == [1] * 10
    assert len(asked) == 2
    monkeypatch.setattr(usage, "BELIEVED_S", 0.0)
    numbers._until = 0.0
    monkeypatch.setattr(shards, "scatter", away)
    assert (await numbers.numbers())["accounts"] == 1
