"""Refusals of the OAuth protocol (RFC 6749 §5.2, §4.1.2.1). The web renders them as that RFC has them, not as Mastodon's."""

from heliograph.base.errors import InvalidInputError


class OAuthError(InvalidInputError):
    """The request is malformed."""

    code = "invalid_request"


class InvalidClientError(OAuthError):
    """Client authentication failed due to unknown client, no client authentication included, or unsupported authentication method."""

    code = "invalid_client"


class InvalidGrantError(OAuthError):
    """The provided authorization grant is invalid, expired, revoked, does not match the redirection URI used in the authorization request, or was issued to another client."""

    code = "invalid_grant"


class InvalidScopeError(OAuthError):
    """The requested scope is invalid, unknown, or malformed."""

    code = "invalid_scope"


class InvalidRedirectError(OAuthError):
    """The requested redirect uri is malformed or doesn't match client redirect URI."""

    code = "invalid_redirect_uri"


class UnauthorizedClientError(OAuthError):
    """You are not authorized to revoke this token."""

    code = "unauthorized_client"


class UnsupportedGrantError(OAuthError):
    """The authorization grant type is not supported by the authorization server."""

    code = "unsupported_grant_type"


class UnsupportedResponseTypeError(OAuthError):
    """The authorization server does not support this response type."""

    code = "unsupported_response_type"
