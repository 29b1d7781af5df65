"""What this process keeps of the values that it has read in Valkey, so that nobody asks twice for what has not changed.

The server remembers which keys this connection has read (`CLIENT TRACKING`, `OPTIN`) and says when one of them changes,
expires or is evicted. It says so on the same connection and in order: who has had a reply to something sent after a change
has been told of the change before. From this the one rule of this module:

**A request may believe what is kept once the server has answered something that was sent after the request began**
(`Valkey.heard`, or any other wave). So what is kept is never older than what the request could have read itself, and one
round trip, shared by all requests under way, stands for all that would have been read.

Kept are values by kind and id, in what form the reader wants them. Two generations bound the room: when the younger is full
it becomes the older, whose own is dropped; what is used of the older moves over. When the connection is lost all goes.

Source: Valkey, "Client-side caching".
"""

from collections.abc import Iterable, Sequence
from typing import Any

from heliograph.base import metrics

# What an entry takes besides its value: a place in a dictionary, its key, an object around it.
ENTRY_BYTES = 250
# Over so many values, about.
AVERAGED = 32


class Shelf:
    """What is kept of one kind, by id."""

    __slots__ = ("_near", "_old", "_young", "hits", "weight")

    def __init__(self, near: "Near") -> None:
        self._near = near
        self._young: dict[int, Any] = {}
        self._old: dict[int, Any] = {}
        # Of a value, in bytes, on the average of those that were put here of late: a large one must not count like its neighbour.
        self.weight = float(ENTRY_BYTES)
        # How often a value of these was what a request went by.
        self.hits = 0

    def get(self, ident: int) -> Any:
        """The value of `ident`, or None."""
        value = self._young.get(ident)
        if value is None and ident in self._old:
            value = self._old.pop(ident)
            self._young[ident] = value
            self._near.grow(self.weight)
        return value

    def whole(self, idents: Sequence[int]) -> list[Any] | None:
        """The values of `idents`, or None unless all are kept. Pages ask for twenty of four kinds."""
        young = self._young
        try:
            values = [young[ident] for ident in idents]
        except KeyError:
            values = [self.get(ident) for ident in idents]
            if None in values:
                return None
        self.hits += len(values)
        return values

    def put(self, ident: int, value: Any, size: int) -> None:
        """Keep `value`, which takes `size` bytes."""
        self._old.pop(ident, None)
        self._young[ident] = value
        weight = size + ENTRY_BYTES
        self.weight += (weight - self.weight) / AVERAGED
        self._near.grow(weight)

    def drop(self, ident: int) -> None:
        """Forget the value of `ident`."""
        self._young.pop(ident, None)
        self._old.pop(ident, None)

    def age(self) -> None:
        """The younger generation becomes the older one, which goes."""
        self._old, self._young = self._young, {}

    def clear(self) -> None:
        """Forget everything."""
        self._old, self._young = {}, {}

    def __len__(self) -> int:
        return len(self._young) + len(self._old)


class Near:
    """The shelves of one connection. `bytes_at_most`: the room for all of them, about."""

    def __init__(self, bytes_at_most: int) -> None:
        self._half = bytes_at_most // 2
        self._weight = 0.0
        self.shelves: dict[str, Shelf] = {}
        metrics.near_hits.add(self)

    def hits(self) -> dict[str, int]:
        """How often what is kept was gone by, by kind."""
        return {kind: shelf.hits for kind, shelf in self.shelves.items()}

    def shelf(self, kind: str) -> Shelf:
        """The shelf of `kind`; it stays the same for good."""
        found = self.shelves.get(kind)
        if found is None:
            found = self.shelves[kind] = Shelf(self)
        return found

    def grow(self, size: float) -> None:
        """Note that the younger generation has become larger by `size` bytes."""
        self._weight += size
        if self._weight > self._half:
            self._weight = 0.0
            for shelf in self.shelves.values():
                shelf.age()

    def drop(self, objects: Iterable[tuple[str, int]]) -> None:
        """Forget what is kept of `objects` (kind, id)."""
        for kind, ident in objects:
            if (shelf := self.shelves.get(kind)) is not None:
                shelf.drop(ident)

    def changed(self, keys: Iterable[bytes] | None) -> None:
        """The server says that the values of `keys` have changed; None: of all keys."""
        if keys is None:
            self.clear()
            return
        for key in keys:
            # `prefix:kind:{bucket}:id`, as `Keys` makes them.
            parts = key.split(b":")
            if len(parts) == 4 and (shelf := self.shelves.get(parts[1].decode())) is not None:
                shelf.drop(int(parts[3]))

    def clear(self) -> None:
        """Forget everything: whoever is not told of changes must not believe anything."""
        self._weight = 0.0
        for shelf in self.shelves.values():
            shelf.clear()
