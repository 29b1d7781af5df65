"""What happens at the doors, in the log: who came in, who was refused, what was changed that opens a door.

For whoever has to find out afterwards. Never a password, a token, a code or a cookie, and of a name that opened nothing not
even the name: people type their password into the wrong field.
"""

from heliograph.base import logs
from heliograph.web.access import identity
from heliograph.web.peers import client_address
from heliograph.web.request import Request

log = logs.get("audit")


def note(request: Request, event: str, account_id: int | None = None, **about: object) -> None:
    """Log `event`, from where it came and of whom it is: `account_id`, else who the request proves to be."""
    who = identity(request)
    if account_id is None and who is not None:
        account_id = who.account_id
    known = {"account": account_id, "app": who.app_id if who is not None else None} | about
    told = {name: value for name, value in known.items() if value is not None}
    log.info(event, address=client_address(request), **told)


def refused(request: Request, status: int) -> None:
    """Log that somebody asked for what is not theirs, with a proof that is none or does not go so far."""
    note(request, "request.refused", status=status, method=request.method, path=request.url.path)
