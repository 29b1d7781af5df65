"""Accounts that cost nothing to make."""

import itertools
from collections.abc import Awaitable, Callable

import pytest

from heliograph.domain.accounts.passwords import Passwords
from heliograph.domain.product import Product

NUMBERS = itertools.count(1)
People = Callable[[int], Awaitable[list[int]]]


@pytest.fixture
def people(product: Product) -> People:
    """Makes as many accounts as one asks for."""
    product.registration._passwords = Passwords(time_cost=1, memory_kib=64)

    async def made(count: int) -> list[int]:
        names = [f"person{next(NUMBERS)}" for _ in range(count)]
        return [(await product.registration.create(name, "correct horse battery")).account_id for name in names]

    return made
