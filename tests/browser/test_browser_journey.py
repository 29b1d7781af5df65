"""The way of two people: sign up, upload, see it, follow, see it at home, like. With scripts and without."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.async_api import expect
from visitors import Arrive

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_upload_follow_home_like(arrive: Arrive, photo: Callable[..., Path]) -> None:
    ada = await arrive()
    await ada.sign_up("ada")
    await ada.page.get_by_role("navigation").get_by_role("link", name="Upload").click()
    await ada.page.locator("#pick").set_input_files([photo("one.jpg"), photo("two.jpg", (900, 1300))])
    shots = ada.page.locator("#shots .shot")
    await expect(shots).to_have_count(2)
    await ada.page.wait_for_function("[...document.querySelectorAll('.shot img')].every((i) => i.naturalWidth > 0)")
    await shots.first.get_by_label("Description").fill("Clouds over the harbour")
    await ada.page.get_by_label("Caption").fill("First light, for @nobody. #morning")
    path = await ada.publish()
    await expect(ada.page.get_by_alt_text("Clouds over the harbour")).to_be_visible()
    await expect(ada.page.get_by_alt_text("Photo by ada")).to_have_count(1)
    await expect(ada.page.get_by_role("link", name="#morning")).to_have_attribute("href", "/tags/morning")
    await ada.all_pictures_shown()
    await ada.open("/@ada")
    await expect(ada.page.locator("#grid .tile")).to_have_count(1)
    await expect(ada.page.locator("#grid").get_by_text("2 photos")).to_be_attached()
    await ada.all_pictures_shown()

    ben = await arrive()
    await ben.sign_up("ben")
    await ben.open("/@ada")
    await ben.page.get_by_role("button", name="Follow @ada").click()
    await expect(ben.page.get_by_role("button", name="Unfollow @ada")).to_be_focused()
    await expect(ben.page.get_by_role("link", name="1 follower", exact=True)).to_be_visible()
    await ben.open("/")
    await expect(ben.page.get_by_text("First light")).to_be_visible()
    await ben.all_pictures_shown()
    like = ben.page.get_by_role("button", name="Like, ")
    await expect(like).to_have_attribute("aria-pressed", "false")
    await like.click()
    await expect(like).to_have_attribute("aria-pressed", "true")
    await expect(like).to_have_accessible_name("Like, 1 like")
    await expect(like).to_be_focused()

    await ada.open(path)
    await expect(ada.page.get_by_role("button", name="Like, 1 like")).to_have_attribute("aria-pressed", "false")
    await expect(ada.page.get_by_role("img", name="ben")).to_be_visible()
    await ada.open("/@ada/followers")
    await expect(ada.page.get_by_role("listitem").get_by_role("link", name="ben", exact=True)).to_be_visible()

    await like.click()
    await expect(like).to_have_accessible_name("Like, 0 likes")
    await ben.open("/@ada")
    await ben.page.get_by_role("button", name="Unfollow @ada").click()
    await expect(ben.page.get_by_role("button", name="Follow @ada", exact=True)).to_be_visible()
    await ben.open("/")
    await expect(ben.page.get_by_role("heading", name="It is quiet here")).to_be_visible()


async def test_the_same_without_a_script(arrive: Arrive, photo: Callable[..., Path]) -> None:
    ada = await arrive(script=False)
    await ada.sign_up("ada")
    await ada.page.get_by_role("navigation").get_by_role("link", name="Upload").click()
    await ada.page.locator("#photo0").set_input_files(photo("one.jpg"))
    await ada.page.locator("#alt0").fill("Clouds over the harbour")
    await ada.page.get_by_text("More photos").click()
    await ada.page.locator("#photo4").set_input_files(photo("two.jpg", (900, 1300)))
    await ada.page.get_by_label("Caption").fill("First light\nand second")
    await ada.publish()
    await expect(ada.page.get_by_role("img", name="Clouds over the harbour")).to_be_visible()
    await expect(ada.page.locator(".pictures figure")).to_have_count(2)

    ben = await arrive(script=False)
    await ben.sign_up("ben")
    await ben.open("/public")
    await ben.page.locator("#grid a").click()
    await ben.page.get_by_role("link", name="ada", exact=True).click()
    await ben.page.get_by_role("button", name="Follow @ada").click()
    await expect(ben.page.get_by_role("button", name="Unfollow @ada")).to_be_visible()
    await ben.open("/")
    await expect(ben.page.get_by_text("First light")).to_be_visible()
    await ben.page.get_by_role("button", name="Like, 0 likes").click()
    await expect(ben.page).to_have_url(re.compile(r"/@ada/\d+$"))
    await expect(ben.page.get_by_role("button", name="Like, 1 like")).to_have_attribute("aria-pressed", "true")


async def test_what_is_not_for_everybody(arrive: Arrive, photo: Callable[..., Path]) -> None:
    """A private post is there for followers alone; a page that needs a log-in comes after it; delete deletes."""
    ada = await arrive()
    await ada.sign_up("ada")
    await ada.open("/upload")
    await ada.page.locator("#pick").set_input_files(photo())
    await ada.page.get_by_label("Who sees it").select_option("private")
    path = await ada.publish()

    stranger = await arrive()
    await stranger.open(path)
    await expect(stranger.page.get_by_role("heading", name="There is nothing here")).to_be_visible()
    assert stranger.complaints == [f"404: {stranger.address}{path}"]
    stranger.complaints.clear()
    await stranger.open("/@ada")
    await expect(stranger.page.get_by_text("No photos yet.")).to_be_visible()
    await stranger.open("/upload")
    await expect(stranger.page.get_by_role("heading", name="Log in")).to_be_visible()
    assert stranger.page.url.endswith("/auth/sign_in?next=%2Fupload")

    await ada.page.get_by_text("Delete this post").click()
    await ada.page.get_by_role("button", name="Delete it").click()
    await expect(ada.page).to_have_url(f"{ada.address}/@ada")
    await expect(ada.page.get_by_text("Your photos will be here.")).to_be_visible()


async def test_profile(arrive: Arrive, photo: Callable[..., Path], not_a_photo: Path) -> None:
    ada = await arrive()
    await ada.sign_up("ada")
    await ada.open("/settings/profile")
    await ada.page.get_by_label("Name").fill("Ada Lovelace")
    await ada.page.get_by_label("About you").fill("Engines and light.")
    await ada.page.get_by_label("Your picture").set_input_files(not_a_photo)
    await ada.page.get_by_role("button", name="Save").click()
    await expect(ada.page.get_by_text("The file is a text file")).to_be_visible()
    assert ada.complaints == [f"422: {ada.address}/settings/profile"]
    ada.complaints.clear()
    await ada.page.get_by_label("Your picture").set_input_files(photo())
    await ada.page.get_by_role("button", name="Save").click()
    await expect(ada.page.get_by_role("heading", name="Ada Lovelace")).to_be_visible()
    await expect(ada.page.get_by_text("Engines and light.")).to_be_visible()
    await expect(ada.page.locator(".avatar-large")).to_have_attribute("src", re.compile(r"^/media/.*\.webp$"))
    await ada.all_pictures_shown()
