"""The floor: a plain Litestar app with one ordinary route that answers the same number of bytes, and nothing else.

`python -m heliograph.lab.bench.floor PORT BYTES`.
"""

import sys

import uvicorn
from litestar import Litestar, Response, get


def app(size: int) -> Litestar:
    """An app whose home feed is always the same `size` bytes."""
    body = b'["' + b"x" * (size - 4) + b'"]'

    @get("/api/v1/timelines/home")
    async def home() -> Response[bytes]:
        return Response(body, media_type="application/json")

    return Litestar([home], openapi_config=None, logging_config=None)


if __name__ == "__main__":
    port, size = int(sys.argv[1]), int(sys.argv[2])
    uvicorn.run(
        app(size), host="127.0.0.1", port=port, loop="uvloop", http="httptools", log_level="warning", access_log=False
    )
