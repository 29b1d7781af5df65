"""What this process keeps of the values that it has read in Valkey, so that nobody asks twice for what has not changed.

The server remembers which keys this connection has read (`CLIENT TRACKING`, `OPTIN`) and says when one of them changes,
expires or is evicted. It says so on the same connection and in order: who has had a reply to something sent after a change
has been told of the change before. From this the one rule of this module:

**A request may believe what is kept once the server has answered something that was sent after the request began**
(`Valkey.heard`, or any other wave). So what is kept is never older than what the request could have read itself, and one
round trip, shared by all requests under way, stands for all that would have been read.

Kept are values by kind and id, in what form the reader wants them, and what has been made of several of them (`Joined`). Two
generations bound the room: when the younger is full it becomes the older, whose own is dropped; what is used of the older moves
over. When the connection is lost all goes.

Source: Valkey, "Client-side caching".
"""

from collections.abc import Iterable, Sequence
from typing import Any

from heliograph.base import metrics

# What an entry takes besides its value: a place in a dictionary, its key, an object around it.
ENTRY_BYTES = 250
# And one that was joined, with the places where its parts are written down.
JOINED_BYTES = 900
# As what it is counted that was joined.
JOINED = "joined"
# Over so many values, about.
AVERAGED = 32


class Shelf:
    """What is kept of one kind, by id."""

    __slots__ = ("_near", "_old", "_parts", "_young", "hits", "weight")

    def __init__(self, near: "Near") -> None:
        self._near = near
        self._young: dict[int, Any] = {}
        self._old: dict[int, Any] = {}
        # What has been joined of each value.
        self._parts: dict[int, set[int]] = {}
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

    def put(self, ident: int, value: Any, size: int) -> None:
        """Keep `value`, which takes `size` bytes."""
        if ident in self._parts:
            self._part(ident)
        self._old.pop(ident, None)
        self._young[ident] = value
        weight = size + ENTRY_BYTES
        self.weight += (weight - self.weight) / AVERAGED
        self._near.grow(weight)

    def drop(self, ident: int) -> None:
        """Forget the value of `ident`, and what has been joined of it."""
        if ident in self._parts:
            self._part(ident)
        self._young.pop(ident, None)
        self._old.pop(ident, None)

    def is_part(self, ident: int, joined: int) -> None:
        """The value of `ident` is a part of what has been joined as `joined`."""
        self._parts.setdefault(ident, set()).add(joined)

    def _part(self, ident: int) -> None:
        for joined in self._parts.pop(ident):
            self._near.joined.drop(joined)

    def age(self) -> None:
        """The younger generation becomes the older one, which goes."""
        self._old, self._young = self._young, {}
        self._parts.clear()

    def clear(self) -> None:
        """Forget everything."""
        self._old, self._young = {}, {}
        self._parts.clear()

    def __len__(self) -> int:
        return len(self._young) + len(self._old)


class Joined:
    """What has been made of several kept values, by id: it goes with the first of its parts that goes, or changes.

    What a page shows of a post is of four values, and is asked for far more often than one of them changes.
    """

    __slots__ = ("_made", "_near", "hits")

    def __init__(self, near: "Near") -> None:
        self._near = near
        self._made: dict[int, Any] = {}
        self.hits = 0

    def get(self, ident: int) -> Any:
        """What was made as `ident`, or None."""
        return self._made.get(ident)

    def whole(self, idents: Sequence[int]) -> list[Any] | None:
        """What was made as `idents`, or None unless all of it is kept."""
        made = self._made
        try:
            found = [made[ident] for ident in idents]
        except KeyError:
            return None
        self.hits += len(found)
        return found

    def put(self, ident: int, value: Any, size: int, parts: Iterable[tuple[str, int]]) -> None:
        """Keep `value`, which takes `size` bytes, for as long as all of `parts` (kind, id) are kept, as they are now."""
        # First: it may be what makes room, and then all goes that was joined.
        self._near.grow(size + JOINED_BYTES)
        for kind, part in parts:
            self._near.shelf(kind).is_part(part, ident)
        self._made[ident] = value

    def drop(self, ident: int) -> None:
        """Forget what was made as `ident`."""
        self._made.pop(ident, None)

    def clear(self) -> None:
        """Forget everything."""
        self._made = {}

    def __len__(self) -> int:
        return len(self._made)


class Near:
    """The shelves of one connection. `bytes_at_most`: the room for all of them, about."""

    def __init__(self, bytes_at_most: int) -> None:
        self._half = bytes_at_most // 2
        self._weight = 0.0
        self.shelves: dict[str, Shelf] = {}
        self.joined = Joined(self)
        metrics.near_hits.add(self)

    def hits(self) -> dict[str, int]:
        """How often what is kept was gone by, by kind."""
        return {JOINED: self.joined.hits} | {kind: shelf.hits for kind, shelf in self.shelves.items()}

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
            # Made again in no time, where to remember of what each was made would keep the old.
            self.joined.clear()
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
        self.joined.clear()
        for shelf in self.shelves.values():
            shelf.clear()
