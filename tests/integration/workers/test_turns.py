"""A large audience and a small one on a worker that has one place."""

from heliograph.base.paging import Page
from heliograph.domain.feeds import deliver
from heliograph.domain.posts.post import Visibility
from heliograph.domain.posts.publish import Draft
from heliograph.domain.product import Product
from heliograph.stores.idlists import HOME, IdLists
from heliograph.workers import handlers
from heliograph.workers.loop import Lane, Worker

PLAIN = Draft(text="light", media_ids=[], visibility=Visibility.PUBLIC)


async def test_a_small_delivery_does_not_wait_behind_a_large_one(product: Product, people, monkeypatch) -> None:
    monkeypatch.setattr(deliver, "FEW", 2)
    monkeypatch.setattr(deliver, "PAGE", 1)
    monkeypatch.setattr(handlers, "TURN_S", 0.0)
    star, friend, *fans = await people(9)
    for fan in fans:
        await product.following.follow(fan, star)
        await product.home.page(fan, Page())
    await product.following.follow(fans[0], friend)
    stores = product.stores
    worker = Worker(stores.shards, product.outbox, handlers.handlers(product), Lane(frozenset(), False, 1))
    await worker.drain()
    large = (await product.publishing.publish(star, PLAIN)).post_id
    small = (await product.publishing.publish(friend, PLAIN)).post_id
    order: list[int] = []
    done = product.outbox.done

    async def noted(message) -> None:
        order.append(message.payload["post"])
        await done(message)

    monkeypatch.setattr(product.outbox, "done", noted)
    await worker.drain()
    assert order == [small, large]
    lists = IdLists(stores.valkey, product.settings.feed_length)
    found = await lists.read([(HOME, fan) for fan in fans], 10, 60)
    assert all(large in each.ids for each in found)
    assert small in found[0].ids
