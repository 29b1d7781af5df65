"""The session's cookie of a site with TLS; the proxy's part is played by hand, and so is the browser's jar."""

import httpx
import pytest

NAME = "__Host-heliograph_session"


@pytest.mark.parametrize("changed", [{"public_url": "https://photos.example"}])
@pytest.mark.usefixtures("live")
async def test_with_tls_the_session_belongs_to_this_host_alone(listening, ada, product, page_of):
    base = f"http://127.0.0.1:{listening.getsockname()[1]}"
    session = await product.sessions.start(ada, "x")
    async with httpx.AsyncClient(base_url=base) as http:
        planted = await http.get("/auth/sessions", headers={"Cookie": f"heliograph_session={session}"})
        assert planted.status_code == 303
        own = {"Cookie": f"{NAME}={session}"}
        page = await http.get("/auth/sessions", headers=own)
        assert page.status_code == 200
        form = next(given for action, given in page_of(page).forms if action == "/auth/sign_out")
        out = await http.post("/auth/sign_out", data=form, headers=own | {"Sec-Fetch-Site": "same-origin"})
        assert out.status_code == 303
        cookie = out.headers["set-cookie"]
        assert cookie.startswith(f"{NAME}=")
        for attribute in ("Max-Age=0", "Path=/", "Secure", "HttpOnly"):
            assert attribute in cookie
        assert "domain" not in cookie.lower()
        assert out.headers["clear-site-data"] == '"cache", "storage"'
        assert (await http.get("/auth/sessions", headers=own)).status_code == 303


@pytest.mark.parametrize("changed", [{"public_url": "https://photos.example"}])
@pytest.mark.usefixtures("live", "ada")
async def test_a_log_in_sets_it(listening, page_of):
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{listening.getsockname()[1]}") as http:
        page = await http.get("/auth/sign_in")
        visit = page.headers["set-cookie"].partition(";")[0]
        assert visit.startswith("__Host-heliograph_visit=")
        assert {"Secure", "HttpOnly", "Path=/"} <= set(page.headers["set-cookie"].split("; "))
        form = page_of(page).forms[0][1] | {"name": "ada", "password": "correct horse battery"}
        done = await http.post("/auth/sign_in", data=form, headers={"Cookie": visit, "Sec-Fetch-Site": "same-origin"})
        assert done.status_code == 303
        assert done.headers["set-cookie"].startswith(f"{NAME}=")
        assert "Secure" in done.headers["set-cookie"]
