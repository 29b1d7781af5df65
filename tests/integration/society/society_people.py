"""The people of a society, and the web processes through which they do and see everything: HTTP, and nothing but."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx
import msgspec

from heliograph.base import ids
from heliograph.domain.accounts.passwords import Passwords
from heliograph.domain.product import Product

SCOPES = ("read", "write", "follow")
HALF = ids.SLOTS // 2
PENDING = 206


@dataclass
class People:
    """Accounts by number, and who serves them. `webs`: each request goes to any of these processes."""

    webs: Sequence[httpx.AsyncClient]
    chance: random.Random
    accounts: list[int] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    story: list[str] = field(default_factory=list)
    # Who has done something last.
    actor: int = 0

    async def gather(self, product: Product, size: int) -> None:
        """Make `size` accounts, as many in the lower half of the slots as in the upper."""
        product.registration._passwords = Passwords(time_cost=1, memory_kib=64)
        made = await self.webs[0].post("/api/v1/apps", json={"client_name": "Society", "redirect_uris": "app://x"})
        sides = {True: 0, False: 0}
        tried = 0
        while len(self.accounts) < size:
            tried += 1
            name = f"person{tried}x"
            account = (await product.registration.create(name, "correct horse battery")).account_id
            if sides[lower := ids.slot_of(account) < HALF] < (size + 1) // 2:
                sides[lower] += 1
                issued = await product.tokens.issue(account, int(made.json()["id"]), SCOPES)
                self.accounts.append(account)
                self.names.append(name)
                self.tokens.append(issued.text)

    async def ask(self, who: int | None, method: str, path: str, *, expect: int = 200, **options: Any) -> Any:
        """What one of the processes answers to somebody, parsed; the status must be as expected."""
        web = self.chance.randrange(len(self.webs))
        self.actor = self.actor if who is None or method == "GET" else who
        headers = {} if who is None else {"Authorization": f"Bearer {self.tokens[who]}"}
        while True:
            answer = await self.webs[web].request(method, path, headers=headers, **options)
            if answer.status_code != PENDING:
                break
        what = options.get("json") or options.get("params") or ""
        self.story.append(f"{who} at {web}: {method} {path} {what} -> {answer.status_code}")
        assert answer.status_code == expect, f"{method} {path}: {answer.status_code} {answer.text[:500]}"
        assert "Heliograph-Degraded" not in answer.headers, "nothing is away"
        return msgspec.json.decode(answer.content)

    async def get(self, who: int | None, path: str, *, expect: int = 200, **params: Any) -> Any:
        given = {name: value for name, value in params.items() if value is not None}
        return await self.ask(who, "GET", path, expect=expect, params=given)

    async def do(self, who: int, path: str, *, expect: int = 200, **values: Any) -> Any:
        return await self.ask(who, "POST", path, expect=expect, json=values)

    def number(self, entity: dict[str, Any]) -> int:
        """Which of the people an account is."""
        return self.accounts.index(int(entity["id"]))

    def numbers(self, entities: list[dict[str, Any]]) -> list[int]:
        return [self.number(each) for each in entities]
