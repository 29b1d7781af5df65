"""People in front of a browser: each has a browser context of their own, and whatever goes wrong in it is noted."""

import re
from collections.abc import Awaitable, Callable
from typing import Any

from playwright.async_api import Browser, BrowserContext, Page, expect

from heliograph.domain.accounts.account import ProfileChanges
from heliograph.domain.product import Product
from heliograph.web.access import COOKIE

PASSWORD = "five blue lamps at noon"
POST = re.compile(r"/@\w+/\d+$")
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 900}

# Sums up what moved after it had been shown (https://web.dev/articles/cls), with or without a hand on the page.
WATCH_SHIFTS = """
window.shifted = 0;
new PerformanceObserver((list) => { for (const entry of list.getEntries()) window.shifted += entry.value; })
    .observe({ type: "layout-shift", buffered: true });
"""


class Visitor:
    """One person. `complaints`: console errors, refused policies, failed scripts and answers from 400 on."""

    def __init__(self, address: str, context: BrowserContext, page: Page) -> None:
        self.address = address
        self.context = context
        self.page = page
        self.complaints: list[str] = []
        page.on("console", lambda message: self._note(message.type, message.text))
        page.on("pageerror", lambda error: self.complaints.append(f"script: {error}"))
        page.on("response", lambda answer: self._status(answer.status, answer.url))

    def _note(self, kind: str, text: str) -> None:
        # What an answer from 400 on logs is noted by its status, with its address.
        if kind in {"error", "warning"} and "Failed to load resource" not in text:
            self.complaints.append(f"console: {text}")

    def _status(self, status: int, url: str) -> None:
        if status >= 400:
            self.complaints.append(f"{status}: {url}")

    async def open(self, path: str) -> None:
        await self.page.goto(self.address + path)

    async def sign_up(self, name: str) -> None:
        await self.open("/")
        await self.page.get_by_role("main").get_by_role("link", name="Sign up").click()
        await self.page.get_by_label("Username").fill(name)
        await self.page.get_by_label("Password").fill(PASSWORD)
        await self.page.get_by_label("I will treat others well").check()
        await self.page.get_by_role("button", name="Sign up").click()
        await expect(self.page.get_by_role("heading", name="It is quiet here")).to_be_visible()

    async def join(self, product: Product, name: str, **profile: Any) -> int:
        """Be a member without going through the door; the account."""
        made = await product.registration.create(name, PASSWORD)
        if profile:
            await product.profiles.update(made.account_id, ProfileChanges(**profile))
        session = await product.sessions.start(made.account_id, "a test")
        await self.context.add_cookies([{"name": COOKIE, "value": session, "url": self.address}])
        return made.account_id

    async def publish(self) -> str:
        """Press the button, wait for the photo's page; its path."""
        await self.page.get_by_role("button", name="Publish").click()
        await self.page.wait_for_url(POST)
        return self.page.url.removeprefix(self.address)

    async def all_pictures_shown(self) -> None:
        """Wait until every picture of the page that is not left for later has its pixels."""
        await self.page.wait_for_function(
            "[...document.images].every((image) => image.loading === 'lazy' || image.naturalWidth > 0)"
        )

    async def close(self) -> None:
        await self.context.close()


async def visitor(address: str, browser: Browser, *, script: bool = True, **options: Any) -> Visitor:
    """A new person; without `script` their browser runs none."""
    context = await browser.new_context(**({"viewport": DESK, "java_script_enabled": script} | options))
    context.set_default_timeout(15_000)
    if script:
        await context.add_init_script(WATCH_SHIFTS)
    return Visitor(address, context, await context.new_page())


Arrive = Callable[..., Awaitable[Visitor]]
