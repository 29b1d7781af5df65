"""The public addresses of things: one place, so that every entity, page and link agrees."""

from heliograph.base.settings import Settings

DEFAULT_AVATAR = "/static/avatar.png"
DEFAULT_HEADER = "/static/header.png"


class Addresses:
    """Makes absolute addresses under the site's public one."""

    def __init__(self, settings: Settings) -> None:
        self.base = settings.url
        self.domain = self.base.partition("://")[2]

    def profile(self, username: str) -> str:
        """The page of an account."""
        return f"{self.base}/@{username}"

    def post(self, username: str, post_id: int) -> str:
        """The page of a post, where the author's name is known."""
        return f"{self.base}/@{username}/{post_id}"

    def post_by_id(self, post_id: int) -> str:
        """The page of a post by its id alone."""
        return f"{self.base}/p/{post_id}"

    def tag(self, name: str) -> str:
        """The page of a hashtag."""
        return f"{self.base}/tags/{name}"

    def media(self, name: str) -> str:
        """An object of the media store; `name` begins with `media/`."""
        return f"{self.base}/{name}"

    def avatar(self, name: str) -> str:
        """An avatar, or the picture for those who have none."""
        return self.media(name) if name else self.base + DEFAULT_AVATAR

    def header(self, name: str) -> str:
        """A header, or the picture for those who have none."""
        return self.media(name) if name else self.base + DEFAULT_HEADER
