"""A small client of the API, as any app has one: HTTP with kept connections, JSON, forms, files. Blocking, for threads."""

import http.client
import json
import secrets
import threading
import time
from collections.abc import Mapping
from typing import Any, Self
from urllib.parse import urlencode, urlsplit

import msgspec

from heliograph.base.errors import HeliographError

TIMEOUT_S = 60.0
# A server may close a connection that rests; one that has rested this long is not used again.
REST_S = 2.0
FORM = "application/x-www-form-urlencoded"


class RefusedError(HeliographError):
    """The site did not do what was asked."""

    def __init__(self, status: int, message: str) -> None:
        """`status`: of the answer."""
        super().__init__(message)
        self.status = status


class Answer(msgspec.Struct, frozen=True):
    """What came back: HTTP status and decoded JSON."""

    status: int
    body: Any


class Upload(msgspec.Struct, frozen=True):
    """A file to send: the name of its field, its bytes (JPEG)."""

    field: str
    data: bytes


class Client:
    """Calls one site; each thread has a connection of its own. Its end closes them all."""

    def __init__(self, base: str) -> None:
        """`base`: http://host:port."""
        self._address = urlsplit(base)
        self._own = threading.local()
        self._opened: list[http.client.HTTPConnection] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for connection in self._opened:
            connection.close()

    def call(
        self,
        method: str,
        path: str,
        token: str = "",
        *,
        form: Mapping[str, Any] | None = None,
        upload: Upload | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """One request. Raises RefusedError for a status of 400 and above, OSError when nobody answers."""
        sent = dict(headers or {})
        if token:
            sent["Authorization"] = f"Bearer {token}"
        body: bytes | None = None
        if upload is not None:
            sent["Content-Type"], body = _multipart(form or {}, upload)
        elif form is not None:
            sent["Content-Type"], body = FORM, urlencode(form, doseq=True).encode()
        status, data = self._exchange(method, path, body, sent)
        answer = json.loads(data) if data else None
        if status >= 400:
            raise RefusedError(status, f"{method} {path}: {status} {_reason(answer)}")
        return Answer(status, answer)

    def _exchange(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> tuple[int, bytes]:
        connection = self._connection()
        if time.monotonic() - getattr(self._own, "used_s", 0.0) > REST_S:
            connection.close()
        self._own.used_s = time.monotonic()
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            return response.status, response.read()
        except http.client.HTTPException as error:
            connection.close()
            raise ConnectionError(str(error)) from error
        except OSError:
            connection.close()
            raise

    def _connection(self) -> http.client.HTTPConnection:
        if not hasattr(self._own, "connection"):
            self._own.connection = http.client.HTTPConnection(
                self._address.hostname or "", self._address.port, timeout=TIMEOUT_S
            )
            self._opened.append(self._own.connection)
        connection: http.client.HTTPConnection = self._own.connection
        return connection


def _reason(answer: Any) -> str:
    return str(answer.get("error", answer)) if isinstance(answer, dict) else str(answer)


def _multipart(form: Mapping[str, Any], upload: Upload) -> tuple[str, bytes]:
    """Content type and body of a form with a file (RFC 7578)."""
    boundary = secrets.token_hex(16)
    parts = [f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
             for name, value in form.items()]  # fmt: skip
    head = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="{upload.field}"; filename="photo.jpg"\r\n'
        "Content-Type: image/jpeg\r\n\r\n"
    )
    body = b"".join([*parts, head.encode(), upload.data, f"\r\n--{boundary}--\r\n".encode()])
    return f"multipart/form-data; boundary={boundary}", body
