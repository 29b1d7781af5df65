"""Mail by SMTP. Sends one plain-text letter at a time, in a thread; knows nothing of accounts."""

import asyncio
import smtplib
import ssl
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from urllib.parse import SplitResult, unquote, urlsplit

import msgspec

from heliograph.base.errors import ConfigError, StoreUnavailableError

TIMEOUT_S = 15.0
RETRY_S = 60
_LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})
_EXPECTED = "expected smtp://user:password@host:port or smtps://user:password@host:port"


class Mail(msgspec.Struct, frozen=True):
    """A letter to one address."""

    to: str
    subject: str
    text: str


class Mailer:
    """A mail server, or none when `url` is empty.

    `smtps://` speaks TLS from the start; `smtp://` changes to TLS when the server offers it, and sends no password
    without it, but to this machine.
    """

    def __init__(self, url: str, sender: str) -> None:
        self._server = _parsed(url) if url else None
        self._sender = sender

    @property
    def enabled(self) -> bool:
        """Whether there is a mail server."""
        return self._server is not None

    async def send(self, mail: Mail) -> None:
        """Hand `mail` over. Raises StoreUnavailableError when the server does not take it now.

        An address that the server refuses for good is dropped: trying again would not help.
        """
        if self._server is None:
            return
        try:
            await asyncio.to_thread(_send, self._server, self._message(mail))
        except smtplib.SMTPRecipientsRefused as error:
            if any(code < 500 for code, _ in error.recipients.values()):
                raise StoreUnavailableError("smtp", RETRY_S) from error
        except (smtplib.SMTPException, OSError) as error:
            raise StoreUnavailableError("smtp", RETRY_S) from error

    def _message(self, mail: Mail) -> EmailMessage:
        message = EmailMessage()
        message["From"] = self._sender
        message["To"] = mail.to
        message["Subject"] = mail.subject
        message["Date"] = formatdate()
        message["Message-ID"] = make_msgid(domain=self._sender.rpartition("@")[2] or None)
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(mail.text)
        return message


def _parsed(url: str) -> SplitResult:
    parts = urlsplit(url)
    try:
        bad = parts.scheme not in {"smtp", "smtps"} or not parts.hostname or (parts.port or 1) < 1
    except ValueError:
        bad = True
    if bad:
        raise ConfigError(f"smtp_url ({parts.scheme}://...): {_EXPECTED}")
    return parts


def _send(server: SplitResult, message: EmailMessage) -> None:
    with _connected(server) as connection:
        if server.username:
            connection.login(unquote(server.username), unquote(server.password or ""))
        connection.send_message(message)


def _connected(server: SplitResult) -> smtplib.SMTP:
    host = server.hostname or ""
    context = ssl.create_default_context()
    if server.scheme == "smtps":
        return smtplib.SMTP_SSL(host, server.port or 465, timeout=TIMEOUT_S, context=context)
    connection = smtplib.SMTP(host, server.port or 587, timeout=TIMEOUT_S)
    try:
        _secure(connection, context, needed=bool(server.username) and host not in _LOCAL)
    except BaseException:
        connection.close()
        raise
    return connection


def _secure(connection: smtplib.SMTP, context: ssl.SSLContext, *, needed: bool) -> None:
    connection.ehlo()
    if connection.has_extn("starttls"):
        connection.starttls(context=context)
    elif needed:
        raise smtplib.SMTPNotSupportedError("the mail server offers no TLS, so it gets no password")
