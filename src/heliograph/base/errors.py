"""The one tree of errors that the rooms share.

A class says what kind of thing went wrong; `web` maps each class to an HTTP status in one place.
The message is the public text: it must not carry secrets, SQL or paths.
"""


class HeliographError(Exception):
    """Something went wrong."""

    def __init__(self, message: str | None = None) -> None:
        """Take `message` as the public text; without one, the class docstring's first line stands in."""
        text = message or (type(self).__doc__ or "").strip().splitlines()[0]
        super().__init__(text)
        self.message = text


class InvalidInputError(HeliographError):
    """The request could not be understood."""


class ValidationError(HeliographError):
    """Validation failed.

    `details` maps a field to its list of `(code, description)`, as Mastodon clients expect of a 422.
    """

    def __init__(self, message: str | None = None, details: dict[str, list[tuple[str, str]]] | None = None) -> None:
        """Take the public text and, where fields are to blame, what is wrong with each."""
        super().__init__(message)
        self.details = details or {}


class UnauthenticatedError(HeliographError):
    """The access token is invalid"""


class LoginRequiredError(UnauthenticatedError):
    """This method requires an authenticated user"""


class ForbiddenError(HeliographError):
    """This action is not allowed"""


class ScopeError(ForbiddenError):
    """This action is outside the authorized scopes"""


class NotFoundError(HeliographError):
    """Record not found"""


class ConflictError(HeliographError):
    """The record has been changed by somebody else."""


class PendingError(HeliographError):
    """The thing asked for is still being made."""


class RateLimitedError(HeliographError):
    """Too many requests"""

    def __init__(self, retry_after_s: int, message: str | None = None) -> None:
        """`retry_after_s`: whole seconds after which it is worth trying again."""
        super().__init__(message)
        self.retry_after_s = retry_after_s


class TooLargeError(HeliographError):
    """The request is too large"""


class StoreUnavailableError(HeliographError):
    """A store is not reachable at the moment. Please try again."""

    def __init__(self, store: str, retry_after_s: int = 2) -> None:
        """`store`: which one (for logs and the Degraded header); `retry_after_s`: when to come back."""
        super().__init__()
        self.store = store
        self.retry_after_s = retry_after_s


class StoreFullError(StoreUnavailableError):
    """There is no room left to store this. Please try again later."""


class StoreConflictError(HeliographError):
    """A unique name or row exists already."""


class ConfigError(HeliographError):
    """The configuration is not usable."""


class StartError(HeliographError):
    """Heliograph cannot start here."""
