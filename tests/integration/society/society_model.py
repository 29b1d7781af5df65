"""What ten people must see, in plain sets and lists: the product's rules once more, from its documentation and the API's.

Nothing here comes from the product. People are numbers from 0 on, posts are ids, `None` is somebody who is not logged in.
"""

from dataclasses import dataclass, field

from society_notices import Notices

PUBLIC, UNLISTED, PRIVATE, DIRECT = "public", "unlisted", "private", "direct"
OPEN = (PUBLIC, UNLISTED)
PINS_AT_MOST = 5

Edge = tuple[int, int]


@dataclass
class Post:
    """A post, or (`original`) a reblog. `word`: in the text, and in no other; `answers`: the post, `answered`: whose."""

    id: int
    author: int
    visibility: str
    word: str = ""
    mentions: set[int] = field(default_factory=set)
    tags: set[int] = field(default_factory=set)
    answers: int = 0
    answered: int | None = None
    root: int = 0
    original: int = 0
    gone: bool = False


@dataclass
class Follow:
    """A follow or a request, and what its maker wants."""

    reblogs: bool = True
    bell: bool = False


@dataclass
class Model:
    """What has been done. All dictionaries are in the order in which their entries were made, the latest last."""

    size: int
    posts: dict[int, Post] = field(default_factory=dict)
    follows: dict[Edge, Follow] = field(default_factory=dict)
    requests: dict[Edge, Follow] = field(default_factory=dict)
    locked: set[int] = field(default_factory=set)
    blocks: dict[Edge, bool] = field(default_factory=dict)
    # Whether nothing is told of who is muted either.
    mutes: dict[Edge, bool] = field(default_factory=dict)
    likes: dict[Edge, bool] = field(default_factory=dict)
    bookmarks: dict[Edge, bool] = field(default_factory=dict)
    pins: dict[Edge, bool] = field(default_factory=dict)
    tag_follows: dict[Edge, bool] = field(default_factory=dict)
    # (who, post) of reblogs, and the post that stands for each.
    reblogs: dict[Edge, int] = field(default_factory=dict)
    # Pairs that a block has stood between, and followers who ever had a bell.
    ever_blocked: set[frozenset[int]] = field(default_factory=set)
    ever_bell: set[Edge] = field(default_factory=set)
    # Direct posts whom others were to see at one time than at another.
    readdressed: set[int] = field(default_factory=set)
    # What has been delivered, as it is: it must be wherever it belongs.
    settled: set[int] = field(default_factory=set)
    notices: Notices = field(default_factory=Notices)

    def drained(self) -> None:
        """Every message has been handled."""
        self.settled = {post.id for post in self.alive()}
        self.notices.drained()

    def unsettle(self, ident: int) -> None:
        """A post belongs elsewhere from now on, and what shows it."""
        self.settled.discard(ident)

    # Posts.

    def alive(self) -> list[Post]:
        """All posts, the latest first."""
        return [self.posts[ident] for ident in sorted(self.posts, reverse=True) if not self.posts[ident].gone]

    def originals(self) -> list[Post]:
        return [post for post in self.alive() if not post.original]

    def shown(self, post: Post) -> Post:
        """What one sees of it."""
        return self.posts[post.original] if post.original else post

    def apart(self, one: int | None, other: int) -> bool:
        """Whether one of the two blocks the other."""
        return one is not None and ((one, other) in self.blocks or (other, one) in self.blocks)

    def sees(self, viewer: int | None, ident: int) -> bool:
        """Whether somebody may see a post; of a reblog also what it shows."""
        post = self.posts.get(ident)
        if post is None or post.gone or (post.original and not self.sees(viewer, post.original)):
            return False
        if post.author == viewer:
            return True
        if self.apart(viewer, post.author):
            return False
        follows = viewer is not None and (viewer, post.author) in self.follows
        return viewer in post.mentions or post.visibility in OPEN or (post.visibility == PRIVATE and follows)

    def welcome(self, viewer: int | None, post: Post) -> bool:
        """Whether a post may come to somebody by itself: they may see it, and mute nobody in it."""
        muted = [viewer is not None and (viewer, each.author) in self.mutes for each in (post, self.shown(post))]
        return self.sees(viewer, post.id) and (post.author == viewer or not any(muted))

    # Timelines, the latest post first.

    def home(self, viewer: int) -> list[int]:
        return [post.id for post in self.alive() if self._at_home(viewer, post)]

    def _at_home(self, viewer: int, post: Post) -> bool:
        if not self.welcome(viewer, post):
            return False
        return post.author == viewer or self._by_author(viewer, post) or self._by_tag(viewer, post)

    def _by_author(self, viewer: int, post: Post) -> bool:
        follow = self.follows.get((viewer, post.author))
        if follow is None or post.original:
            return follow is not None and follow.reblogs
        return post.answered in (None, post.author, viewer) or (viewer, post.answered) in self.follows

    def _by_tag(self, viewer: int, post: Post) -> bool:
        return self.in_tags(post) and any((viewer, tag) in self.tag_follows for tag in post.tags)

    @staticmethod
    def in_tags(post: Post) -> bool:
        return post.visibility == PUBLIC and not post.original

    def account(self, viewer: int | None, author: int) -> list[int]:
        return [post.id for post in self.alive() if post.author == author and self.sees(viewer, post.id)]

    def public(self, viewer: int | None) -> list[int]:
        posts = [post for post in self.alive() if self.in_tags(post) and post.answered in (None, post.author)]
        return [post.id for post in posts if self.welcome(viewer, post)]

    def tag(self, viewer: int | None, tag: int) -> list[int]:
        posts = [post for post in self.alive() if self.in_tags(post) and tag in post.tags]
        return [post.id for post in posts if self.welcome(viewer, post)]

    def kept(self, edges: dict[Edge, bool], who: int, viewer: int | None) -> list[int]:
        """The posts that `who` likes, bookmarks or pins, the latest first, those that `viewer` may see."""
        return [ident for each, ident in reversed(edges) if each == who and self.sees(viewer, ident)]

    # Threads.

    def context(self, viewer: int | None, ident: int) -> tuple[list[int], list[int]]:
        """What is above a post, the root first; what is below, depth first, an author's answers to themselves first."""
        start = self.shown(self.posts[ident])
        above, at = [], start
        while at.answers:
            at = self.posts[at.answers]
            above.append(at.id)
        below: list[int] = []
        self._below(start.id, below)

        def fits(ident: int) -> bool:
            return self.welcome(viewer, self.posts[ident])

        return list(filter(fits, above[::-1])), list(filter(fits, below))

    def _below(self, ident: int, found: list[int]) -> None:
        answers = [post for post in self.posts.values() if post.answers == ident]
        answers.sort(key=lambda post: (post.gone or post.answered != post.author, post.id))
        for post in answers:
            found.append(post.id)
            self._below(post.id, found)

    # People.

    def followers(self, who: int, viewer: int | None) -> list[int]:
        return self._at_end([a for a, b in self.follows if b == who], who, viewer)

    def following(self, who: int, viewer: int | None) -> list[int]:
        return self._at_end([b for a, b in self.follows if a == who], who, viewer)

    def _at_end(self, found: list[int], who: int, viewer: int | None) -> list[int]:
        return [] if self.apart(viewer, who) else [each for each in found[::-1] if not self.apart(viewer, each)]

    def likers(self, ident: int, viewer: int | None) -> list[int]:
        return [who for who, liked in reversed(self.likes) if liked == ident and not self.apart(viewer, who)]

    def rebloggers(self, ident: int, viewer: int | None) -> list[int]:
        """Those who have done it openly."""
        found = [who for (who, original), made in self.reblogs.items() if original == ident and self._open(made)]
        return [who for who in found[::-1] if not self.apart(viewer, who)]

    def _open(self, ident: int) -> bool:
        return self.posts[ident].visibility in OPEN

    def relationship(self, who: int, other: int) -> dict[str, object]:
        follow = self.follows.get((who, other)) or self.requests.get((who, other))
        return {
            "following": (who, other) in self.follows,
            "requested": (who, other) in self.requests,
            "showing_reblogs": follow is not None and follow.reblogs,
            "notifying": follow is not None and follow.bell,
            "languages": None,
            "followed_by": (other, who) in self.follows,
            "requested_by": (other, who) in self.requests,
            "blocking": (who, other) in self.blocks,
            "blocked_by": (other, who) in self.blocks,
            "muting": (who, other) in self.mutes,
            "muting_notifications": self.mutes.get((who, other), False),
            "muting_expires_at": None,
            "domain_blocking": False,
            "endorsed": False,
            "note": "",
        }

    # Counts, which are the same for everybody.

    def account_counts(self, who: int) -> dict[str, int]:
        posts = [post for post in self.alive() if post.author == who and post.visibility != DIRECT]
        return {
            "statuses_count": len(posts),
            "followers_count": len(self.followers(who, None)),
            "following_count": len(self.following(who, None)),
        }

    def post_counts(self, ident: int) -> dict[str, int]:
        replies = [post for post in self.alive() if post.answers == ident and post.visibility in OPEN]
        return {
            "favourites_count": len(self.likers(ident, None)),
            "reblogs_count": len(self.rebloggers(ident, None)),
            "replies_count": len(replies),
        }

    # Notifications: whether somebody is told of something at this moment.

    def silenced(self, who: int, by: int) -> bool:
        """Whether nothing that `by` does is told to `who`."""
        return self.apart(who, by) or self.mutes.get((who, by), False)

    def tellable(self, who: int, kind: str, by: int, ident: int) -> bool:
        if self.silenced(who, by):
            return False
        post = self.posts.get(ident)
        if kind == "mention":
            return who in post.mentions or (post.answered == who and self.sees(who, ident))
        if kind == "status":
            follow = self.follows.get((who, by))
            return follow is not None and follow.bell and who not in post.mentions
        return True

    def readable(self, who: int, by: int, ident: int) -> bool:
        """Whether a notification may be read."""
        return not self.silenced(who, by) and (not ident or self.sees(who, ident))

    # Conversations.

    def addressed(self, who: int, root: int) -> list[Post]:
        """The direct posts of a thread that are for `who`, also by themselves, deleted ones too; the latest first."""
        thread = [self.posts[ident] for ident in sorted(self.posts, reverse=True) if self.posts[ident].root == root]
        return [post for post in thread if post.visibility == DIRECT and who in (post.author, *post.mentions)]
