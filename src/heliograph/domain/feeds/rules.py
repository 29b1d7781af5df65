"""Step 3: what a viewer may see. The product's rules of visibility, in one place, over headers alone.

A block holds in both directions and over everything; a mute only keeps away what comes by itself: whoever looks for a
muted account finds it.
"""

from collections.abc import Sequence

from heliograph.domain.graph.relations import Relations
from heliograph.domain.posts.post import Header, Visibility


def visible(header: Header, viewer: int | None, relations: Relations) -> bool:
    """Whether `viewer` (None: somebody who is not logged in) may see the post at all. Of a reblog ask for both posts."""
    if header.gone:
        return False
    if header.author == viewer:
        return True
    if header.author in relations.blocked:
        return False
    if viewer is not None and viewer in header.mentioned:
        return True
    if header.visibility in (Visibility.PUBLIC, Visibility.UNLISTED):
        return True
    return header.visibility == Visibility.PRIVATE and header.author in relations.following


def visibilities(author: int, viewer: int | None, relations: Relations) -> list[Visibility]:
    """Which posts of `author` the viewer may see without being mentioned in them."""
    if viewer == author:
        return list(Visibility)
    if author in relations.blocked:
        return []
    if author in relations.following:
        return [Visibility.PUBLIC, Visibility.UNLISTED, Visibility.PRIVATE]
    return [Visibility.PUBLIC, Visibility.UNLISTED]


def wanted(header: Header, viewer: int | None, relations: Relations) -> bool:
    """Whether a post that may be seen may also come by itself: into a timeline, a thread, a stream."""
    return header.author == viewer or not (
        header.author in relations.muted
        or header.original_author in relations.muted
        or header.original_author in relations.blocked
    )


def reblogged_as(header: Header, viewer: int, wanted: Visibility) -> Visibility | None:
    """How a post that `viewer` may see is shared by them when they ask for `wanted`; None: not at all.

    One's own private post can be shown to one's followers once more; what others wrote for fewer stays with those.
    """
    if header.visibility in (Visibility.PUBLIC, Visibility.UNLISTED):
        return wanted
    return Visibility.PRIVATE if header.visibility == Visibility.PRIVATE and header.author == viewer else None


def in_public(header: Header) -> bool:
    """Whether the post belongs into the public timeline: public, no reblog, no answer to somebody else."""
    return header.visibility == Visibility.PUBLIC and not header.original and header.reply_to in (0, header.author)


def under_tags(header: Header) -> bool:
    """Whether the post belongs into the timelines of its hashtags: public, no reblog; answers do."""
    return header.visibility == Visibility.PUBLIC and not header.original


def is_talk(header: Header) -> bool:
    """Whether a post is part of a conversation: an answer to somebody else, or a letter."""
    return header.reply_to not in (0, header.author) or header.visibility == Visibility.DIRECT


def all_at_home(headers: Sequence[Header], viewer: int, relations: Relations) -> bool:
    """Whether all of `headers` are `at_home`, as far as that can be said quickly: False decides nothing.

    Nearly every page is of plain posts by those whom the viewer follows, and most people have neither blocked nor muted anybody.
    """
    if relations.blocked or relations.muted:
        return False
    # Nobody is followed who is nobody.
    authors = {header.author if header.plain else 0 for header in headers}
    authors.discard(viewer)
    return relations.following.has_all(authors)


def at_home(header: Header, viewer: int, relations: Relations) -> bool:
    """Whether the post belongs into the home feed of `viewer`: by somebody or with a hashtag whom they follow, or their own.

    Source of the rules for replies and reblogs: what Mastodon's home shows. An answer to somebody whom one does not follow
    is half of a conversation, and stays away; unless it has a hashtag that one follows, whoever wrote it.
    """
    if header.author == viewer:
        return True
    if not visible(header, viewer, relations) or not wanted(header, viewer, relations):
        return False
    return _by_author(header, viewer, relations) or _by_tag(header, relations)


def _by_author(header: Header, viewer: int, relations: Relations) -> bool:
    if header.author not in relations.following:
        return False
    if header.original:
        return header.author not in relations.silent
    return header.reply_to in (0, header.author, viewer) or header.reply_to in relations.following


def _by_tag(header: Header, relations: Relations) -> bool:
    return under_tags(header) and any(tag in relations.tags for tag in header.tags)
