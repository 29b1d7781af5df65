"""Rate limits of visitors who share a proxy."""

import pytest

from heliograph.domain.accounts.limits import APP_ADDRESS

APP = {"client_name": "x", "redirect_uris": "app://x"}


async def register(browser, address):
    answer = await browser.http.post("/api/v1/apps", json=APP, headers={"X-Forwarded-For": address})
    return answer.status_code


@pytest.mark.parametrize("changed", [{"rate_limits": "on", "trusted_proxies": "127.0.0.1"}])
async def test_visitors_behind_a_trusted_proxy_have_limits_of_their_own(browser):
    for _ in range(APP_ADDRESS.limit):
        assert await register(browser, "6.6.6.6, 203.0.113.1") == 200
    assert await register(browser, "7.7.7.7, 203.0.113.1") == 429
    assert await register(browser, "6.6.6.6, 203.0.113.2") == 200


@pytest.mark.parametrize("changed", [{"rate_limits": "on"}])
async def test_nobody_gets_more_tries_by_a_header(browser):
    for number in range(APP_ADDRESS.limit):
        assert await register(browser, f"203.0.113.{number}") == 200
    assert await register(browser, "203.0.113.250") == 429
