"""Who must have been told what. A message may be late, so what is told may depend on what happens meanwhile: then it is
not `sure`, and both is right.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

# Type, who did it, the post (0: none).
Key = tuple[str, int, int]
Tellable = Callable[[int, str, int, int], bool]


@dataclass
class Notice:
    """`time`: between which two drainings it came; `pending`: the message is under way; `renewed`: perhaps told before."""

    time: int
    sure: bool
    pending: bool = True
    dismissed: bool = False
    renewed: bool = False


@dataclass
class Notices:
    """The notices of everybody. `lingering`: taken back, but the message is still under way."""

    time: int = 0
    told: dict[int, dict[Key, Notice]] = field(default_factory=dict)
    lingering: set[tuple[int, Key]] = field(default_factory=set)

    def of(self, who: int) -> dict[Key, Notice]:
        return self.told.setdefault(who, {})

    def happen(self, who: int, key: Key, *, sure: bool, again: bool = False) -> None:
        """Something has happened of which `who` is told. `again`: it is news although it has been told before."""
        had = self.of(who).get(key)
        if who == key[1] or (had is not None and had.dismissed and not again):
            return
        if had is None or again:
            self.of(who)[key] = Notice(self.time, sure)
        elif not had.sure:
            # It may have been told already, or is now.
            self.of(who)[key] = Notice(self.time, sure, renewed=True)

    def take_back(self, who: int, key: Key) -> None:
        if self.of(who).pop(key, None) is not None:
            self.lingering.add((who, key))

    def forget(self, ident: int) -> None:
        """The post is deleted."""
        for notices in self.told.values():
            for key in [key for key in notices if key[2] == ident]:
                del notices[key]

    def doubt(self, tellable: Tellable) -> None:
        """After each change: what is still under way may come now, or not."""
        for who, notices in self.told.items():
            for key, notice in notices.items():
                if notice.pending and not tellable(who, *key):
                    notice.sure = False

    def drained(self) -> None:
        """Every message has been handled."""
        self.time += 1
        self.lingering.clear()
        for notices in self.told.values():
            for notice in notices.values():
                notice.pending = False
