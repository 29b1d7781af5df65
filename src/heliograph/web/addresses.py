"""The public addresses of things: one place, so that every entity, page and link agrees."""

from contextvars import ContextVar

from heliograph.base.settings import Settings

DEFAULT_AVATAR = "/static/avatar.png"
DEFAULT_HEADER = "/static/header.png"

# The origin under which the request at hand came (web/origin.py); "" for the site's own address.
told: ContextVar[str] = ContextVar("told_origin", default="")


class Addresses:
    """Makes absolute addresses under the site's own one, which what is cached is made with. `own`: that one."""

    def __init__(self, settings: Settings) -> None:
        self.own = settings.url

    @property
    def base(self) -> str:
        """The origin that all addresses begin with, without a slash at its end."""
        return self.own

    @property
    def domain(self) -> str:
        """The host of the site, with its port where it has one."""
        return self.base.partition("://")[2]

    @property
    def secure(self) -> bool:
        """Whether the site is reached by TLS."""
        return self.base.startswith("https://")

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

    def tagged(self, username: str, name: str) -> str:
        """The page of an account's posts with a hashtag."""
        return f"{self.base}/@{username}/tagged/{name}"

    def media(self, name: str) -> str:
        """An object of the media store; `name` begins with `media/`."""
        return f"{self.base}/{name}"

    def avatar(self, name: str) -> str:
        """An avatar, or the picture for those who have none."""
        return self.media(name) if name else self.base + DEFAULT_AVATAR

    def header(self, name: str) -> str:
        """A header, or the picture for those who have none."""
        return self.media(name) if name else self.base + DEFAULT_HEADER


class RequestAddresses(Addresses):
    """The same under the origin of the request at hand. What is made with it must not be cached for other requests."""

    @property
    def base(self) -> str:
        """The origin that the request came to, as far as a proxy may say that; else the site's own."""
        return told.get() or self.own

    def path(self, address: str) -> str:
        """The path of an address of this site, from its slash on; "" for an address elsewhere."""
        for base in (self.base, self.own):
            if address.startswith(f"{base}/"):
                return address[len(base) :]
        return ""
