"""Step 3: what a viewer may see. The product's rules of visibility, in one place, over headers alone."""

from heliograph.domain.graph.relations import Relations
from heliograph.domain.posts.post import Header, Visibility


def visible(header: Header, viewer: int | None, relations: Relations) -> bool:
    """Whether `viewer` (None: somebody who is not logged in) may see the post at all."""
    if header.gone:
        return False
    if viewer is not None and (header.author == viewer or viewer in header.mentioned):
        return True
    if header.visibility in (Visibility.PUBLIC, Visibility.UNLISTED):
        return True
    return header.visibility == Visibility.PRIVATE and header.author in relations.following


def visibilities(author: int, viewer: int | None, relations: Relations) -> list[Visibility]:
    """Which posts of `author` the viewer may see without being mentioned in them."""
    if viewer == author:
        return list(Visibility)
    if author in relations.following:
        return [Visibility.PUBLIC, Visibility.UNLISTED, Visibility.PRIVATE]
    return [Visibility.PUBLIC, Visibility.UNLISTED]


def at_home(header: Header, viewer: int, relations: Relations) -> bool:
    """Whether the post belongs into the home feed of `viewer`: of somebody whom they follow now, or their own."""
    if header.author != viewer and header.author not in relations.following:
        return False
    return visible(header, viewer, relations)
