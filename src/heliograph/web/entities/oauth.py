"""The shapes of OAuth: applications, tokens, refusals, and what the server can do (RFC 8414)."""

import msgspec

from heliograph.domain.accounts.apps import App
from heliograph.domain.accounts.tokens import IssuedToken


class ApplicationEntity(msgspec.Struct, frozen=True, kw_only=True):
    """An app. `redirect_uri` and `vapid_key` are deprecated, and asked for by older clients."""

    id: str
    name: str
    website: str | None
    scopes: list[str]
    redirect_uris: list[str]
    redirect_uri: str
    vapid_key: str = ""


class CredentialApplicationEntity(ApplicationEntity, frozen=True, kw_only=True):
    """An app with its secret, at the only moment at which that is known."""

    client_id: str
    client_secret: str
    client_secret_expires_at: int = 0


class TokenEntity(msgspec.Struct, frozen=True, kw_only=True):
    """A fresh token."""

    access_token: str
    token_type: str
    scope: str
    created_at: int


class OAuthErrorEntity(msgspec.Struct, frozen=True):
    """A refusal as RFC 6749 §5.2 has it."""

    error: str
    error_description: str


class UserInfoEntity(msgspec.Struct, frozen=True):
    """OpenID Connect's claims about a person."""

    iss: str
    sub: str
    name: str
    preferred_username: str
    profile: str
    picture: str


class ServerMetadataEntity(msgspec.Struct, frozen=True, kw_only=True):
    """RFC 8414's description of this server, and where apps register."""

    issuer: str
    service_documentation: str
    authorization_endpoint: str
    token_endpoint: str
    app_registration_endpoint: str
    revocation_endpoint: str
    userinfo_endpoint: str
    scopes_supported: list[str]
    response_types_supported: list[str]
    response_modes_supported: list[str]
    code_challenge_methods_supported: list[str]
    grant_types_supported: list[str]
    token_endpoint_auth_methods_supported: list[str]
    revocation_endpoint_auth_methods_supported: list[str]


def application(app: App) -> ApplicationEntity:
    """`app` without its secret."""
    return ApplicationEntity(
        id=str(app.id),
        name=app.name,
        website=app.website,
        scopes=list(app.scopes),
        redirect_uris=list(app.redirect_uris),
        redirect_uri="\n".join(app.redirect_uris),
    )


def credential_application(app: App, secret: str) -> CredentialApplicationEntity:
    """`app` as it is told, once, to who registered it."""
    shown = msgspec.structs.asdict(application(app))
    return CredentialApplicationEntity(**shown, client_id=app.client_id, client_secret=secret)


def token(issued: IssuedToken) -> TokenEntity:
    """`issued` as it is told, once, to the app."""
    return TokenEntity(
        access_token=issued.text,
        token_type="Bearer",  # noqa: S106 -- a kind of token, not one
        scope=" ".join(issued.scopes),
        created_at=int(issued.created_at.timestamp()),
    )
