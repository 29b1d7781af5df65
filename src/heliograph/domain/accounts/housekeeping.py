"""What time has made worthless: claims without an account, sessions, codes and links that ran out. Run now and then."""

from heliograph.domain.accounts.codes import Codes
from heliograph.domain.accounts.directory import Directory
from heliograph.domain.accounts.letters import Letters
from heliograph.domain.accounts.sessions import Sessions


class Housekeeping:
    """One call a few times an hour, by one worker or by many."""

    def __init__(self, directory: Directory, sessions: Sessions, codes: Codes, letters: Letters) -> None:
        self._directory = directory
        self._sessions = sessions
        self._codes = codes
        self._letters = letters

    async def run(self) -> None:
        """Sweep everything once."""
        await self._directory.sweep()
        await self._sessions.sweep()
        await self._codes.sweep()
        await self._letters.sweep()
