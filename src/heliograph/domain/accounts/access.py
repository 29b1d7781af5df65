"""Everything with which somebody acts as an account, ended in the transaction that has a reason to."""

from heliograph.base import ids
from heliograph.stores.queries import load
from heliograph.stores.shards import Session

sessions = load("sessions")
tokens = load("tokens")
codes = load("codes")
credentials = load("credentials")


async def end(session: Session, account_id: int, spared_session: bytes | None = None) -> None:
    """Drop sessions (but the one with the hash `spared_session`), tokens, codes and mailed reset links."""
    slot = ids.slot_of(account_id)
    await session.run(sessions.end_all, slot=slot, account_id=account_id, spared=spared_session)
    await session.run(tokens.revoke_all, slot=slot, account_id=account_id)
    await session.run(codes.drop_all, slot=slot, account_id=account_id)
    await session.run(credentials.drop_mail_tokens, slot=slot, account_id=account_id, purposes=["reset"])
