"""What the tests note of an app's answers: those that are its own fault, and which endpoints have answered whom."""

import os
from pathlib import Path
from typing import Any

FIRST_CLIENT_ERROR = 400
FIRST_SERVER_ERROR = 500


def record(scope: Any, status: int) -> None:
    """Note that the running test has called an endpoint with success, for docs/api/endpoints.md."""
    file = os.environ.get("HELIOGRAPH_RECORD")
    test = os.environ.get("PYTEST_CURRENT_TEST", "").rpartition(" (")[0]
    if file and test and status < FIRST_CLIENT_ERROR:
        with Path(file).open("a") as notes:
            notes.write(f"{scope['method']} {scope.get('path_template', '')}\t{test}\n")


def watched(app: Any, broken: list[str]) -> Any:
    """`app`, with every answer from 500 on noted in `broken`."""

    async def watch(scope: Any, receive: Any, send: Any) -> None:
        async def noted(message: Any) -> None:
            if message.get("status", 0) >= FIRST_SERVER_ERROR:
                broken.append(f"{message['status']} {scope['method']} {scope['path']}")
            elif "status" in message:
                record(scope, message["status"])
            await send(message)

        await app(scope, receive, noted)

    return watch
