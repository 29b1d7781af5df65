"""What made-up people do with each other: comment, share, keep, mention, follow hashtags, hide. Pure, the same for the same size.

Whatever it plans, the site must allow: who sees a post only as its follower follows its author, and who is blocked keeps away.
"""

import random
from collections.abc import Iterable

from msgspec.structs import replace

from heliograph.lab import remarks, words
from heliograph.lab.planned import DAY, EARLY_POSTS, VIEWER, Circles, Letter, Person, PlannedPost, Remark
from heliograph.lab.talk import Talk

SEED = "heliograph society"
PRIVATE, UNLISTED = 0.02, 0.02
COVERED = 0.12
MENTIONS = 0.06
MENTIONS_OF_VIEWER = 0.05
SHARED = 0.12
KEPT = 0.15
EDITED = 0.02
PINNED = 0.06
# How many comments a post gets of itself, and the viewer's own at least; some are answered.
COMMENTS = (0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 2, 2, 3)
COMMENTS_TO_VIEWER = 4
THANKED = 0.33
JOINED = 0.12
LAST_WORD = 0.3
TAGS_A_PERSON = (0, 1, 1, 2)
TAGS_OF_VIEWER = 3
FEATURED = 0.4


def circles(people: list[Person], follows: list[tuple[int, int]]) -> Circles:
    """Who is near to the viewer and who is not; hashtags that people follow and feature."""
    chance = random.Random(f"{SEED} circles")  # noqa: S311 -- a play, not secrets
    everybody = range(1, len(people))
    followed = [whom for who, whom in follows if who == VIEWER]
    fans = {who for who, whom in follows if whom == VIEWER}
    strangers = [one for one in everybody if one not in followed and one not in fans]
    chance.shuffle(strangers)
    blocked, muted = strangers[:1], strangers[1:2]
    asking = [one for one in everybody if one not in fans and one not in strangers[:2]][:2]
    reserved = [one for one in everybody if one not in followed and one not in {*strangers[:2], *asking}][:1]
    letters = [Letter(who, *said) for who, said in zip(followed, remarks.LETTERS, strict=False)]
    return Circles(
        tags=[(who, tag) for who, person in enumerate(people) for tag in _followed_tags(chance, who, person)],
        features=[(who, tag) for who, person in enumerate(people) for tag in _featured_tags(chance, who, person)],
        bells=followed[:1],
        locked=[VIEWER, *reserved],
        asking=[*((one, VIEWER) for one in asking), *((VIEWER, one) for one in reserved)],
        muted=muted,
        blocked=blocked,
        letters=letters,
    )


def _followed_tags(chance: random.Random, who: int, person: Person) -> list[str]:
    """Of motifs that they do not post of most, or what would they need the hashtag for."""
    every = sorted({tag for motif, tags in words.TAGS.items() if motif != person.motif for tag in tags})
    return chance.sample(every, TAGS_OF_VIEWER if who == VIEWER else chance.choice(TAGS_A_PERSON))


def _featured_tags(chance: random.Random, who: int, person: Person) -> list[str]:
    own = words.TAGS[person.motif]
    return list(own[:2]) if who == VIEWER or chance.random() < FEATURED else []


def enlivened(
    people: list[Person], follows: list[tuple[int, int]], posts: list[PlannedPost], around: Circles
) -> list[PlannedPost]:
    """The posts with what is done about them."""
    return _Society(people, follows, around).enlivened(posts)


class _Society:
    """People and what they have said so far."""

    def __init__(self, people: list[Person], follows: list[tuple[int, int]], around: Circles) -> None:
        self._chance = random.Random(SEED)  # noqa: S311 -- a play, not secrets
        self._talk = Talk(self._chance)
        self._people = people
        self._around = around
        self._followers: dict[int, list[int]] = {}
        for who, whom in follows:
            self._followers.setdefault(whom, []).append(who)
        self._follows = set(follows)

    def enlivened(self, posts: list[PlannedPost]) -> list[PlannedPost]:
        pinned: set[int] = set()
        made = []
        for number, post in enumerate(posts):
            first = post.author == VIEWER and VIEWER not in pinned
            alive = self._enliven(self._dressed(post, first=first), first=first)
            if _fresh(number, len(posts)) and not first:
                alive = replace(alive, remarks=(), sharers=())
            # One at most: a site has a limit.
            if alive.visibility == "public" and post.author not in pinned and (first or self._happens(PINNED)):
                pinned.add(post.author)
                alive = replace(alive, pinned=True)
            made.append(alive)
        return made

    def _dressed(self, post: PlannedPost, *, first: bool) -> PlannedPost:
        """Its visibility and warning, and who is named in it."""
        kind = self._chance.random()
        visibility = "private" if kind < PRIVATE else "unlisted" if kind < PRIVATE + UNLISTED else "public"
        warning = remarks.WARNINGS.get(post.picture.motif, "") if self._happens(COVERED) and not first else ""
        caption = post.caption
        friends = [one for one in self._followers.get(post.author, []) if not self._around.apart(one, post.author)]
        viewers = VIEWER in friends and self._happens(MENTIONS_OF_VIEWER)
        if friends and (viewers or self._happens(MENTIONS)):
            friend = VIEWER if viewers else self._chance.choice(friends)
            caption = f"{self._talk.company('@' + self._people[friend].username)} {caption}"
        return replace(post, caption=caption, visibility="public" if first else visibility, warning=warning)

    def _enliven(self, post: PlannedPost, *, first: bool) -> PlannedPost:
        near = [one for one in self._followers.get(post.author, []) if not self._around.apart(one, post.author)]
        likers = [one for one in post.likers if not self._around.apart(one, post.author)]
        if post.visibility == "private":
            likers = [one for one in likers if one in near]
        audience = list(dict.fromkeys([*near, *likers]))
        sharers = [] if post.visibility == "private" else self._some(near, SHARED, always=first)
        return replace(
            post,
            likers=tuple(dict.fromkeys([*likers, *(near[:3] if first else [])])),
            remarks=tuple(self._remarks(post, audience, first=first)),
            sharers=tuple(sharers),
            keepers=tuple(self._some(audience, KEPT, always=False)),
            edited=f"{post.caption}\n\n{self._talk.second_thought()}" if self._happens(EDITED) else "",
        )

    def _some(self, audience: list[int], share: float, *, always: bool) -> list[int]:
        if not audience or not (always or self._happens(share)):
            return []
        return self._chance.sample(audience, min(len(audience), self._chance.choice((1, 1, 2))))

    def _remarks(self, post: PlannedPost, audience: list[int], *, first: bool) -> Iterable[Remark]:
        """Threads one after the other: a remark, perhaps an answer of the author's, perhaps somebody who joins in."""
        wanted = COMMENTS_TO_VIEWER if first else self._chance.choice(COMMENTS)
        said: list[Remark] = []
        for who in self._chance.sample(audience, min(wanted, len(audience))):
            text, answer = self._talk.remark(post.picture.motif)
            said.append(self._remark(post, who, text))
            asked = len(said) - 1
            if answer or self._happens(THANKED):
                said.append(self._remark(post, post.author, answer or self._talk.thanks(), asked, who))
            others = [one for one in audience if one != who and not self._around.apart(one, who)]
            if others and post.visibility != "private" and self._happens(JOINED):
                joins = self._chance.choice(others)
                said.append(self._remark(post, joins, self._talk.aside(), asked, who))
                if self._happens(LAST_WORD):
                    said.append(self._remark(post, who, self._talk.aside(), len(said) - 1, joins))
        return said

    def _remark(
        self, post: PlannedPost, who: int, text: str, answers: int | None = None, whom: int | None = None
    ) -> Remark:
        """Answers name whom they answer, as apps write them; so does what only those who are named see."""
        named = whom if whom is not None else post.author if post.visibility == "private" else None
        return Remark(who, f"@{self._people[named].username} {text}" if named is not None else text, answers)

    def _happens(self, share: float) -> bool:
        return self._chance.random() < share


def _fresh(number: int, total: int) -> bool:
    """Whether nobody has said anything yet: so that who looks at a feed, at first or at last, finds pictures on top."""
    return any(end - DAY <= number < end for end in (EARLY_POSTS, total) if end > DAY)
