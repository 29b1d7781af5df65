"""What the supervisor must know of a thing that it keeps running: how to start, probe and stop it."""

import signal
from abc import ABC, abstractmethod
from pathlib import Path

from heliograph.ops import logfile
from heliograph.ops.probes import Health
from heliograph.ops.process import Command


class Service(ABC):
    """A service to be kept running by a `Keeper`; the subclasses say what is particular to each."""

    name: str
    log: Path | None = None
    ready_timeout_s = 20.0
    busy_limit_s = 3600.0  # the recovery of a large database takes long; without an end it is a failure
    check_every_s = 2.0
    probe_timeout_s = 5.0
    misses_allowed = 3
    stop_signal = signal.SIGTERM
    last_signal = signal.SIGKILL
    grace_s = 10.0

    async def prepare(self) -> None:  # noqa: B027 -- most need nothing
        """Whatever must be true before each start. Raises StartError when it cannot be made true."""

    @abstractmethod
    def command(self) -> Command:
        """What to run."""

    @abstractmethod
    async def probe(self) -> Health:
        """How it is."""

    async def started(self) -> None:  # noqa: B027 -- most need nothing
        """What is to do when it has become ready. Raises StartError."""

    def mend(self, output: str) -> bool:
        """Whether the failed start that wrote `output` has been given a cure and is worth another try."""
        del output
        return False

    def explain(self, reason: str, output: str) -> str:
        """The text of the StartError for a start that failed for `reason` and wrote `output`."""
        if "No space left on device" in output:
            return f"{self.name} cannot start: the disk is full. Free some space, then start again."
        text = f"{self.name} did not start: {reason}."
        return text + (f" It wrote to {self.log}:\n{logfile.tail(output)}" if output.strip() else "")
