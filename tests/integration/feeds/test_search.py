"""Search on two shards: what is found, in which order, by whom, and from which moment on."""

import itertools
import re
from datetime import timedelta

import msgspec
import pytest

from heliograph.base import clock, ids
from heliograph.base.paging import Page
from heliograph.domain.accounts.account import ProfileChanges
from heliograph.domain.accounts.registration import SignUp
from heliograph.domain.posts.hashtag import HISTORY_DAYS
from heliograph.domain.posts.post import Visibility
from heliograph.domain.posts.publish import Draft
from heliograph.domain.product import Product
from heliograph.stores import counts
from heliograph.stores.queries import load, parse
from heliograph.stores.schema import scripts

NUMBERS = itertools.count(1)
NEWEST = Page()

sql = parse(
    "searching",
    """
-- name: tag
INSERT INTO tags (slot, name, id) VALUES (:slot, :name, mint_id(:slot)) ON CONFLICT DO NOTHING;

-- name: use
INSERT INTO tag_posts (slot, tag, post_id, account_id) VALUES (:slot, :tag, :post_id, :account_id);

-- name: words
-- scatter
SELECT word FROM account_words WHERE account_id = :account_id ORDER BY word;

-- name: all_words
-- scatter
SELECT account_id, word FROM account_words;

-- name: forget
-- scatter
DELETE FROM account_words;
""",
)


async def person(product: Product, name: str, display_name: str = "", *, discoverable: bool = True) -> int:
    made = (await product.registration.create(name, "correct horse battery")).account_id
    if display_name or not discoverable:
        await product.profiles.update(made, ProfileChanges(display_name=display_name, discoverable=discoverable))
    return made


async def names(product: Product, words: str, viewer: int | None = None, limit: int = 40, **more) -> list[str]:
    found = await product.search.accounts(viewer, words, limit, **more)
    return [msgspec.json.decode(each)["username"] for each in found]


async def on_both_shards(product: Product, stem: str, count: int = 6) -> list[int]:
    """People called `stem`1 and so on, two on each shard at least."""
    made: list[int] = []
    sides = [0, 0]
    while min(sides) < 2 or len(made) < count:
        made.append(await person(product, f"{stem}{len(made) + 1}"))
        sides[ids.slot_of(made[-1]) < 512] += 1
    return made


async def test_order(narrow):
    crowd = await on_both_shards(narrow, "lumen")
    exact, shown, viewer = [
        await person(narrow, name, display)
        for name, display in (("lumen", ""), ("zed", "Lumen Bright"), ("viewer", ""))
    ]
    await narrow.following.follow(viewer, shown)
    for fan in (shown, exact):
        await narrow.following.follow(fan, crowd[2])
    await narrow.following.follow(exact, crowd[1])
    await counts.fold(narrow.stores.shards)
    rest = [f"lumen{n + 1}" for n in range(len(crowd)) if n not in (1, 2)]
    found = await names(narrow, "lumen", viewer)
    assert found[:2] == ["lumen", "zed"], "the exact name, then who is followed"
    assert found[2:4] == ["lumen3", "lumen2"], "then by followers"
    assert sorted(found[4:]) == sorted(rest)
    anonymous = await names(narrow, "lumen")
    assert anonymous[0] == "lumen"
    assert anonymous[-1] == "zed", "who is only displayed so comes last"
    assert await names(narrow, "lumen", viewer, following=True) == ["zed"]
    assert await names(narrow, "lumen3", viewer, following=True) == []
    paged = [await names(narrow, "lumen", viewer, 3, offset=offset) for offset in range(0, 12, 3)]
    assert [name for page in paged for name in page] == found


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("ROCÍO", ["rocio_m"]),
        ("rocio", ["rocio_m"]),
        ("roci\u0301", ["rocio_m"]),
        ("mendez roc", ["rocio_m"]),
        ("mendez ana", []),
        ("m", ["rocio_m"]),
        ("иль", ["ilya"]),
        ("ИЛЬЯ реп", ["ilya"]),
        ("STRASSE", ["road"]),
        ("straße", ["road"]),
        ("@rocio", ["rocio_m"]),
        ("rocio_", ["rocio_m"]),
        ("rocio%", ["rocio_m"]),
        ("r_cio", []),
        ("%", []),
        ("_", []),
        ("\\", []),
        ("r\\", ["road", "rocio_m"]),
        ("'; DROP TABLE accounts; --", []),
        ("山田", ["yamada"]),
        ("田", []),
        ("ﬁrst", ["road"]),
        (" ".join("abcdefghijklmnopqrstuvwxyz"), []),
    ],
)
async def test_words(narrow, words, found):
    await person(narrow, "rocio_m", "Rocío Méndez")
    await person(narrow, "ilya", "Илья Репин")
    await person(narrow, "road", "First Straße")
    await person(narrow, "yamada", "山田太郎")
    assert sorted(await names(narrow, words)) == found


async def test_just_made_and_just_renamed(narrow):
    other = await person(narrow, "somebody")
    for _ in range(6):
        name = f"newcomer{next(NUMBERS)}"
        made = await person(narrow, name)
        assert await names(narrow, name, other) == [name], "at once"
        await narrow.profiles.update(made, ProfileChanges(display_name="Ondine Fairlight"))
        assert name in await names(narrow, "fairlight", other)
        await narrow.profiles.update(made, ProfileChanges(display_name="Ondine Dark"))
        assert name not in await names(narrow, "fairlight", other)
        assert name in await names(narrow, "ondine dark", other)


async def test_who_is_not_found(narrow):
    hidden = await person(narrow, "shy_one", "Shy Person", discoverable=False)
    fan = await person(narrow, "fan")
    assert await names(narrow, "shy", fan) == []
    assert await names(narrow, "person", fan) == []
    assert await names(narrow, "@Shy_One", fan) == ["shy_one"], "named exactly"
    assert await names(narrow, "shy", hidden) == ["shy_one"], "by oneself"
    await narrow.following.follow(fan, hidden)
    assert await names(narrow, "pers", fan) == ["shy_one"], "by who follows"
    await narrow.suspension.suspend(hidden)
    assert await names(narrow, "shy_one", fan) == await names(narrow, "shy", fan) == []
    waiting = msgspec.structs.replace(narrow.settings, registration="approval")
    narrow.registration._settings = waiting
    form = {"username": "waiting_one", "password": "correct horse battery", "agreement": True}
    pending = (await narrow.registration.sign_up(SignUp(**form))).account_id
    assert await names(narrow, "waiting_one", fan) == await names(narrow, "waiting") == []
    await narrow.approval.approve(pending)
    assert await names(narrow, "waiting") == ["waiting_one"]


async def test_a_refused_account_leaves_no_words(narrow):
    narrow.registration._settings = msgspec.structs.replace(narrow.settings, registration="approval")
    form = SignUp(username="refused_one", password="correct horse battery", agreement=True)
    pending = (await narrow.registration.sign_up(form)).account_id
    shards = narrow.stores.shards
    assert [row["word"] for row in await shards.scatter(sql.words, account_id=pending)]
    await narrow.approval.reject(pending)
    assert await shards.scatter(sql.words, account_id=pending) == []


async def test_a_block_hides_in_both_directions(narrow):
    blocker, blocked, third = [await person(narrow, name) for name in ("wall_a", "wall_b", "wall_c")]
    assert "wall_a" in await names(narrow, "wall", blocked)
    await narrow.following.follow(blocked, blocker)
    await narrow.blocks.block(blocker, blocked)
    for words in ("wall", "wall_a", "wall_b"):
        assert "wall_a" not in await names(narrow, words, blocked)
    assert "wall_b" not in await names(narrow, "wall", blocker)
    assert await names(narrow, "wall_b", blocker) == ["wall_b"], "or no client could unblock them"
    assert await names(narrow, "wall", third) == await names(narrow, "wall") == ["wall_a", "wall_b", "wall_c"]
    assert await narrow.search.account(blocked, "wall_a") == []
    await narrow.blocks.unblock(blocker, blocked)
    assert "wall_a" in await names(narrow, "wall", blocked)


async def test_of_a_common_word_the_followed_the_great_and_the_exact_are_found(narrow, monkeypatch):
    monkeypatch.setattr("heliograph.domain.accounts.search.SCANNED", 2)
    crowd = await on_both_shards(narrow, "maria", 8)
    viewer = await person(narrow, "viewer")
    last = await person(narrow, "mariaz")
    found = await names(narrow, "maria", viewer)
    assert len(found) < len(crowd)
    assert "mariaz" not in found
    assert await names(narrow, "mariaz", viewer) == ["mariaz"]
    await narrow.following.follow(viewer, last)
    assert (await names(narrow, "maria", viewer))[0] == "mariaz"
    assert "mariaz" not in await names(narrow, "maria")
    # Whoever is known to be followed by very many is never passed over.
    shard = narrow.stores.shards.of(last)
    known = {"followers": 10_000, "lists": 0, "posts_a_day": 0.0, "reads": 0.0, "kept_s": 1.0}
    await shard.run(load("audiences").note, slot=ids.slot_of(last), account_id=last, **known)
    assert "mariaz" in await names(narrow, "maria")


async def write(product: Product, author: int, text: str, spoiler: str = "", visibility=Visibility.PRIVATE) -> int:
    draft = Draft(text=text, media_ids=[], visibility=visibility, spoiler_text=spoiler)
    return (await product.publishing.publish(author, draft)).post_id


async def found_posts(product: Product, viewer: int | None, words: str, page: Page = NEWEST, **more) -> list[int]:
    return [int(msgspec.json.decode(each)["id"]) for each in await product.search.posts(viewer, words, page, **more)]


async def test_own_posts_by_words(narrow):
    me, other = await person(narrow, "me"), await person(narrow, "other")
    pier = await write(narrow, me, "The pier, after RAIN. #light")
    cafe = await write(narrow, me, "Un cafe\u0301 à Kiev, Київ", spoiler="Rain again")
    direct = await write(narrow, me, "rain for one", visibility=Visibility.DIRECT)
    await write(narrow, other, "rain of somebody else", visibility=Visibility.PUBLIC)
    assert await found_posts(narrow, me, "rain") == [direct, cafe, pier]
    assert await found_posts(narrow, me, "rain PIER") == [pier]
    assert await found_posts(narrow, me, "#Light") == [pier]
    assert await found_posts(narrow, me, "café") == [cafe]
    assert await found_posts(narrow, me, "київ again") == [cafe]
    assert await found_posts(narrow, me, "rain snow") == await found_posts(narrow, me, "% _ \\ '") == []
    assert await found_posts(narrow, None, "rain") == []
    assert await found_posts(narrow, me, "rain", author=other) == []
    assert await found_posts(narrow, me, "rain", author=me) == [direct, cafe, pier]
    assert await found_posts(narrow, me, "rain", Page(limit=1)) == [direct]
    assert await found_posts(narrow, me, "rain", Page(limit=1), offset=1) == [cafe]
    assert await found_posts(narrow, me, "rain", Page(max_id=direct)) == [cafe, pier]
    assert await found_posts(narrow, me, "rain", Page(min_id=pier, limit=1)) == [cafe]
    await narrow.remover.delete(me, cafe)
    assert await found_posts(narrow, me, "rain") == [direct, pier]


async def use(product: Product, tag: str, account: int, days_ago: int = 0, times: int = 1) -> None:
    """Note that `account` has used `tag`, as publishing does."""
    slot = ids.slot_of_name(tag)
    shard = product.stores.shards.at(slot)
    await shard.run(sql.tag, slot=slot, name=tag)
    moment = clock.now() - timedelta(days=days_ago)
    for _ in range(times):
        post_id = ids.first_at(moment) + next(NUMBERS)
        await shard.run(sql.use, slot=slot, tag=tag, post_id=post_id, account_id=account)


async def test_hashtags(narrow):
    me, other = await person(narrow, "me"), await person(narrow, "other")
    await use(narrow, "light", me)
    await use(narrow, "lighthouse", me, times=3)
    await use(narrow, "lighthouse", other, days_ago=2)
    await use(narrow, "lightning", me, times=2)
    await use(narrow, "lightly", me, days_ago=9, times=9)
    await use(narrow, "свет", me)
    found = await narrow.search.hashtags(me, "LIGHT", 10)
    assert [tag.name for tag in found] == ["light", "lighthouse", "lightning", "lightly"]
    assert all(tag.id for tag in found)
    lighthouse = found[1]
    assert [(day.uses, day.accounts) for day in lighthouse.history] == [(3, 1), (0, 0), (1, 1), *[(0, 0)] * 4]
    assert [day.begins for day in lighthouse.history] == sorted(
        (day.begins for day in lighthouse.history), reverse=True
    )
    assert len(found[3].history) == HISTORY_DAYS
    assert found[3].uses == 0
    assert (lighthouse.following, lighthouse.featuring) == (False, False)
    anonymous = await narrow.search.hashtags(None, "light", 2, 1)
    assert [(tag.name, tag.following) for tag in anonymous] == [("lighthouse", None), ("lightning", None)]
    assert [tag.name for tag in await narrow.search.hashtags(None, "Све", 10)] == ["свет"]
    assert await narrow.search.hashtags(None, "l_ght", 10) == []


async def test_a_hashtag_just_used_is_found_among_many(narrow, monkeypatch):
    monkeypatch.setattr("heliograph.domain.posts.hashtags.CANDIDATES", 1)
    me = await person(narrow, "me")
    for tag in ("aa", "ab", "ac", "ad"):
        await use(narrow, tag, me, days_ago=30)
    await use(narrow, "az", me)
    assert (await narrow.search.hashtags(None, "a", 10))[0].name == "az"


async def test_who_was_there_before_the_search(narrow):
    """The migration finds the words that the product would."""
    await person(narrow, "Rocio_M", "Rocío  Méndez-Ñúñez")
    await person(narrow, "ilya", "Илья (Йод) Straße 🦩")
    await person(narrow, "plain")
    shards = narrow.stores.shards
    before = await everybodys_words(narrow)
    assert len({ident for ident, _ in before}) == 3
    await shards.scatter(sql.forget)
    backfill = re.search(r"^INSERT INTO account_words.*?;$", scripts()["0002_pre_society"], re.DOTALL | re.MULTILINE)
    for shard in shards.all:
        async with shard.session() as session:
            await session.script(backfill[0])
    assert await everybodys_words(narrow) == before


async def everybodys_words(product: Product) -> list[tuple[int, str]]:
    rows = await product.stores.shards.scatter(sql.all_words)
    return sorted((row["account_id"], row["word"]) for row in rows)
