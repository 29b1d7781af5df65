"""What the end of a decoding child means, as a sentence for the person who uploaded the photo."""

import signal

from heliograph.base.errors import HeliographError, StoreUnavailableError
from heliograph.domain.media import confine
from heliograph.domain.media.limits import Limits
from heliograph.domain.media.sniff import TRUNCATED, refusal

# Exit codes of the child (a negative one is the signal that killed it), and two that the parent finds.
REFUSED = 3
TOO_MUCH_MEMORY = confine.TOO_MUCH_MEMORY
TOO_SLOW = -signal.SIGXCPU
MUTE = 1


def error(status: int, reason: str | None, limits: Limits) -> HeliographError:
    """The error to raise for a child that ended with `status` and told `reason` (memory, disk, truncated, pixels, damaged)."""
    if reason == "disk":
        return StoreUnavailableError("scratch")
    return refusal(_sentence(status, reason, limits))


def _sentence(status: int, reason: str | None, limits: Limits) -> str:
    if reason == "memory" or status == TOO_MUCH_MEMORY:
        return (
            f"The photo needs more memory to decode than the {limits.memory_mb} MiB that are allowed here:"
            " save it smaller, or as an ordinary (8-bit, not progressive, not interlaced) JPEG."
        )
    if status == TOO_SLOW:
        return f"The photo took longer to decode than the {limits.timeout_s:g} seconds that are allowed here."
    if status == -signal.SIGKILL:
        return "The photo could not be decoded: the decoder was stopped from outside. Please upload it again."
    if reason == "truncated":
        return TRUNCATED
    if reason == "pixels":
        return f"The photo is too large: it has more than {limits.max_pixels / 1e6:g} megapixels, whatever its header says."
    return "The photo is damaged or incomplete: it could not be decoded to its end."
