"""Photos that are refused: a sentence says why, and what was right is kept."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.async_api import expect
from visitors import Arrive

pytestmark = pytest.mark.asyncio(loop_scope="session")

LETTER = "The file is a text file, not a photo that can be shown here"


async def test_refused_at_the_door(arrive: Arrive, photo: Callable[..., Path], not_a_photo: Path) -> None:
    ada = await arrive()
    await ada.sign_up("ada")
    await ada.open("/upload")
    await ada.page.locator("#pick").set_input_files([not_a_photo, photo()])
    refused = ada.page.locator(".shot").filter(has_text="letter.jpg")
    await expect(refused.get_by_role("alert")).to_contain_text(LETTER)
    await ada.page.get_by_role("button", name="Publish").click()
    await expect(ada.page.locator("#upload-problem")).to_have_text(
        "A photo was refused. Please remove it, then publish."
    )
    await expect(refused.get_by_role("button", name="Remove letter.jpg")).to_be_focused()
    await refused.get_by_role("button", name="Remove letter.jpg").click()
    await ada.publish()
    await expect(ada.page.locator(".pictures figure")).to_have_count(1)
    assert ada.complaints == [f"422: {ada.address}/upload/photos"]
    ada.complaints.clear()


async def test_refused_by_decoding_and_by_size(arrive: Arrive, torn_photo: Path, large_file: Path) -> None:
    ada = await arrive()
    await ada.sign_up("ada")
    await ada.open("/upload")
    await ada.page.locator("#pick").set_input_files([torn_photo, large_file])
    torn = ada.page.locator(".shot").filter(has_text="torn.jpg")
    await expect(torn.get_by_role("alert")).to_contain_text("the file ends before the picture does")
    large = ada.page.locator(".shot").filter(has_text="large.png")
    await expect(large.get_by_role("alert")).to_have_text("The photo is too large: at most 3 MB are taken.")


async def test_refused_without_a_script(arrive: Arrive, photo: Callable[..., Path], not_a_photo: Path) -> None:
    ada = await arrive(script=False)
    await ada.sign_up("ada")
    await ada.open("/upload")
    await ada.page.locator("#photo0").set_input_files(photo())
    await ada.page.locator("#alt0").fill("Clouds")
    await ada.page.get_by_text("More photos").click()
    await ada.page.locator("#photo1").set_input_files(not_a_photo)
    await ada.page.get_by_label("Caption").fill("Two")
    await ada.page.get_by_role("button", name="Publish").click()
    await expect(ada.page.get_by_role("alert").filter(has_text=LETTER)).to_be_visible()
    # The good photo, its text and the caption are still there.
    await expect(ada.page.locator(".shot img")).to_have_count(1)
    await expect(ada.page.locator("#alt0")).to_have_value("Clouds")
    await expect(ada.page.get_by_label("Caption")).to_have_value("Two")
    await ada.publish()
    await expect(ada.page.locator(".pictures figure")).to_have_count(1)
    await expect(ada.page.get_by_role("img", name="Clouds")).to_be_visible()
    assert ada.complaints == [f"422: {ada.address}/upload"]
    ada.complaints.clear()


async def test_too_large_without_a_script(arrive: Arrive, large_file: Path) -> None:
    ada = await arrive(script=False)
    await ada.sign_up("ada")
    await ada.open("/upload")
    await ada.page.locator("#photo0").set_input_files(large_file)
    await ada.page.get_by_role("button", name="Publish").click()
    await expect(ada.page.get_by_role("alert")).to_contain_text("the file is too large: at most 3 MiB are taken")
    assert ada.complaints == [f"422: {ada.address}/upload"]
    ada.complaints.clear()


async def test_nothing_chosen(arrive: Arrive) -> None:
    for script in (True, False):
        ada = await arrive(script=script)
        await ada.sign_up(f"ada{script}")
        await ada.open("/upload")
        await ada.page.get_by_role("button", name="Publish").click()
        await expect(ada.page.locator("#upload-problem")).to_have_text("Please choose at least one photo.")
        ada.complaints.clear()
