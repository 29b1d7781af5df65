"""What members do with each other, each journey with one browser that runs scripts and one that does not."""

import asyncio

import pytest
from playwright.async_api import Locator, expect
from visitors import Arrive, Visitor

from heliograph.domain.posts.post import Visibility
from heliograph.domain.posts.publish import Draft
from heliograph.domain.product import Product

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def write(product: Product, author: int, text: str, visibility: Visibility = Visibility.PUBLIC) -> int:
    draft = Draft(text=text, media_ids=[], visibility=visibility)
    return (await product.publishing.publish(author, draft)).post_id


async def badge(who: Visitor, number: str) -> None:
    """Wait until the worker has told of so much news."""
    await who.open("/settings/blocks")
    shown = who.page.get_by_role("navigation", name="Site").get_by_role("link", name=f"Notifications {number} new")
    await come(who, shown)


async def news(who: Visitor, text: str) -> None:
    """Wait until the worker has told of `text`, and look at it."""
    await who.open("/notifications")
    await come(who, who.page.locator("#news-list").get_by_text(text))


async def come(who: Visitor, shown: Locator) -> None:
    async with asyncio.timeout(20):
        while not await shown.count():
            await who.page.wait_for_timeout(200)
            await who.page.reload()


async def test_comments(arrive: Arrive, product: Product) -> None:
    ada, ben = await arrive(script=False), await arrive()
    author = await ada.join(product, "ada")
    await ben.join(product, "ben")
    path = f"/@ada/{await write(product, author, 'First light over the harbour')}"

    await ben.open(path)
    await ben.page.get_by_role("textbox", name="Your comment").fill("Which film?\nAnd which lens?")
    await ben.page.get_by_role("button", name="Send").click()
    comment = ben.page.get_by_role("article", name="By ben")
    await expect(comment).to_contain_text("And which lens?")
    await expect(ben.page.get_by_role("textbox", name="Your comment")).to_have_value("")

    await ada.open(path)
    await ada.page.get_by_role("link", name="Answer ben").click()
    await ada.page.get_by_role("textbox", name="Your comment").fill("An old one.")
    await ada.page.get_by_role("button", name="Send").click()
    await expect(ada.page.get_by_role("region", name="What this answers")).to_contain_text("First light")
    await ada.open(path)
    await expect(ada.page.locator(".level-1 .comment")).to_contain_text("An old one.")
    await expect(ada.page.get_by_role("link", name="1 comment", exact=True)).to_be_visible()
    await expect(ada.page.get_by_role("button", name="Delete it")).to_have_count(0)

    await comment.locator(".button-like").click()
    await expect(comment.locator(".button-like")).to_have_attribute("aria-pressed", "true")
    await comment.get_by_text("Delete", exact=True).click()
    await comment.get_by_role("button", name="Delete it").click()
    await expect(comment).to_have_count(0)
    await expect(ben.page).to_have_url(f"{ben.address}{path}")


async def test_share_save_pin_edit(arrive: Arrive, product: Product) -> None:
    ada, ben, cleo = await arrive(script=False), await arrive(), await arrive(script=False)
    author = await ada.join(product, "ada")
    sharer = await ben.join(product, "ben")
    await product.following.follow(await cleo.join(product, "cleo"), sharer)
    ident = await write(product, author, "Frist light")

    await ben.open(f"/@ada/{ident}")
    share = ben.page.get_by_role("button", name="Share with your followers")
    await share.click()
    await expect(share).to_have_accessible_name("Share with your followers, 1 share")
    await expect(share).to_be_focused()
    await ben.page.get_by_role("button", name="Save for yourself").click()
    await expect(ben.page.get_by_role("button", name="Save for yourself")).to_have_attribute("aria-pressed", "true")
    await ben.open("/bookmarks")
    await expect(ben.page.locator("#grid .tile")).to_contain_text("Frist light")
    await cleo.open("/")
    await expect(cleo.page.get_by_text("Shared by ben")).to_be_visible()
    await cleo.page.get_by_role("button", name="Save for yourself").click()
    await cleo.page.get_by_role("button", name="Save for yourself").click()
    await cleo.open("/bookmarks")
    await expect(cleo.page.get_by_text("Posts that you save will be here.")).to_be_visible()

    await ada.open(f"/@ada/{ident}")
    await ada.page.get_by_role("link", name="Edit", exact=True).click()
    await ada.page.get_by_label("Text").fill("First light")
    await ada.page.get_by_label("Warning").fill("Morning")
    await ada.page.get_by_role("button", name="Save", exact=True).click()
    await expect(ada.page.get_by_text("First light")).to_be_hidden()
    await ada.page.locator("summary", has_text="Morning").click()
    await expect(ada.page.get_by_text("First light")).to_be_visible()
    await ada.page.get_by_role("button", name="Pin to your profile").click()
    await expect(ada.page.get_by_role("button", name="Unpin from your profile")).to_be_visible()
    await ada.page.get_by_role("link", name="edited").click()
    await expect(ada.page.locator(".versions li")).to_have_count(2)
    await expect(ada.page.locator(".versions li").last).to_contain_text("Frist light")
    await ben.open("/@ada")
    await expect(ben.page.locator("#grid .tile")).to_contain_text(", pinned")
    await ben.open(f"/p/{ident}/edit")
    await expect(ben.page.get_by_role("heading", name="There is nothing here")).to_be_visible()
    ben.complaints.clear()


async def test_request_accept_and_news(arrive: Arrive, product: Product) -> None:
    ada, ben = await arrive(), await arrive(script=False)
    author = await ada.join(product, "ada", locked=True)
    await ben.join(product, "ben")
    await write(product, author, "For those whom I know", Visibility.PRIVATE)

    await ben.open("/@ada")
    await ben.page.get_by_role("button", name="Follow @ada").click()
    await expect(ben.page.get_by_role("button", name="Take back the request @ada")).to_have_text("Requested")
    await ada.open("/notifications")
    await ada.page.get_by_role("button", name="Accept @ben").click()
    await expect(ada.page.get_by_text("Asking to follow you")).to_have_count(0)
    # That page may or may not have shown the follow already, and what was shown is not new.
    await news(ada, "follows you")

    await ben.open("/@ada/with_replies")
    await expect(ben.page.get_by_text("For those whom I know")).to_be_visible()
    await ben.page.get_by_role("button", name="Like, 0 likes").click()
    await ben.open("/@ada")
    await ben.page.get_by_role("button", name="Tell me of each post of @ada").click()
    bell = ben.page.get_by_role("button", name="Tell me of each post of @ada")
    await expect(bell).to_have_attribute("aria-pressed", "true")

    await badge(ada, "1")
    await news(ada, "likes your post")
    await write(product, author, "Come and look, @ben")
    await badge(ben, "1")
    await ben.open("/notifications?only=mentions")
    await expect(ben.page.locator(".news-new")).to_contain_text("mentioned you")
    await ben.open("/notifications")
    await expect(ben.page.locator(".news-new")).to_have_count(1)
    await expect(ben.page.locator(".badge")).to_have_count(0)
    await ben.page.reload()
    await expect(ben.page.locator(".news-new")).to_have_count(0)
    await ben.page.get_by_text("Clear all").click()
    await ben.page.get_by_role("button", name="Clear them").click()
    await expect(ben.page.locator("#news-list")).to_have_count(0)


async def test_mute_note_block(arrive: Arrive, product: Product) -> None:
    ada, ben = await arrive(), await arrive(script=False)
    author = await ada.join(product, "ada")
    reader = await ben.join(product, "ben")
    await product.following.follow(author, reader)
    await write(product, reader, "Rain again")

    await ada.open("/@ben")
    await ada.page.get_by_text("Add a note that only you see").click()
    await ada.page.get_by_label("Your note about @ben").fill("Met in Oslo")
    await ada.page.get_by_role("button", name="Keep the note").click()
    await expect(ada.page.get_by_text("Met in Oslo").first).to_be_visible()
    await ada.page.get_by_label("More about @ben").click()
    await ada.page.get_by_text("Mute @ben…").click()
    await ada.page.get_by_label("For how long").select_option("A week")
    await ada.page.get_by_role("button", name="Mute", exact=True).click()
    await expect(ada.page.get_by_text("muted until")).to_be_visible()
    await ada.open("/")
    await expect(ada.page.get_by_text("Rain again")).to_have_count(0)
    await ada.open("/settings/mutes")
    await ada.page.get_by_role("button", name="Unmute @ben").click()
    await expect(ada.page.get_by_text("Nobody.")).to_be_visible()

    await ben.open("/@ada")
    await expect(ben.page.get_by_text("Met in Oslo")).to_have_count(0)
    await ben.page.get_by_label("More about @ada").click()
    await ben.page.get_by_role("button", name="Remove from my followers").click()
    await expect(ben.page.get_by_text("follows you")).to_have_count(0)
    await ben.page.get_by_label("More about @ada").click()
    await ben.page.get_by_text("Block @ada…").click()
    await ben.page.get_by_role("button", name="Block", exact=True).click()
    await expect(ben.page.get_by_text("You have blocked @ada")).to_be_visible()
    await ada.open("/@ben")
    await expect(ada.page.get_by_text("@ben has blocked you")).to_be_visible()
    await expect(ada.page.get_by_role("button", name="Follow @ben")).to_have_count(0)
    await ben.open("/settings/blocks")
    await ben.page.get_by_role("button", name="Unblock @ada").click()
    await ada.open("/@ben")
    await ada.page.get_by_role("button", name="Follow @ben").click()
    await expect(ada.page.get_by_role("button", name="Unfollow @ben")).to_be_visible()


async def test_messages(arrive: Arrive, product: Product) -> None:
    ada, ben = await arrive(script=False), await arrive()
    await ada.join(product, "ada")
    await ben.join(product, "ben")
    await ada.open("/@ben")
    await ada.page.get_by_label("More about @ben").click()
    await ada.page.get_by_role("link", name="Write to @ben").click()
    await ada.page.get_by_label("Message").fill("@bem are you there?")
    await ada.page.get_by_role("button", name="Send").click()
    await expect(ada.page.get_by_role("alert")).to_have_text("There is nobody called @bem here.")
    assert ada.complaints == [f"422: {ada.address}/conversations"]
    ada.complaints.clear()
    await ada.page.get_by_label("Message").fill("@ben are you there?")
    await ada.page.get_by_role("button", name="Send").click()
    await expect(ada.page.get_by_text("for people mentioned")).to_be_visible()

    await badge(ben, "1")
    await ben.open("/conversations")
    await ben.page.get_by_role("link", name="New: ada").click()
    await ben.page.get_by_role("textbox", name="Your comment").fill("I am.")
    await ben.page.get_by_role("button", name="Send").click()
    await expect(ben.page.locator("#thread")).to_contain_text("@ada I am.")
    await ben.open("/conversations")
    await expect(ben.page.get_by_role("link", name="ada", exact=True)).to_be_visible()
    await badge(ada, "1")
    await ada.open("/conversations")
    await expect(ada.page.locator(".letter")).to_contain_text("I am.")


async def test_hashtag(arrive: Arrive, product: Product) -> None:
    ada = await arrive()
    author = await ada.join(product, "ada")
    await write(product, author, "First #light")
    await ada.open("/tags/Light")
    await ada.page.get_by_role("button", name="Follow #light").click()
    await expect(ada.page.get_by_role("button", name="Unfollow #light")).to_be_focused()
    await ada.page.get_by_role("button", name="Show on my profile").click()
    await expect(ada.page.get_by_role("button", name="Take off my profile")).to_be_visible()
    await ada.open("/@ada")
    await ada.page.get_by_role("link", name="#light").click()
    await expect(ada.page.locator("#grid .tile")).to_contain_text("First #light")
    await ada.open("/settings/hashtags")
    await ada.page.get_by_role("button", name="Unfollow #light").click()
    await expect(ada.page.get_by_text("You follow none yet.")).to_be_visible()
