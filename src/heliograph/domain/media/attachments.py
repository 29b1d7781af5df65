"""A photo as a post shows it."""

from typing import Any

import msgspec

from heliograph.stores.queries import load
from heliograph.stores.shards import Row, Shards

sql = load("media")


class Variant(msgspec.Struct, frozen=True):
    """One size of a photo: pixels, and the name of its file under the photo's own name."""

    width: int
    height: int
    file: str


class Attachment(msgspec.Struct, frozen=True):
    """A decoded photo. `name` is the folder of its objects; `variants` go from the smallest to the largest."""

    id: int
    name: str
    description: str | None
    focus_x: float
    focus_y: float
    blurhash: str
    variants: list[Variant]

    @classmethod
    def of(cls, row: Row) -> "Attachment":
        """The attachment of a row of `media`."""
        fields: dict[str, Any] = {field: row[field] for field in cls.__struct_fields__}
        return cls(**fields | {"variants": msgspec.convert(row["variants"], list[Variant])})

    @property
    def objects(self) -> list[str]:
        """The names of all its objects in the object store."""
        return [f"{self.name}/{variant.file}" for variant in self.variants]


async def of_posts(shards: Shards, post_ids: list[int]) -> dict[int, list[Attachment]]:
    """The photos of each of `post_ids`, in their order; a post without photos is absent."""
    found: dict[int, list[Attachment]] = {}
    for row in await shards.gather(sql.of_posts, post_ids):
        found.setdefault(row["post_id"], []).append(Attachment.of(row))
    return found
