"""What people on two web processes see: all that was answered before they asked, and nothing that was over by then.

Whatever changes while somebody asks may be seen or not. All else must be as it is: posts, who may see them, likes, shares,
ties, at any time and on any process. Only what others have posted or shared may be missing at home until it has been delivered, or
its author was followed after it. And nobody sees what they saw go back: texts have a number that each edit raises, and a count
falls only if somebody has taken something back. Raises AssertionError with the story of the post.
"""

import itertools
import re
from collections import defaultdict
from dataclasses import dataclass, field

from truth_facts import Fact, every, no, some

FOLLOW, BLOCK, MUTE = "follow", "block", "mute"
LIKE, SHARE = "like", "share"
COUNTS = {LIKE: "favourites_count", SHARE: "reblogs_count"}
FLAGS = {LIKE: "favourited", SHARE: "reblogged"}
REVISION = re.compile(r"rev (\d+)")
WIDEST = 40


@dataclass
class Post:
    """What was answered of one post. `marks`: who likes or shares it; `shares`: the ids of the posts that share it."""

    id: int
    author: int
    private: bool
    born: int = 0
    revision: int = 0
    deleted: Fact = field(default_factory=Fact)
    marks: dict = field(default_factory=lambda: defaultdict(Fact))
    shares: dict = field(default_factory=dict)
    # Whether something of a kind is given, or taken back.
    given: dict = field(default_factory=lambda: defaultdict(Fact))
    taken: dict = field(default_factory=lambda: defaultdict(Fact))
    story: list = field(default_factory=list)


@dataclass(frozen=True)
class Seen:
    """How far somebody who asked at `since` saw a post to be."""

    since: int
    revision: int
    counts: dict


class Model:
    """Posts by id, ties by (kind, who, whom), and what each of `people` has seen."""

    def __init__(self, people):
        self.posts = {}
        self.ties = defaultdict(Fact)
        self._numbers = {person.id: number for number, person in enumerate(people)}
        self._ticks = itertools.count(1)
        self._seen = [{} for _ in people]
        self._gone = [set() for _ in people]
        # Whose home has what of others for sure: (who, id).
        self._arrived = set()

    def tick(self):
        return next(self._ticks)

    def alive(self):
        return [post for post in self.posts.values() if not post.deleted.value]

    def entries(self):
        """(who, id, post) of all that was posted or shared."""
        for post in self.posts.values():
            yield post.author, post.id, post
            for who, ident in post.shares.items():
                yield who, ident, post

    def delivered(self):
        """No message waits: what was posted is wherever it belongs."""
        everybody = self._numbers.values()
        self._arrived |= {(reader, ident) for _, ident, _ in self.entries() for reader in everybody}

    def by(self, author, before):
        """The ids of what `author` had posted and shared before `before`."""
        return [
            ident
            for who, ident, post in self.entries()
            if who == author and (post.born < before if ident == post.id else post.marks[SHARE, who].quiet(before))
        ]

    def merged(self, reader, idents):
        """What was posted is at home with `reader`, who has followed its author since."""
        self._arrived |= {(reader, ident) for ident in idents}

    # Rules, for whoever has looked since a tick: yes, no, or either.

    def _tie(self, kind, who, whom, since):
        return self.ties[kind, who, whom].known(since)

    def _together(self, one, other, since):
        return no(some(self._tie(BLOCK, one, other, since), self._tie(BLOCK, other, one, since)))

    def visible(self, reader, post, since):
        if reader == post.author:
            return no(post.deleted.known(since))
        admitted = some(not post.private, self._tie(FOLLOW, reader, post.author, since))
        return every(no(post.deleted.known(since)), self._together(reader, post.author, since), admitted)

    def _shown(self, reader, who, post, since):
        """Whether `reader` may see `post`, as `who` has posted or shared it."""
        shared = who == post.author or post.marks[SHARE, who].known(since)
        return every(self.visible(reader, post, since), self._together(reader, who, since), shared)

    def _at_home(self, reader, who, post, since):
        if who == reader:
            return self._shown(reader, who, post, since)
        muted = some(*(self._tie(MUTE, reader, each, since) for each in (who, post.author)))
        return every(self._shown(reader, who, post, since), self._tie(FOLLOW, reader, who, since), no(muted))

    # What was seen.

    def revisions(self, reader):
        """The least revision of each post that `reader` must see who asks now."""
        return {
            ident: max(post.revision, self._seen[reader].get(ident, Seen(0, 0, {})).revision)
            for ident, post in self.posts.items()
        }

    def saw(self, reader, where, entity, since, least):
        """`reader`, who had asked at `since` when `least` were the `revisions`, was shown `entity`."""
        post = self._post(entity)
        counts = {kind: entity[name] for kind, name in COUNTS.items()}
        seen = Seen(since, int(REVISION.search(entity["content"])[1]), counts)
        post.story.append(f"{where}: {reader} saw {seen}")
        self._hold(self.visible(reader, post, since) is not False, post, f"hidden from {reader}, and shown")
        self._hold(post.id not in self._gone[reader], post, f"gone for {reader}, and back")
        if post.id not in self.posts or not post.deleted.quiet(since):
            # Of another time; or it goes while this is read, and its likes may have gone before it.
            return
        self._hold(seen.revision >= least.get(post.id, 0), post, f"{seen} after revision {least.get(post.id)}")
        for kind in COUNTS:
            self._count(reader, post, kind, seen)
            flag = post.marks[kind, reader].known(since)
            self._hold(
                flag in (None, entity[FLAGS[kind]]), post, f"the {kind} of {reader}, which is {flag}, is not shown so"
            )
        self._seen[reader][post.id] = seen

    def _count(self, reader, post, kind, seen):
        count = seen.counts[kind]
        known = [mark.known(seen.since) for (each, _), mark in post.marks.items() if each == kind]
        least, most = known.count(True), len(known) - known.count(False)
        self._hold(least <= count <= most, post, f"{count} of {kind}, and not {least} to {most}")
        if before := self._seen[reader].get(post.id):
            grown = count - before.counts[kind]
            self._hold(grown >= 0 or not post.taken[kind].quiet(before.since), post, f"less of {kind} than before")
            self._hold(grown <= 0 or not post.given[kind].quiet(before.since), post, f"more of {kind} than before")

    def missed(self, reader, where, post, since):
        """`reader` was told that there is no such post."""
        post.story.append(f"{where}: {reader} did not find it")
        self._hold(self.visible(reader, post, since) is not True, post, "it was there")
        hidden = no(self._together(reader, post.author, since))
        if hidden is False and not post.private:
            self._gone[reader].add(post.id)

    def saw_home(self, reader, where, entities, since):
        """`reader` was shown the first page of their home."""
        self._saw_list(reader, where, entities, since, self._at_home)
        shown = [int((each["reblog"] or each)["id"]) for each in entities]
        assert len(set(shown)) == len(shown), f"something is there twice: {shown}"
        for who, ident, post in self._must(entities, since):
            if (who == reader or (reader, ident) in self._arrived) and self._at_home(reader, who, post, since):
                self._hold(post.id in shown, post, f"{where}: {reader} lacks it at home, by {who}, as {ident}")

    def saw_profile(self, reader, where, author, entities, since):
        """`reader` was shown the first page of what `author` has posted."""
        self._saw_list(reader, where, entities, since, self._shown)
        shown = {int(each["id"]) for each in entities}
        for who, ident, post in self._must(entities, since):
            if who == author and self._shown(reader, who, post, since):
                self._hold(ident in shown, post, f"{where}: {reader} lacks it on the profile of {author}, as {ident}")

    def _saw_list(self, reader, where, entities, since, belongs):
        idents = [int(each["id"]) for each in entities]
        assert idents == sorted(idents, reverse=True), f"not in order: {idents}"
        for each in entities:
            who, post = self._numbers[each["account"]["id"]], self._post(each["reblog"] or each)
            if who == post.author or post.id in self.posts:
                told = f"{where}: {reader} must not see it by {who}"
                self._hold(belongs(reader, who, post, since) is not False, post, told)

    def _must(self, entities, since):
        """Of all entries those that a page reaches to, and that were there at `since`."""
        bound = int(entities[-1]["id"]) if len(entities) >= WIDEST else 0
        return [entry for entry in self.entries() if entry[1] >= bound and entry[2].born < since]

    def saw_tie(self, reader, where, other, relationship, since):
        """`reader` was told what they and `other` are to each other."""
        for name, tie in (
            ("following", (FOLLOW, reader, other)),
            ("followed_by", (FOLLOW, other, reader)),
            ("blocking", (BLOCK, reader, other)),
            ("blocked_by", (BLOCK, other, reader)),
            ("muting", (MUTE, reader, other)),
        ):
            known = self._tie(*tie, since)
            assert known in (None, relationship[name]), f"{where}: {reader} and {other}: {name} is {known}"

    def _post(self, entity):
        """The post of an entity; one that only it tells of, if it is of another time, or not yet answered."""
        author = self._numbers[entity["account"]["id"]]
        ident = int(entity["id"])
        return self.posts.get(ident) or Post(ident, author, entity["visibility"] == "private")

    def _hold(self, true, post, words):
        if not true:
            ties = {tie: fact.value for tie, fact in self.ties.items()}
            raise AssertionError("\n".join([words, *post.story, f"{ties}"]))
