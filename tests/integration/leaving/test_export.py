"""The export of an account that has done everything there is: all of it is in the zip, and nothing else."""

import csv
import io
import json
import zipfile
from pathlib import Path

import pytest
from leaving_life import PASSWORD, Life
from PIL import Image

from heliograph.base.errors import NotFoundError
from heliograph.base.topology import Topology
from heliograph.domain.leaving import export
from heliograph.domain.leaving.export import Links, Progress
from heliograph.domain.product import Product
from heliograph.stores.queries import parse

LINKS = Links("helio.test", lambda ident: f"https://helio.test/p/{ident}", lambda name: f"https://helio.test/@{name}")

sql = parse(
    "secrets",
    """
-- name: hashes
-- scatter
SELECT password_hash FROM credentials UNION ALL SELECT encode(hash, 'hex') FROM tokens
UNION ALL SELECT encode(hash, 'hex') FROM sessions;
""",
)


async def exported(product: Product, account_id: int) -> tuple[zipfile.ZipFile, Progress]:
    progress = Progress()
    held = io.BytesIO()
    async for chunk in product.export.of(account_id, LINKS, progress):
        assert len(chunk) < 1 << 20, "more than a part at once"
        held.write(chunk)
    archive = zipfile.ZipFile(held)
    assert archive.testzip() is None
    return archive, progress


@pytest.fixture
async def life(product: Product, topology: Topology, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Life:
    monkeypatch.setattr(export, "PAGE", 2)
    lived = Life(product, topology, tmp_path)
    await lived.live()
    return lived


async def test_everything_is_in_it(life: Life, product: Product) -> None:
    archive, progress = await exported(product, life.who)
    names = life.names

    account = json.loads(archive.read("account.json"))
    assert account["username"] == life.name
    assert account["address"] == f"{life.name}@helio.test"
    assert account["email"].endswith("leaver@example.com")
    assert account["fields"] == [{"name": "Site", "value": "https://example.com"}]
    assert account["settings"]["locked"] is True
    assert account["followed_tags"] == account["featured_tags"] == ["light", "shadow"]

    posts = json.loads(archive.read("posts.json"))
    # The last one is being deleted.
    assert [int(post["id"]) for post in posts] == sorted(life.posts)[:-1]
    assert len(posts) == progress.posts
    first = posts[0]
    assert first["text"].startswith("second ")
    assert [edit["text"][:6] for edit in first["edits"]] == ["first ", "second"]
    assert set(first["mentions"]) == {names["friend"], names["fan"]}
    assert {post["visibility"] for post in posts} == {"public", "unlisted", "private", "direct"}
    assert any(post["in_reply_to"] for post in posts)
    assert any(post["reblog_of"] for post in posts)

    (photo,) = first["photos"]
    assert photo["description"] == "an alt text"
    with Image.open(io.BytesIO(archive.read(photo["file"]))) as image:
        assert image.size == (photo["width"], photo["height"]) == (700, 500)
    stored = {name for name in archive.namelist() if name.startswith("photos/")}
    assert {account["avatar"], account["header"], photo["file"]} < stored
    # The one that an edit has taken out, too.
    assert len(stored) == progress.photos == 4
    assert progress.missing == 0

    assert len(json.loads(archive.read("likes.json"))) == 3
    assert {note["account"] for note in json.loads(archive.read("notes.json"))} == {
        f"{names['friend']}@helio.test",
        f"{names['fan']}@helio.test",
    }
    assert life.name in archive.read("README.txt").decode()


async def test_lists_are_as_mastodon_reads_them(life: Life, product: Product) -> None:
    archive, _ = await exported(product, life.who)
    tables = {
        name: list(csv.reader(archive.read(name).decode().splitlines()))
        for name in archive.namelist()
        if name.endswith(".csv")
    }
    at = {each: f"{name}@helio.test" for each, name in life.names.items()}
    following = tables["following_accounts.csv"]
    assert following[0] == ["Account address", "Show boosts", "Notify on new posts", "Languages"]
    assert {tuple(line) for line in following[1:]} == {
        (at["friend"], "true", "true", ""),
        (at["fan"], "true", "true", ""),
    }
    assert sorted(line[0] for line in tables["followers.csv"]) == sorted([at["friend"], at["fan"], at["loud"]])
    assert tables["blocked_accounts.csv"] == [[at["enemy"]]]
    assert tables["muted_accounts.csv"] == [["Account address", "Hide notifications"], [at["loud"], "true"]]
    assert len(tables["bookmarks.csv"]) == 2
    assert all(line[0].startswith("https://helio.test/p/") for line in tables["bookmarks.csv"])


async def test_no_secret_is_in_it(life: Life, product: Product) -> None:
    archive, _ = await exported(product, life.who)
    texts = b"".join(archive.read(name) for name in archive.namelist() if not name.startswith("photos/")).decode()
    hashes = [row["password_hash"] for row in await product.stores.shards.scatter(sql.hashes)]
    assert len(hashes) > len(life.others)
    assert not [secret for secret in [PASSWORD, "argon2", *hashes] if secret in texts]


async def test_a_photo_that_the_store_has_lost_is_left_out(life: Life, product: Product) -> None:
    avatar = (await product.profiles.get(life.who)).avatar
    await product.stores.objects.delete([avatar])
    archive, progress = await exported(product, life.who)
    assert progress.missing == 1
    assert "photos/avatar.webp" not in archive.namelist()


async def test_an_account_with_nothing(product: Product) -> None:
    account = (await product.registration.create("novice", PASSWORD)).account_id
    archive, _ = await exported(product, account)
    assert json.loads(archive.read("posts.json")) == []
    assert archive.read("bookmarks.csv") == b""
    with pytest.raises(NotFoundError):
        await exported(product, account + 1)
