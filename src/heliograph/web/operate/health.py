"""Is this process alive, can it serve, what has it counted."""

import asyncio
import contextlib
from collections.abc import Awaitable

from litestar import Response, get

from heliograph.base import metrics
from heliograph.base.errors import HeliographError, StoreUnavailableError
from heliograph.domain.product import Product
from heliograph.stores import schema
from heliograph.web.access import OPEN, product_of
from heliograph.web.request import Request

READY_TIMEOUT_S = 2.0


@get("/healthz", opt={"access": OPEN}, media_type="text/plain", include_in_schema=False)
async def healthz() -> str:
    """The process answers. Says nothing of its stores: restarting it would not bring them back."""
    return "ok\n"


@get("/readyz", opt={"access": OPEN}, include_in_schema=False)
async def readyz(request: Request) -> Response[dict[str, str]]:
    """Whether requests can be served: 200 with PostgreSQL there, else 503. Without Valkey the site is slower, not away."""
    product = product_of(request)
    postgres, valkey = await asyncio.gather(_state(_postgres(product)), _state(product.stores.valkey.ping()))
    status = 200 if postgres == "ok" else 503
    return Response({"postgres": postgres, "valkey": valkey}, status_code=status, headers={"Cache-Control": "no-store"})


async def _postgres(product: Product) -> None:
    if await schema.pending(product.stores.shards, "pre"):
        raise StoreUnavailableError("migrations")


async def _state(check: Awaitable[None]) -> str:
    try:
        async with asyncio.timeout(READY_TIMEOUT_S):
            await check
    except (HeliographError, TimeoutError) as error:
        return getattr(error, "store", "slow")
    return "ok"


@get("/metrics", opt={"access": OPEN}, include_in_schema=False)
async def exposition(request: Request) -> Response[bytes]:
    """The metrics of this process, and the state of the outbox some seconds ago at most, for Prometheus."""
    with contextlib.suppress(StoreUnavailableError):
        await request.app.state.backlog.measure()
    return Response(metrics.exposition(), media_type=metrics.CONTENT_TYPE)


ROUTES = [healthz, readyz, exposition]
