"""Who the made-up people are, whom they follow, what they post and like. Pure, and the same for the same size.

What they do with each other besides is in `society.py`.

Popularity falls off by a power law, as it does among people: a few are followed by many, most by a handful.
"""

import random
from collections import Counter

from heliograph.lab import society, words
from heliograph.lab.planned import VIEWER, Person, Picture, Plan, PlannedPost, Size

SEED = "heliograph"
POPULARITY_EXPONENT = 0.85
FOLLOWS_MEAN = 7
LIKES_A_POST = 1.8
VIEWER_FOLLOWS = 14
# How many of those whom the viewer follows do so in return.
FOLLOW_BACKS = 9
# Pixels of a picture; the first are the most frequent. Modest, so that a community of hundreds is there in seconds.
SHAPES = ((480, 600), (480, 600), (600, 400), (512, 512), (600, 400), (640, 360))
# A motif has so many paintings; after them the first comes again, in another guise (see pictures/draw.py).
PAINTINGS = 6
AVATAR_PX = 160


def plan(size: Size) -> Plan:
    """The community of `size` (up to as many people as there are names)."""
    chance = random.Random(SEED)  # noqa: S311 -- a play, not secrets
    people = [_person(chance, *names) for names in words.PEOPLE[: size.people]]
    # The viewer is an ordinary member: the popular ones are drawn from all.
    rank = chance.sample(range(len(people)), len(people))
    weights = [1 / (rank[index] + 1) ** POPULARITY_EXPONENT for index in range(len(people))]
    follows = [(who, whom) for who in range(len(people)) for whom in _followed(chance, who, weights)]
    returned = [(whom, who) for who, whom in follows if who == VIEWER][:FOLLOW_BACKS]
    follows = list(dict.fromkeys([*follows, *returned]))
    used: Counter[str] = Counter()
    posts = [_post(chance, number, people, weights, used) for number in range(size.posts)]
    circles = society.circles(people, follows)
    return Plan(people, follows, society.enlivened(people, follows, posts, circles), circles)


def _person(chance: random.Random, username: str, display_name: str) -> Person:
    motif = chance.choice(list(words.CAPTIONS))
    # Guises that no post has: an avatar costs a frame, not a painting.
    avatar = Picture(motif, chance.randrange(PAINTINGS), chance.randrange(100, 10_000), AVATAR_PX, AVATAR_PX)
    return Person(username, display_name, chance.choice(words.NOTES), motif, avatar)


def _followed(chance: random.Random, who: int, weights: list[float]) -> list[int]:
    """Whom `who` follows: a few, most often the popular."""
    others = len(weights) - 1
    if who == VIEWER:
        wanted = min(VIEWER_FOLLOWS, others // 2)
    else:
        wanted = max(2, round(chance.paretovariate(1.6) * FOLLOWS_MEAN * 0.4))
    chosen: dict[int, None] = {}
    while len(chosen) < min(wanted, others):
        whom = chance.choices(range(len(weights)), weights)[0]
        if whom != who:
            chosen[whom] = None
    return list(chosen)


def _post(
    chance: random.Random, number: int, people: list[Person], weights: list[float], used: Counter[str]
) -> PlannedPost:
    author = chance.choices(range(len(people)), weights)[0] if number >= len(people) else number
    # People have a favourite motif, and now and then another.
    motif = people[author].motif if chance.random() < 0.35 else chance.choice(list(words.CAPTIONS))
    guise, seed = divmod(used[motif], PAINTINGS)
    used[motif] += 1
    picture = Picture(motif, seed, guise, *chance.choice(SHAPES))
    tags = chance.sample(words.TAGS[motif], chance.choice((1, 2, 2, 3)))
    caption = f"{chance.choice(words.CAPTIONS[motif])} {' '.join('#' + tag for tag in tags)}"
    likes = min(len(people) - 1, int(chance.paretovariate(1.3) * LIKES_A_POST * 0.4))
    likers = chance.sample([index for index in range(len(people)) if index != author], likes)
    return PlannedPost(author, caption, words.DESCRIPTIONS[motif], picture, tuple(likers))
