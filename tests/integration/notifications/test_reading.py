"""Pages, groups, unread counts, markers: as somebody reads what they have been told."""

import pytest
from hearing import deliver, entities, post, take_messages, told

from heliograph.base import ids
from heliograph.base.errors import NotFoundError
from heliograph.base.paging import Page
from heliograph.domain.notifications import inbox, notices
from heliograph.domain.notifications.inbox import Only
from heliograph.domain.notifications.notification import GROUPED, Kind
from heliograph.domain.product import Product
from heliograph.stores import outbox
from heliograph.stores.queries import load
from heliograph.wiring import drain

sql = load("notifications")


async def in_order(product: Product) -> None:
    """What is under way is told one by one."""
    while messages := await take_messages(product):
        await deliver(product, *messages)


async def test_pages_meet(product: Product, across) -> None:
    ann, *crowd = await across(4)
    for number in range(9):
        await post(product, crowd[number % 3], ann)
        await drain(product)
    everything = await told(product, ann)
    assert len(everything) == 9
    # Of somebody who was blocked nothing is shown, and pages are full all the same.
    await product.blocks.block(ann, crowd[1])
    await product.remover.delete(crowd[2], everything[0][2])
    left = [each for each in everything[1:] if each[1] != crowd[1]]
    for walk in ({"max_id": None}, {"min_id": 0}):
        found: list[str] = []
        bound = dict(walk)
        while page := await entities(product, ann, limit=2, **bound):
            shown = [each["status"]["id"] for each in page]
            found = [*shown, *found] if "min_id" in walk else [*found, *shown]
            bound = {"min_id": int(page[0]["id"])} if "min_id" in walk else {"max_id": int(page[-1]["id"])}
        assert [int(each) for each in found] == [post_id for _, _, post_id in left]
    newest = await entities(product, ann, limit=2)
    assert await told(product, ann, since_id=int(newest[1]["id"])) == left[:1]


async def test_some_kinds_and_some_accounts_only(product: Product, across) -> None:
    ann, bob, cat = await across(3)
    own = await post(product, ann)
    for each in (bob, cat):
        await product.likes.like(each, own)
        await product.following.follow(each, ann)
    await drain(product)
    assert {each[0] for each in await told(product, ann, Only(frozenset({Kind.FOLLOW})))} == {"follow"}
    assert sorted(await told(product, ann, Only(from_id=cat))) == [("favourite", cat, own), ("follow", cat, 0)]
    assert await told(product, ann, Only(frozenset())) == []
    assert await product.notifications.unread(ann, 100, Only(frozenset({Kind.FOLLOW}), bob)) == 1


async def test_groups(product: Product, across) -> None:
    ann, *crowd = await across(5)
    first, second = await post(product, ann), await post(product, ann)
    await in_order(product)
    for each in crowd:
        await product.likes.like(each, first)
        await in_order(product)
    named = await post(product, crowd[0], ann)
    await in_order(product)
    await product.likes.like(crowd[0], second)
    await in_order(product)
    await product.likes.like(crowd[1], second)
    await product.following.follow(crowd[0], ann)
    await in_order(product)
    page = await product.notifications.groups(ann, Page())
    said = [(group.newest.kind, group.newest.subject_id, len(group.told)) for group in page.groups]
    assert said == [
        (Kind.FOLLOW, 0, 1),
        (Kind.FAVOURITE, second, 2),
        (Kind.MENTION, named, 1),
        (Kind.FAVOURITE, first, 4),
    ]
    assert set(page.accounts) == set(crowd)
    assert set(page.statuses) == {first, second, named}
    by_one = [(await product.notifications.groups(ann, Page(limit=1))).groups[0]]
    while more := (await product.notifications.groups(ann, Page(limit=1, max_id=by_one[-1].oldest.id))).groups:
        by_one += more
    assert [group.key for group in by_one] == [group.key for group in page.groups]
    assert await product.notifications.unread(ann, 100, kinds=GROUPED) == 4
    assert await product.notifications.unread(ann, 3, kinds=GROUPED) == 3
    assert await product.notifications.unread(ann, 100) == 8
    alone = await product.notifications.groups(ann, Page(), kinds=GROUPED - {Kind.FAVOURITE})
    assert len(alone.groups) == 8
    assert alone.groups[-1].key == f"ungrouped-{alone.oldest}"
    again = await product.notifications.group(ann, page.groups[3].key)
    assert again.groups == [page.groups[3]]
    single = await product.notifications.group(ann, page.groups[2].key)
    assert single.groups == [page.groups[2]]
    await product.notifications.dismiss_group(ann, page.groups[3].key)
    assert [group.key for group in (await product.notifications.groups(ann, Page())).groups] == [
        group.key for group in page.groups[:3]
    ]
    for key in (
        page.groups[3].key,
        "favourite",
        "favourite-1",
        "follow-x",
        "poll-1-2",
        "",
        "follow-9223372036854775807",
    ):
        with pytest.raises(NotFoundError):
            await product.notifications.group(ann, key)


async def test_a_page_of_groups_looks_at_so_many_at_most(product: Product, across, monkeypatch) -> None:
    monkeypatch.setattr(inbox, "WINDOW", 3)
    ann, *crowd = await across(6)
    own = await post(product, ann)
    for each in crowd:
        await product.likes.like(each, own)
        await in_order(product)
    first = await product.notifications.groups(ann, Page(limit=2))
    (group,) = first.groups
    assert len(group.told) >= 3
    rest = await product.notifications.groups(ann, Page(limit=2, max_id=first.oldest))
    told = [each.from_id for page in (first, rest) for group in page.groups for each in group.told]
    assert told == crowd[::-1]


async def test_unread_is_what_is_newer_than_the_marker(product: Product, across) -> None:
    ann, bob = await across(2)
    for _ in range(3):
        await post(product, bob, ann)
        await drain(product)
    found = await entities(product, ann)
    assert await product.notifications.unread(ann, 100) == 3
    assert await product.notifications.unread(ann, 2) == 2
    await product.markers.set(ann, {"notifications": int(found[1]["id"])})
    assert await product.notifications.unread(ann, 100) == 1
    await product.markers.set(ann, {"notifications": int(found[0]["id"])})
    assert await product.notifications.unread(ann, 100) == 0
    assert await product.notifications.unread(bob, 100) == 0


async def test_markers(product: Product, across) -> None:
    ann, bob = await across(2)
    assert await product.markers.of(ann, ["home", "notifications"]) == []
    (first,) = await product.markers.set(ann, {"home": 7})
    assert (first.timeline, first.last_read_id) == ("home", 7)
    home, notifications = await product.markers.set(ann, {"home": 5, "notifications": 3})
    assert (home.last_read_id, home.version) == (5, first.version + 1)
    assert home.updated_at > first.updated_at
    assert notifications.last_read_id == 3
    (same,) = await product.markers.set(ann, {"home": 5})
    assert same.version == home.version
    assert {each.timeline for each in await product.markers.of(ann, ["home", "notifications"])} == {
        "home",
        "notifications",
    }
    assert [each.timeline for each in await product.markers.of(ann, ["home"])] == ["home"]
    assert await product.markers.of(bob, ["home"]) == []


async def test_a_page_is_no_query_and_below_what_is_kept_it_is_one(product: Product, across, monkeypatch) -> None:
    from heliograph.stores.shards import Shard

    ann, *crowd = await across(6)
    own = await post(product, ann)
    for each in crowd:
        await product.likes.like(each, own)
        await post(product, each, ann)
    await drain(product)
    await told(product, ann)
    asked: list[str] = []
    rows = Shard.rows

    async def counted(self, query, **parameters):
        asked.append(query.name)
        return await rows(self, query, **parameters)

    monkeypatch.setattr(Shard, "rows", counted)
    assert len(await told(product, ann)) == 10
    assert asked == []
    monkeypatch.setattr(notices, "KEPT", 4)
    await product.notices.settle([ann])
    assert len(await told(product, ann)) == 10
    assert asked == ["notifications.newest"]


async def test_what_a_version_before_this_one_has_put_into_the_outbox(product: Product, across) -> None:
    """It names one account; it is done as if it named several, and not given up."""
    ann, bob = await across(2)
    await post(product, bob, ann)
    await drain(product)
    assert len(await told(product, ann)) == 1
    shard = product.stores.shards.of(ann)
    async with shard.transaction() as transaction:
        await transaction.run(sql.clear, slot=ids.slot_of(ann), account_id=ann, last=ids.MAX_ID, limit=10)
        await outbox.put(transaction, ids.slot_of(ann), notices.CHANGED, {"account": ann})
    assert await drain(product) == 1
    assert await told(product, ann) == []
    assert await product.outbox.dead(1) == []
