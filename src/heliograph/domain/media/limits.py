"""The bounds that an upload must keep, and that its decoding must keep."""

from dataclasses import dataclass
from typing import Self

from heliograph.base.settings import Settings

# No camera writes a longer side (JPEG cannot); a "1 x 50,000,000" picture is an attack on line buffers.
MAX_SIDE_PX = 65_535
PATIENCE = 4


@dataclass(frozen=True)
class Limits:
    """What one photo may be and take.

    max_bytes: size of the upload, in bytes. max_pixels: width x height, times the frames of an animation.
    memory_mb: resident memory of the decoding child, in MiB. timeout_s: its processor time, in seconds.
    at_once: children that one process has at a time. One, since worker and child together shall stay under 400 MB.
    """

    max_bytes: int = 40 * 1024 * 1024
    max_pixels: int = 50_000_000
    memory_mb: int = 330
    timeout_s: float = 30
    at_once: int = 1

    @property
    def deadline_s(self) -> float:
        """Seconds by the clock: more than its processor time, since a busy machine is not the photo's fault."""
        return self.timeout_s * PATIENCE

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """The limits that the site's settings ask for."""
        return cls(
            max_bytes=settings.upload_max_bytes,
            max_pixels=settings.upload_max_megapixels * 1_000_000,
            memory_mb=settings.decode_memory_mb,
            timeout_s=settings.decode_timeout_s,
            at_once=settings.decode_at_once,
        )
