"""Sets of ids in little room, as relations and marks are kept: in a process by the ten thousand, in the cache as bytes."""

import struct
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet

_BYTES = 8
_EMPTY: frozenset[int] = frozenset()
# Of no more ids a hash table is made sooner than twenty of them are looked for.
_HASHED = 100


class IdSet:
    """An immutable set of ids in 8 bytes each; membership by binary search. What is made of one may be kept beside it."""

    __slots__ = ("__weakref__", "_ids")

    def __init__(self, idents: Iterable[int]) -> None:
        self._ids = array("q", sorted(idents))

    @classmethod
    def unpack(cls, data: bytes) -> "IdSet":
        """The set that `pack` wrote."""
        made = cls(())
        made._ids = array("q", data)
        return made

    def pack(self) -> bytes:
        """The set as bytes, 8 an id."""
        return self._ids.tobytes()

    def between(self, low: int, high: int) -> frozenset[int]:
        """Those from `low` to `high`, both among them: for who asks for many that are close to each other."""
        ids = self._ids
        at = bisect_left(ids, low)
        return frozenset(ids[at : bisect_right(ids, high, at)]) if at < len(ids) else _EMPTY

    def has_all(self, idents: AbstractSet[int]) -> bool:
        """Whether all of `idents` are in the set. Every page asks that of its authors."""
        ids = self._ids
        end = len(ids)
        if end <= _HASHED:
            return idents <= frozenset(ids)
        for ident in idents:
            at = bisect_left(ids, ident)
            if at == end or ids[at] != ident:
                return False
        return True

    def __contains__(self, ident: int) -> bool:
        at = bisect_left(self._ids, ident)
        return at < len(self._ids) and self._ids[at] == ident

    def __iter__(self) -> Iterator[int]:
        return iter(self._ids)

    def __len__(self) -> int:
        return len(self._ids)


NONE = IdSet(())


def packed(number: int, sets: Sequence[IdSet]) -> bytes:
    """`number` (63 bits) and `sets` as bytes, never empty: what is empty looks like a tombstone."""
    head = struct.pack(f"=q{len(sets)}I", number, *(len(each) for each in sets))
    return head + b"".join(each.pack() for each in sets)


def unpacked(data: bytes, count: int) -> tuple[int, list[IdSet]]:
    """What `packed` wrote of `count` sets."""
    head = struct.Struct(f"=q{count}I")
    number, *lengths = head.unpack_from(data)
    sets, at = [], head.size
    for length in lengths:
        sets.append(IdSet.unpack(data[at : at + _BYTES * length]))
        at += _BYTES * length
    return number, sets
