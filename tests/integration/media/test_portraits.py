"""Avatars: whatever is replaced, refused or left by a crash is removed, and what is in use is not."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import pytest
from PIL import Image

from heliograph.base.errors import StoreUnavailableError, ValidationError
from heliograph.domain.accounts.account import ProfileChanges
from heliograph.domain.accounts.passwords import Passwords
from heliograph.domain.product import Product
from heliograph.wiring import drain

Make = Callable[[], Awaitable[str]]


@pytest.fixture
async def ada(product: Product) -> int:
    product.registration._passwords = Passwords(time_cost=1, memory_kib=64)
    return (await product.registration.create("ada", "correct horse battery")).account_id


@pytest.fixture
def make(product: Product, ada: int, tmp_path: Path) -> Make:
    file = tmp_path / "a.png"
    Image.new("RGB", (64, 64), "teal").save(file)
    return lambda: product.portraits.make(ada, file, 64)


async def stored(product: Product) -> list[str]:
    await drain(product)
    return sorted([item.name async for item in product.stores.objects.list("")])


async def sweep_all(product: Product, monkeypatch: pytest.MonkeyPatch) -> int:
    """Sweep as if everything of before now were a day old."""
    with monkeypatch.context() as patched:
        patched.setattr("heliograph.domain.media.uploads.ORPHAN_AGE", timedelta(seconds=-1))
        return await product.uploads.sweep()


async def test_what_is_replaced_is_removed(product: Product, ada: int, make: Make, monkeypatch) -> None:
    first, second = await make(), await make()
    await product.profiles.update(ada, ProfileChanges(avatar=first, header=second))
    assert await stored(product) == sorted([first, second])
    third = await make()
    await product.profiles.update(ada, ProfileChanges(avatar=third))
    await product.profiles.update(ada, ProfileChanges(note="The pictures stay"))
    assert await sweep_all(product, monkeypatch) == 0
    assert await stored(product) == sorted([second, third])


async def test_of_several_at_once_one_is_left(product: Product, ada: int, make: Make) -> None:
    made = [await make() for _ in range(4)]
    await asyncio.gather(*(product.profiles.update(ada, ProfileChanges(avatar=name)) for name in made))
    assert await stored(product) == [(await product.profiles.get(ada)).avatar]


async def test_what_a_crash_leaves_is_swept(product: Product, ada: int, make: Make, monkeypatch) -> None:
    """The process dies after the object was put, or while it was: nobody drops it."""
    left = await make()
    put = product.stores.objects.put

    async def dies(name: str, *source: object) -> None:
        await put(name, *source)
        raise StoreUnavailableError("objects")

    with monkeypatch.context() as patched:
        patched.setattr(product.stores.objects, "put", dies)
        with pytest.raises(StoreUnavailableError):
            await make()
    assert await product.uploads.sweep() == 0
    assert len(await stored(product)) == 2
    assert await sweep_all(product, monkeypatch) == 2
    assert await stored(product) == []
    with pytest.raises(ValidationError, match="too long ago"):
        await product.profiles.update(ada, ProfileChanges(avatar=left))
    assert (await product.profiles.get(ada)).avatar == ""


async def test_dropping_spares_what_is_in_use(product: Product, ada: int, make: Make) -> None:
    """The change was committed, and only then did the request fail."""
    used, refused = await make(), await make()
    await product.profiles.update(ada, ProfileChanges(avatar=used))
    await product.portraits.drop(ada, {used, refused})
    assert await stored(product) == [used]
