"""What an account has bookmarked, as a timeline in the order of bookmarking."""

from heliograph.base.paging import Page
from heliograph.domain.feeds.home import Timeline
from heliograph.domain.feeds.timelines import Timelines
from heliograph.domain.posts.bookmarks import Bookmarks
from heliograph.domain.posts.fragments import Posts


class Bookmarked:
    """Shows bookmarks."""

    def __init__(self, bookmarks: Bookmarks, posts: Posts, timelines: Timelines) -> None:
        self._bookmarks = bookmarks
        self._posts = posts
        self._timelines = timelines

    async def page(self, viewer: int, page: Page) -> Timeline:
        """Bookmarked posts that `viewer` may (still) see; the bounds of `page` are revs.

        Bookmarks of posts that are gone end when they are met: made while the post was being deleted.
        """
        edges = await self._bookmarks.of(viewer, page)
        items = await self._timelines.posts(viewer, edges.ids)
        if len(items) < len(edges.ids):
            await self._end_gone(viewer, edges.ids)
        return Timeline(items, edges.newest, edges.oldest)

    async def _end_gone(self, viewer: int, post_ids: list[int]) -> None:
        posts = await self._posts.fragments(post_ids)
        gone = [ident for ident, (header, _) in posts.items() if header.gone]
        if gone:
            await self._bookmarks.remove(viewer, *gone)
