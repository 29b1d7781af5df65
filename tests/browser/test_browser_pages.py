"""Every page: nothing refused by the policy, nothing that moves, nothing wider than a phone, a name for everything."""

import re
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from playwright.async_api import expect
from visitors import DESK, PHONE, Arrive, Visitor

from heliograph.domain.posts.post import Visibility
from heliograph.domain.posts.publish import Draft
from heliograph.domain.product import Product

pytestmark = pytest.mark.asyncio(loop_scope="session")

PUBLIC = ["/", "/public", "/@ada", "/@ada/with_replies", "/@ada/followers", "/@ada/following", "/tags/light", "/docs"]
DOOR = ["/auth/sign_in", "/auth/sign_up", "/auth/password/new"]
OWN = ["/upload", "/settings/profile", "/settings/hashtags", "/settings/blocks", "/settings/mutes", "/settings/account"]
OWN += ["/auth/sessions", "/auth/password", "/notifications", "/follow_requests", "/conversations", "/bookmarks"]
OWN += ["/favourites", "/auth/apps"]
SHIFT_MAX = 0.01
LOOKS = 3

# What a person with a keyboard or a screen reader would miss.
NAMELESS = """
[...document.querySelectorAll("a, button, input:not([type=hidden]), textarea, select, img, summary")].filter((element) => {
    if (element.closest("[aria-hidden=true], [hidden]")) return false;
    if (element.matches("img")) return !element.hasAttribute("alt");
    if (element.labels) { if (element.labels.length || element.matches("button")) return false; }
    const pictures = [...element.querySelectorAll("img")].map((image) => image.alt).join("");
    return !(element.getAttribute("aria-label") || element.textContent.trim() || pictures);
}).map((element) => element.outerHTML.slice(0, 200))
"""


async def _shifted(who: Visitor, path: str) -> float:
    await who.open(path)
    await who.all_pictures_shown()
    await who.page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    shifted: float = await who.page.evaluate("window.shifted")
    return shifted


async def _look(who: Visitor, path: str) -> None:
    # On a busy machine a browser may paint half of the bar at the top, and the other half later. What moves by the page's own
    # doing moves each time.
    for _ in range(LOOKS):
        if (shifted := await _shifted(who, path)) < SHIFT_MAX:
            break
    assert shifted < SHIFT_MAX, path
    assert await who.page.evaluate(NAMELESS) == [], path
    wide = await who.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, f"{path} is {wide} px wider than the screen"
    assert await who.page.title(), path
    assert await who.page.locator("h1").count() == 1, path


@pytest.mark.parametrize(("screen", "scheme"), [(PHONE, "light"), (DESK, "dark")])
async def test_every_page(arrive: Arrive, photo: Callable[..., Path], screen: dict[str, int], scheme: str) -> None:
    ada = await arrive(viewport=screen, color_scheme=scheme)
    for path in DOOR:
        await _look(ada, path)
    await ada.sign_up("ada")
    await ada.open("/upload")
    files = [photo("wide.jpg", (1600, 700)), photo("high.jpg", (700, 1500))]
    await ada.page.locator("#pick").set_input_files(files)
    await ada.page.get_by_label("Caption").fill(f"#light {'x' * 120} https://example.org/{'y' * 120}")
    post = await ada.publish()
    await ada.open("/upload")
    await ada.page.locator("#pick").set_input_files(files[1])
    await ada.page.get_by_label("Hide the photos").check()
    hidden = await ada.publish()
    for path in [*PUBLIC, *OWN, post, hidden]:
        await _look(ada, path)
    guest = await arrive(viewport=screen, color_scheme=scheme)
    for path in [*PUBLIC, post, hidden]:
        await _look(guest, path)
    await _look(guest, "/no/such/page")
    assert guest.complaints == [f"404: {guest.address}/no/such/page"]
    guest.complaints.clear()


async def test_hidden_photo_is_shown_when_asked_for(arrive: Arrive, photo: Callable[..., Path]) -> None:
    ada = await arrive(script=False)
    await ada.sign_up("ada")
    await ada.open("/upload")
    await ada.page.locator("#photo0").set_input_files(photo())
    await ada.page.get_by_label("Hide the photos").check()
    await ada.publish()
    picture = ada.page.get_by_role("img", name="Photo by ada")
    await expect(picture).to_have_count(0)
    await ada.page.get_by_text("Hidden photo").click()
    await expect(picture).to_be_visible()


async def test_more_of_a_long_grid(arrive: Arrive, product: Product) -> None:
    made = await product.registration.create("ada", "five blue lamps at noon")
    for number in range(33):
        draft = Draft(text=f"Words {number} #w", media_ids=[], visibility=Visibility.PUBLIC)
        await product.publishing.publish(made.account_id, draft)
    for script in (True, False):
        guest = await arrive(script=script)
        await guest.open("/@ada/tagged/w")
        tiles = guest.page.locator("#grid .tile")
        await expect(tiles).to_have_count(30)
        await guest.page.get_by_role("link", name="Show more").click()
        await expect(tiles).to_have_count(33 if script else 3)
        await expect(guest.page.get_by_role("link", name="Show more")).to_have_count(0)
        await expect(tiles.last).to_contain_text("Words 0 #w")
        if script:
            await expect(guest.page.get_by_role("link", name="Words 2 #w", exact=True)).to_be_focused()


async def test_keyboard_reaches_the_content(arrive: Arrive) -> None:
    guest = await arrive()
    await guest.open("/auth/sign_in")
    await guest.page.keyboard.press("Tab")
    await expect(guest.page.get_by_role("link", name="Skip to content")).to_be_focused()
    await guest.page.keyboard.press("Enter")
    await guest.page.keyboard.press("Tab")
    await expect(guest.page.get_by_label("Username or e-mail address")).to_be_focused()


async def test_static_files(site: str) -> None:
    """Files are kept for ever under their hash, for an hour without; no name leads out of the folder."""
    async with httpx.AsyncClient(base_url=site) as client:
        page = await client.get("/")
        assert page.headers["content-type"] == "text/html; charset=utf-8"
        address = re.search(r'href="(/static/\w+/heliograph\.css)"', page.text)
        assert address
        style = await client.get(address[1])
        assert style.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert style.headers["content-type"] == "text/css; charset=utf-8"
        assert style.headers["content-encoding"] == "gzip"
        plain = await client.get("/static/heliograph.css", headers={"Accept-Encoding": "identity"})
        assert (plain.text, plain.headers["cache-control"]) == (style.text, "public, max-age=3600")
        again = await client.get(address[1], headers={"If-None-Match": style.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        for name in ("avatar.png", "header.png", "thumbnail.png"):
            drawing = await client.get(f"/static/{name}")
            assert (drawing.status_code, drawing.headers["content-type"]) == (200, "image/png"), name
        for name in ("%2e%2e/app.py", "../app.py", "no.css", "vendor", "000000000000/../app.py"):
            assert (await client.get(f"/static/{name}")).status_code == 404, name


async def test_docs_list_every_operation(site: str) -> None:
    async with httpx.AsyncClient(base_url=site) as client:
        document = (await client.get("/docs/openapi.json")).json()
        page = (await client.get("/docs")).text
    paths = document["paths"]
    assert "/api/v1/timelines/home" in paths
    assert all(f"<code>{path}</code>" in page for path in paths)
