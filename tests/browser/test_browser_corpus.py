"""What people write who want a page to do something, in a real browser: nothing runs, nothing is complained of, nobody else is asked."""

import asyncio
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.async_api import Dialog
from visitors import Arrive, Visitor

from heliograph.domain.accounts.account import Field, ProfileChanges
from heliograph.domain.posts.post import Visibility
from heliograph.domain.posts.publish import Draft
from heliograph.domain.product import Product
from heliograph.wiring import drain
from security_corpus import CORPUS, KEPT

pytestmark = pytest.mark.asyncio(loop_scope="session")

AT_ONCE = 12
# Runs after the page's own scripts; what `autofocus`, `toggle` and timers would start has started by then.
SETTLED = "() => new Promise((done) => setTimeout(() => requestAnimationFrame(done), 60))"


def watch(visitor: Visitor, site: str) -> list[str]:
    """All that the page does which it should not: dialogs, words in the console, requests elsewhere, windows."""
    done: list[str] = []
    page = visitor.page

    async def closed(dialog: Dialog) -> None:
        done.append(f"dialog: {dialog.message}")
        await dialog.dismiss()

    page.on("dialog", closed)
    page.on("console", lambda message: done.append(f"console: {message.text}"))
    page.on("pageerror", lambda error: done.append(f"script: {error}"))
    page.on("popup", lambda popup: done.append(f"window: {popup.url}"))
    page.on("framenavigated", lambda frame: frame.url.startswith(site) or done.append(f"gone to: {frame.url}"))
    page.on(
        "request", lambda request: request.url.startswith((site, "data:image", "blob:")) or done.append(request.url)
    )
    return done


async def written(product: Product, author: int, payloads: list[str]) -> list[int]:
    """A post of each payload, each under a warning of it too."""
    made = []
    for payload in payloads:
        for warning in ("", payload):
            draft = Draft(text=f"{payload} #flash", media_ids=[], visibility=Visibility.PUBLIC, spoiler_text=warning)
            made.append((await product.publishing.publish(author, draft)).post_id)
    return made


@pytest.mark.timeout(300)
async def test_nothing_that_is_written_does_anything(arrive: Arrive, product: Product, site: str):
    reader = await arrive()
    viewer = await reader.join(product, "reader")
    author = (await product.registration.create("mallory", "five blue lamps at noon")).account_id
    done = watch(reader, site)
    for at in range(0, len(KEPT), AT_ONCE):
        payloads = KEPT[at : at + AT_ONCE]
        posts = await written(product, author, payloads)
        await drain(product)
        for payload in payloads:
            fields = (Field(payload, payload), Field("x", payload))
            await product.profiles.update(
                author, ProfileChanges(display_name=payload[:30], note=payload, fields=fields)
            )
            await product.notes.write(viewer, author, payload)
            await seen(reader, "/@mallory", done, payload)
            await seen(reader, f"/search?{query(q=payload)}", done, payload)
        for path in ("/tags/flash", "/public", f"/@mallory/{posts[0]}", f"/@mallory/{posts[1]}/embed"):
            await seen(reader, path, done, str(payloads))
        for post in posts[::2]:
            await seen(reader, f"/@mallory/{post}", done, str(payloads))
    assert "75316429" in await reader.page.content(), "the words are there"


def query(**values: str) -> str:
    return urlencode(values)


async def seen(reader: Visitor, path: str, done: list[str], what: str) -> None:
    await reader.open(path)
    await reader.page.evaluate(SETTLED)
    await hover(reader)
    assert done == [], (path, what)


async def hover(reader: Visitor) -> None:
    """Move over and focus all that there is, as `onmouseover` and `onfocus` wait for."""
    await reader.page.evaluate(
        """() => document.querySelectorAll("main *").forEach((each) => {
            each.dispatchEvent(new Event("mouseover", { bubbles: true }));
            each.dispatchEvent(new Event("focus"));
        })"""
    )


async def test_the_watch_sees_what_it_looks_for(arrive: Arrive, site: str):
    """On a page without the site's policy the same browser does what the corpus asks for."""
    visitor = await arrive()
    done = watch(visitor, site)
    await visitor.page.set_content("<img src=x onerror=alert(7531)><img src='https://evil.example/x'>")
    async with asyncio.timeout(10):
        while not {"dialog: 7531", "https://evil.example/x"} <= set(done):  # noqa: ASYNC110 -- the browser tells when it likes
            await asyncio.sleep(0.05)
    visitor.complaints.clear()


async def test_the_policy_stops_what_the_markup_would_not(arrive: Arrive, site: str):
    """The second net: even markup that is put into a page of ours by force runs nothing and asks nobody else."""
    visitor = await arrive()
    await visitor.open("/public")
    dialogs: list[Any] = []
    asked: list[str] = []
    visitor.page.on("dialog", lambda dialog: dialogs.append(dialog.message))
    visitor.page.on("requestfinished", lambda request: request.url.startswith(site) or asked.append(request.url))
    for payload in CORPUS:
        await visitor.page.evaluate(
            "(markup) => { document.querySelector('main').innerHTML = markup; }", payload.replace("http-equiv", "x")
        )
    await visitor.page.evaluate(SETTLED)
    assert dialogs == []
    assert asked == []
    assert visitor.complaints, "the browser says that it has refused something"
    visitor.complaints.clear()
