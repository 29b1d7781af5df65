"""What may not be seen costs a reader little, however much of it there is."""

import msgspec
import pytest

from heliograph.base.ids import MAX_ID
from heliograph.base.paging import Page
from heliograph.domain.feeds.timelines import AccountFilter
from heliograph.domain.graph.decisions import Wish
from heliograph.domain.posts.post import Visibility
from heliograph.domain.posts.publish import Draft
from heliograph.domain.product import Product
from heliograph.stores.idlists import HOME, IdLists
from heliograph.stores.queries import parse
from heliograph.wiring import drain

sql = parse(
    "hidden",
    """
-- name: posts
-- scatter
INSERT INTO posts (slot, id, account_id, text, visibility)
SELECT (:author::bigint >> 12) & 1023, mint_id(((:author::bigint >> 12) & 1023)::smallint), :author, 'x', :visibility
FROM generate_series(1, :count::int);
-- name: answer
-- scatter
UPDATE posts SET in_reply_to_id = 1, in_reply_to_account_id = :to, root_id = 1 WHERE account_id = :author AND id > :after;
-- name: share
-- scatter
UPDATE posts SET in_reply_to_id = NULL, in_reply_to_account_id = NULL, root_id = NULL, reblog_of_id = 1,
    reblog_of_account_id = :of
WHERE account_id = :author AND id > :after;
""",
)
MANY = 300


@pytest.fixture
def looked_at(product: Product) -> list[int]:
    return _looked_at(product)


def _looked_at(product: Product) -> list[int]:
    """How many posts are looked at, round by round."""
    rounds: list[int] = []
    posts = product.hydration.posts

    async def noted(post_ids, **options):
        rounds.append(len(post_ids))
        return await posts(post_ids, **options)

    product.hydration.posts = noted  # type: ignore[method-assign]
    return rounds


async def _person(product: Product, name: str) -> int:
    return (await product.registration.create(name, "correct horse battery")).account_id


async def _fill(product: Product, author: int, visibility: Visibility) -> None:
    shard = product.stores.shards.of(author)
    await shard.run(sql.posts, author=author, visibility=int(visibility), count=MANY)


async def _post(product: Product, author: int, text: str, visibility: Visibility) -> int:
    draft = Draft(text=text, media_ids=[], visibility=visibility)
    return (await product.publishing.publish(author, draft)).post_id


def _ids(items: list[bytes]) -> list[int]:
    return [int(msgspec.json.decode(item)["id"]) for item in items]


@pytest.mark.parametrize("page", [Page(), Page(min_id=1)], ids=["newest", "oldest"])
async def test_a_suspended_spammer_does_not_slow_the_public_timeline(product: Product, looked_at, page: Page) -> None:
    ann, spammer, bob = [await _person(product, name) for name in ("ann", "spammer", "bob")]
    first = await _post(product, ann, "first", Visibility.PUBLIC)
    await _fill(product, spammer, Visibility.PUBLIC)
    last = await _post(product, bob, "last", Visibility.PUBLIC)
    await product.suspension.suspend(spammer)
    assert _ids((await product.timelines.public(None, page, media_only=False)).items) == [last, first]
    assert sum(looked_at) == 2


async def test_an_accounts_hidden_posts_are_not_read_for_those_who_may_not_see_them(
    product: Product, looked_at
) -> None:
    ann, bob, eve = [await _person(product, name) for name in ("ann", "bob", "eve")]
    public = await _post(product, ann, "public", Visibility.PUBLIC)
    told = await _post(product, ann, "for @eve", Visibility.DIRECT)
    await _fill(product, ann, Visibility.DIRECT)
    await _fill(product, ann, Visibility.PRIVATE)
    await product.following.follow(bob, ann)
    seen = {}
    for viewer in (None, eve, bob, ann):
        looked_at.clear()
        timeline = await product.timelines.account(viewer, ann, Page(), AccountFilter())
        seen[viewer] = _ids(timeline.items)
        assert sum(looked_at) == len(seen[viewer])
    assert seen[None] == [public]
    assert seen[eve] == [told, public]
    assert len(seen[bob]) == len(seen[ann]) == 20


async def test_what_stands_in_a_list_and_may_not_be_seen_is_passed_over_in_few_rounds(
    product: Product, looked_at
) -> None:
    ann, bob, eve = [await _person(product, name) for name in ("ann", "bob", "eve")]
    first = await _post(product, bob, "first", Visibility.PUBLIC)
    await _fill(product, ann, Visibility.PUBLIC)
    for author in (ann, bob):
        await product.following.follow(eve, author)
    assert len((await product.home.page(eve, Page())).items) == 20
    await product.following.unfollow(eve, ann)
    looked_at.clear()
    assert _ids((await product.home.page(eve, Page())).items) == [first]
    assert len(looked_at) <= 5


@pytest.mark.parametrize("page", [Page(), Page(min_id=1)], ids=["newest", "oldest"])
async def test_somebody_muted_does_not_slow_what_comes_by_itself(narrow: Product, page: Page) -> None:
    ann, loud, eve = [await _person(narrow, name) for name in ("ann", "loud", "eve")]
    looked_at = _looked_at(narrow)
    first = await _post(narrow, ann, "first", Visibility.PUBLIC)
    await _fill(narrow, loud, Visibility.PUBLIC)
    for author in (ann, loud):
        await narrow.following.follow(eve, author)
    await narrow.mutes.mute(eve, loud)
    looked_at.clear()
    assert _ids((await narrow.home.page(eve, page)).items) == [first]
    # What stands in the list is looked at, and no more than that.
    assert sum(looked_at) < 20
    looked_at.clear()
    assert _ids((await narrow.timelines.public(eve, page, media_only=False)).items) == [first]
    assert sum(looked_at) < 20


async def test_answers_to_strangers_and_silenced_shares_do_not_slow_a_home(narrow: Product) -> None:
    ann, busy, eve = [await _person(narrow, name) for name in ("ann", "busy", "eve")]
    first = await _post(narrow, busy, "first", Visibility.PUBLIC)
    await _fill(narrow, busy, Visibility.PUBLIC)
    shard = narrow.stores.shards.of(busy)
    await shard.run(sql.answer, author=busy, to=ann, after=first)
    await narrow.following.follow(eve, busy)
    looked_at = _looked_at(narrow)
    assert _ids((await narrow.home.page(eve, Page())).items) == [first]
    assert sum(looked_at) < 20
    await shard.run(sql.share, author=busy, of=ann, after=first)
    await narrow.following.follow(eve, busy, Wish(reblogs=False))
    looked_at.clear()
    assert _ids((await narrow.home.page(eve, Page(max_id=MAX_ID))).items) == [first]
    assert sum(looked_at) < 20


async def test_guessed_ids_leave_nothing_in_the_cache(product: Product) -> None:
    ann = await _person(product, "ann")
    post = await _post(product, ann, "there", Visibility.PUBLIC)
    before = await product.stores.valkey.one(lambda _: ("DBSIZE",))
    for start in range(0, 400, 40):
        assert await product.timelines.posts(None, [ann + number for number in range(start + 1, start + 41)]) == []
    assert await product.stores.valkey.one(lambda _: ("DBSIZE",)) == before
    assert _ids(await product.timelines.posts(None, [post])) == [post]


async def test_direct_posts_take_no_room_in_the_feeds_of_others(product: Product) -> None:
    ann, bob = await _person(product, "ann"), await _person(product, "bob")
    await product.following.follow(bob, ann)
    await product.home.page(bob, Page())
    seen = await _post(product, ann, "everybody", Visibility.PUBLIC)
    await _post(product, ann, "nobody", Visibility.DIRECT)
    named = await _post(product, ann, "psst @bob", Visibility.DIRECT)
    await drain(product)
    lists = IdLists(product.stores.valkey, product.settings.feed_length)
    (found,) = await lists.read([(HOME, bob)], 100, 60)
    assert found.ids == [named, seen]
    await product.stores.valkey.one(lambda keys: ("DEL", keys.id_list(HOME, bob)))
    assert await _home(product, bob) == [named, seen]
    (found,) = await lists.read([(HOME, bob)], 100, 60)
    assert found.ids == [named, seen]


async def test_a_restored_author_is_back_in_feeds_that_were_built_meanwhile(product: Product) -> None:
    ann, bob = await _person(product, "ann"), await _person(product, "bob")
    await product.following.follow(bob, ann)
    post = await _post(product, ann, "before", Visibility.PUBLIC)
    await drain(product)
    await product.suspension.suspend(ann)
    await product.stores.valkey.one(lambda keys: ("DEL", keys.id_list(HOME, bob)))
    assert await _home(product, bob) == []
    await product.suspension.restore(ann)
    await drain(product)
    assert await _home(product, bob) == [post]


async def _home(product: Product, viewer: int) -> list[int]:
    timeline = await product.home.page(viewer, Page())
    return [int(msgspec.json.decode(item)["id"]) for item in timeline.items]
