"""Avatars and headers: small pictures that are decoded while their owner waits, and kept in one size."""

from pathlib import Path

from heliograph.domain.media import decode, names
from heliograph.domain.media.limits import Limits
from heliograph.domain.media.scratch import scratch
from heliograph.stores.objects import Objects

AVATAR_PX = 640
HEADER_PX = 1080


class Portraits:
    """Makes avatars and headers."""

    def __init__(self, objects: Objects, limits: Limits, scratch_root: Path) -> None:
        self._objects = objects
        self._limits = limits
        self._scratch = scratch_root

    async def make(self, file: Path, width_px: int) -> str:
        """Decode `file`, keep the variant nearest to `width_px`; the name of its object. Raises ValidationError."""
        async with scratch(self._scratch) as folder:
            decoded = await decode.decode(file, folder, self._limits)
            best = min(decoded.variants, key=lambda variant: abs(variant.width - width_px))
            name = names.variant_name(names.new_name(), best.file)
            await self._objects.put(name, folder / best.file)
        return name
