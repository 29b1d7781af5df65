"""Taking everything along and leaving, as a browser without scripts does it; and who cannot."""

import io
import json
import zipfile

import pytest

from heliograph.domain.accounts.limits import EXPORTS
from heliograph.domain.product import Product

PASSWORD = "correct horse battery"
SETTINGS = "/settings/account"


async def test_the_page_is_for_who_is_logged_in(browser, page_of):
    answer = await browser.open(SETTINGS)
    assert (answer.status_code, answer.headers["location"]) == (303, "/auth/sign_in?next=%2Fsettings%2Faccount")
    assert page_of(answer).forms == []


@pytest.mark.usefixtures("ada")
async def test_everything_comes_as_a_zip(browser, page_of):
    await browser.log_in()
    page = await browser.open(SETTINGS)
    assert page_of(page).inline == []
    answer = await browser.submit(page, f"{SETTINGS}/export", export_password=PASSWORD)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/zip")
    assert answer.headers["content-disposition"].startswith('attachment; filename="ada-2')
    assert answer.headers["cache-control"] == "no-store"
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    account = json.loads(archive.read("account.json"))
    assert account["email"] == "ada@example.org"
    assert account["url"] == f"{browser.base}/@ada"


@pytest.mark.usefixtures("ada")
@pytest.mark.parametrize("what", ["export", "delete"])
async def test_another_password_is_refused_and_so_is_a_form_from_elsewhere(browser, other_browser, what):
    await browser.log_in()
    page = await browser.open(SETTINGS)
    answer = await browser.submit(page, f"{SETTINGS}/{what}", **{f"{what}_password": "another"})
    assert answer.status_code == 422
    assert "is not right" in answer.text
    forged = await browser.http.post(f"{SETTINGS}/{what}", data={f"{what}_password": PASSWORD})
    assert forged.status_code == 403
    async with other_browser.http:
        await other_browser.log_in(password="wrong")
        nobody = await other_browser.submit(page, f"{SETTINGS}/{what}", **{f"{what}_password": PASSWORD})
    assert nobody.status_code == 403
    assert (await browser.open(SETTINGS)).status_code == 200


async def test_leaving_ends_everything_at_once(browser, other_browser, client, ada, product: Product):
    await browser.log_in()
    async with other_browser.http:
        await other_browser.log_in()
        token = (await client.token(grant_type="password", username="ada", password=PASSWORD)).json()["access_token"]
        mine = {"Authorization": f"Bearer {token}"}
        assert (await client.http.get("/api/v1/accounts/verify_credentials", headers=mine)).status_code == 200
        done = await browser.submit(await browser.open(SETTINGS), f"{SETTINGS}/delete", delete_password=PASSWORD)
        assert done.status_code == 200
        assert "Your account is deleted" in done.text
        assert (await browser.open(SETTINGS)).status_code == 303
        assert (await other_browser.open(SETTINGS)).status_code == 303
    assert (await client.http.get("/api/v1/accounts/verify_credentials", headers=mine)).status_code == 401
    assert (await client.http.get(f"/api/v1/accounts/{ada}")).status_code == 404
    assert (await client.http.get("/api/v1/accounts/lookup?acct=ada")).status_code == 404
    assert (await browser.open("/@ada")).status_code == 404
    again = await browser.log_in()
    assert again.status_code == 403
    # Until the workers are done the name is not free.
    assert (await product.profiles.named("ada")).state == "deleted"


@pytest.mark.usefixtures("ada")
@pytest.mark.parametrize("changed", [{"rate_limits": "on"}])
async def test_a_few_exports_a_day(browser):
    await browser.log_in()
    page = await browser.open(SETTINGS)
    for _ in range(EXPORTS.limit):
        assert (await browser.submit(page, f"{SETTINGS}/export", export_password=PASSWORD)).status_code == 200
    assert (await browser.submit(page, f"{SETTINGS}/export", export_password=PASSWORD)).status_code == 429
