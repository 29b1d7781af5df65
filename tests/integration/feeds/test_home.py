"""The home feed on real stores: what is posted is seen, once, in order, by those who follow."""

from heliograph.base.paging import Page
from heliograph.domain.posts.post import Visibility
from heliograph.domain.posts.publish import Draft
from heliograph.domain.product import Product
from heliograph.wiring import drain


async def person(product: Product, name: str) -> int:
    made = await product.registration.create(name, "correct horse battery")
    return made.account_id


async def post(product: Product, author: int, text: str, visibility: Visibility = Visibility.PUBLIC) -> int:
    published = await product.publishing.publish(author, Draft(text=text, media_ids=[], visibility=visibility))
    return published.post_id


async def home(product: Product, viewer: int, **page: int) -> list[int]:
    import msgspec

    timeline = await product.home.page(viewer, Page(**page))
    return [int(msgspec.json.decode(item)["id"]) for item in timeline.items]


async def test_a_post_reaches_followers(product: Product) -> None:
    ann, bob = await person(product, "ann"), await person(product, "bob")
    first = await post(product, ann, "before")
    assert await home(product, bob) == []
    await product.following.follow(bob, ann)
    assert await home(product, bob) == [first]
    second = await post(product, ann, "after #light")
    assert await home(product, ann) == [second, first]
    await drain(product)
    assert await home(product, bob) == [second, first]
    await product.following.unfollow(bob, ann)
    assert await home(product, bob) == []
    await product.following.follow(bob, ann)
    await product.remover.delete(ann, second)
    assert await home(product, bob) == [first]
    await drain(product)
    assert await home(product, bob) == [first]
