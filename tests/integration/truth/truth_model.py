"""What people on two web processes may see: no less than was answered before they asked, no less than they saw before.

Texts have a number that each edit raises; likes and reblogs are only added. So everything that is shown of a post has an
order, and "back in time" is a smaller number. Raises AssertionError with the story of the post.
"""

import re
from dataclasses import dataclass, field

DELETION = "deletion asked"
REVISION = re.compile(r"rev (\d+)")


@dataclass
class Post:
    """What was answered of one post."""

    id: str
    author: int
    revision: int = 0
    likers: set = field(default_factory=set)
    rebloggers: set = field(default_factory=set)
    deleted: bool = False
    story: list = field(default_factory=list)


@dataclass(frozen=True)
class Seen:
    """How far a post was seen to be, or must be."""

    revision: int = 0
    likes: int = 0
    reblogs: int = 0

    def no_less_than(self, other):
        return self.revision >= other.revision and self.likes >= other.likes and self.reblogs >= other.reblogs

    def with_all(self, other):
        return Seen(max(self.revision, other.revision), max(self.likes, other.likes), max(self.reblogs, other.reblogs))


class Model:
    """Posts by id, and what each of `people` has seen of them."""

    def __init__(self, people):
        self.posts = {}
        self._seen = [{} for _ in people]
        self._gone = [set() for _ in people]

    def alive(self):
        return [post for post in self.posts.values() if not post.deleted]

    def least(self, person):
        """For each post what `person` must see who asks now; None: nothing, for it is deleted or was seen to be."""
        found = {}
        for ident, post in self.posts.items():
            answered = Seen(post.revision, len(post.likers), len(post.rebloggers))
            gone = post.deleted or ident in self._gone[person]
            found[ident] = None if gone else answered.with_all(self._seen[person].get(ident, Seen()))
        mine = {ident for ident, post in self.posts.items() if person in post.likers}
        return found, mine

    def saw(self, person, where, shown, must):
        """`person` was shown `shown`, an entity, who when they asked must have seen `must` (see `least`) of everything."""
        least, liked = must
        ident = shown["id"]
        post = self.posts.get(ident)
        if post is None:
            return
        seen = Seen(int(REVISION.search(shown["content"])[1]), shown["favourites_count"], shown["reblogs_count"])
        post.story.append(f"{where}: {person} saw {seen}")
        wanted = least.get(ident, Seen())
        assert wanted is not None, f"deleted, and shown\n{self._told(post)}"
        if DELETION in post.story:
            # It goes while this is read: its likes may have gone before it.
            return
        assert seen.no_less_than(wanted), f"{seen} after {wanted}\n{self._told(post)}"
        assert ident not in liked or shown["favourited"], f"the like of {person} is not shown\n{self._told(post)}"
        self._seen[person][ident] = seen.with_all(self._seen[person].get(ident, Seen()))

    def missed(self, person, where, ident):
        """`person` was told that there is no such post."""
        post = self.posts[ident]
        post.story.append(f"{where}: {person} did not find it")
        self._gone[person].add(ident)
        assert post.deleted or DELETION in post.story, f"it was there\n{self._told(post)}"

    @staticmethod
    def _told(post):
        return "\n".join(post.story)
