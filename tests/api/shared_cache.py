"""A shared cache in front of a site, as greedy as RFC 9111 lets one be: what may be kept it keeps, and it answers whoever fits.

It stands still in time but for `pass_s`. Sources: RFC 9111, 3 (what may be stored), 4.1 (Vary), 4.2 (freshness, also without
being told), 4.3 (validation); RFC 5861 (stale-while-revalidate).
"""

import re
from dataclasses import dataclass
from typing import Any

import httpx

# What a cache that is told nothing may take a page to be good for (RFC 9111, 4.2.2), and for what statuses.
HEURISTIC_S = 60.0
HEURISTIC_STATUSES = {200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501}
FINAL_STATUSES = HEURISTIC_STATUSES | {302, 303, 307}


@dataclass
class Stored:
    """An answer that is kept, and the headers of the request that `Vary` names."""

    path: str
    varying: dict[str, str | None]
    answer: httpx.Response
    at: float
    fresh_s: float
    stale_s: float

    def fits(self, path: str, headers: httpx.Headers) -> bool:
        """Whether it may answer a request for `path` with `headers`."""
        return path == self.path and all(headers.get(name) == value for name, value in self.varying.items())

    @property
    def text(self) -> str:
        """All of it: headers, and body."""
        return "\n".join([*(f"{name}: {value}" for name, value in self.answer.headers.multi_items()), self.answer.text])


def directives(answer: httpx.Response) -> dict[str, str]:
    """The directives of Cache-Control."""
    pairs = re.findall(r"([a-z-]+)(?:=([0-9]+))?", answer.headers.get("cache-control", "").lower())
    return dict(pairs)


class SharedCache:
    """Takes requests for the site that `http` leads to; `kept`: what it has stored, `came_from`: how the last one was served."""

    def __init__(self, http: httpx.Client) -> None:
        self._http = http
        self._now = 0.0
        self.kept: list[Stored] = []
        self.came_from = ""

    def pass_s(self, seconds: float) -> None:
        """Let time pass."""
        self._now += seconds

    def get(self, path: str, headers: dict[str, str] | None = None, method: str = "GET") -> httpx.Response:
        """The answer to a request, from the cache where it may be."""
        asked = httpx.Headers(headers or {})
        held = next((each for each in reversed(self.kept) if each.fits(path, asked)), None)
        age = self._now - held.at if held else 0.0
        if held and age < held.fresh_s:
            self.came_from = "cache"
            return held.answer
        if held and age < held.fresh_s + held.stale_s:
            self._validate(held, path, asked)
            self.came_from = "stale"
            return held.answer
        if held:
            return self._validate(held, path, asked)
        return self._forward(path, asked, method)

    def _forward(self, path: str, asked: httpx.Headers, method: str) -> httpx.Response:
        self.came_from = "site"
        answer = self._send(path, asked, method)
        self._keep(path, asked, answer, method)
        return answer

    def _validate(self, held: Stored, path: str, asked: httpx.Headers) -> httpx.Response:
        tagged = httpx.Headers({**asked, "if-none-match": held.answer.headers.get("etag", '"none"')})
        answer = self._send(path, tagged, "GET")
        self.came_from = "validated"
        self.kept.remove(held)
        if answer.status_code != 304:
            self._keep(path, asked, answer, "GET")
            return answer
        fresh = httpx.Response(200, headers=held.answer.headers, content=held.answer.content)
        fresh.headers.update({name: value for name, value in answer.headers.items() if name != "content-length"})
        self._keep(path, asked, fresh, "GET")
        return fresh

    def _send(self, path: str, asked: httpx.Headers, method: str) -> httpx.Response:
        request: Any = self._http.build_request(method, path)
        # Only what the asker has sent, and nothing of the client's own.
        request.headers = httpx.Headers({"host": request.headers["host"], "accept-encoding": "identity", **asked})
        return self._http.send(request, follow_redirects=False)

    def _keep(self, path: str, asked: httpx.Headers, answer: httpx.Response, method: str) -> None:
        said, vary = directives(answer), [name.strip().lower() for name in answer.headers.get("vary", "").split(",")]
        openly = {"public", "s-maxage", "must-revalidate"} & said.keys()
        may = answer.status_code in FINAL_STATUSES and not {"no-store", "private"} & said.keys() and "*" not in vary
        if method != "GET" or not may or ("authorization" in asked and not openly):
            return
        given = said.get("s-maxage") or said.get("max-age")
        told_nothing = HEURISTIC_S if answer.status_code in HEURISTIC_STATUSES else 0.0
        fresh_s = float(given) if given else told_nothing
        stale_s = float(said.get("stale-while-revalidate") or 0)
        varying = {name: asked.get(name) for name in vary if name}
        self.kept.append(Stored(path, varying, answer, self._now, fresh_s, stale_s))
