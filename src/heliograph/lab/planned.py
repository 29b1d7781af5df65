"""What a made-up community consists of, as plain data. People are indices into `Plan.people`, posts into `Plan.posts`.

The first person is the one to log in as, the *viewer*.
"""

import msgspec

VIEWER = 0
# When everybody has posted once there is enough to look at: visitors are let in, the others arrive meanwhile.
EARLY_POSTS = 60
# So many posts, then what is done about them.
DAY = 20


class Size(msgspec.Struct, frozen=True):
    """How large the community is."""

    people: int = 60
    posts: int = 300


class Picture(msgspec.Struct, frozen=True):
    """What to draw, in pixels. `guise`: 0 as painted, above 0 the same painting framed and coloured differently."""

    motif: str
    seed: int
    guise: int
    width: int
    height: int


class Person(msgspec.Struct, frozen=True):
    """Somebody: names, a sentence, a favourite motif."""

    username: str
    display_name: str
    note: str
    motif: str
    avatar: Picture


class Remark(msgspec.Struct, frozen=True):
    """A comment on a post; `answers`: which earlier one of the same post it answers, None for the post itself."""

    who: int
    text: str
    answers: int | None = None


class PlannedPost(msgspec.Struct, frozen=True):
    """One post, and what others do about it.

    `warning`: what its picture is covered with, if with anything. `edited`: the caption that it gets later on, if any.
    """

    author: int
    caption: str
    description: str
    picture: Picture
    likers: tuple[int, ...]
    visibility: str = "public"
    warning: str = ""
    remarks: tuple[Remark, ...] = ()
    sharers: tuple[int, ...] = ()
    keepers: tuple[int, ...] = ()
    pinned: bool = False
    edited: str = ""


class Letter(msgspec.Struct, frozen=True):
    """What somebody writes to the viewer alone, and the viewer's answer, if any."""

    who: int
    text: str
    answer: str


class Circles(msgspec.Struct, frozen=True):
    """Who keeps whom near or away, and which hashtags they follow and feature.

    `bells`: whose posts the viewer is told of. `locked`: who decides who may follow them, and `asking`: who asks whom.
    """

    tags: list[tuple[int, str]]
    features: list[tuple[int, str]]
    bells: list[int]
    locked: list[int]
    asking: list[tuple[int, int]]
    muted: list[int]
    blocked: list[int]
    letters: list[Letter]

    def apart(self, one: int, other: int) -> bool:
        """Whether these two have nothing to do with each other."""
        return VIEWER in (one, other) and bool({one, other} & {*self.muted, *self.blocked})


class Plan(msgspec.Struct, frozen=True):
    """The whole community. `follows`: pairs (who, whom)."""

    people: list[Person]
    follows: list[tuple[int, int]]
    posts: list[PlannedPost]
    circles: Circles
