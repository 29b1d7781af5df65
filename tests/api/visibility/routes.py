"""Every route of the site: in the matrix, shown by another test, or excepted for a reason. None can be forgotten."""

import re
from typing import Any

from heliograph.web.table import ROUTES

# Shown by a test that is named: a file of tests/, or a function of test_matrix.py or test_seeing.py.
ELSEWHERE = {
    "GET /api/v1/accounts/verify_credentials": "test_requests_are_counted_for_whom_they_are_for",
    "GET /api/v1/notifications/{ident}": "test_what_is_not_listed_is_not_there_by_its_id",
    "GET /api/v2/notifications/{group_key}": "test_what_is_not_listed_is_not_there_by_its_id",
    "GET /api/v1/notifications/unread_count": "test_unread_counts_only_what_is_shown",
    "GET /api/v2/notifications/unread_count": "test_unread_counts_only_what_is_shown",
    "POST /api/v1/conversations/{ident}/read": "test_what_is_not_listed_is_not_there_by_its_id",
    "POST /api/v1/conversations/{ident}/unread": "test_what_is_not_listed_is_not_there_by_its_id",
    "GET /conversations/{ident}": "test_what_is_not_listed_is_not_there_by_its_id",
    "GET /api/v2/instance": "test_numbers_tell_nothing_of_what_is_hidden",
    "GET /api/v1/instance": "test_numbers_tell_nothing_of_what_is_hidden",
    "GET /nodeinfo/2.0": "test_numbers_tell_nothing_of_what_is_hidden",
    "GET /api/v1/tags/{name}": "test_numbers_tell_nothing_of_what_is_hidden",
    "GET /media/{name}": "test_the_address_of_a_private_photo_is_a_capability",
    "GET /api/v1/media/{media_id}": "test_media_api.py",
    "PUT /api/v1/media/{media_id}": "test_media_api.py",
}

EXCEPTIONS = {
    "Only the viewer's own things, in words that hold no post and nobody else's account or count": """
        GET /api/v1/featured_tags
        POST /api/v1/featured_tags
        DELETE /api/v1/featured_tags/{ident}
        GET /api/v1/featured_tags/suggestions
        GET /api/v1/followed_tags
        GET /api/v1/markers
        POST /api/v1/markers
        GET /api/v1/preferences
        PATCH /api/v1/accounts/update_credentials
        GET /oauth/userinfo
        POST /oauth/userinfo
        POST /api/v1/apps
        GET /api/v1/apps/verify_credentials
        POST /api/v1/accounts
        POST /api/v1/media
        POST /api/v2/media
        POST /api/v1/notifications/clear
        POST /api/v1/notifications/{ident}/dismiss
        POST /api/v2/notifications/{group_key}/dismiss
        DELETE /api/v1/conversations/{ident}
    """,
    "Answers a hashtag, as GET /api/v1/tags/{name} does": """
        POST /api/v1/tags/{name}/follow
        POST /api/v1/tags/{name}/unfollow
        POST /api/v1/tags/{name}/feature
        POST /api/v1/tags/{name}/unfeature
    """,
    "A constant: there is nothing of the kind on this site": """
        GET /api/v1/announcements
        GET /api/v1/custom_emojis
        GET /api/v1/instance/domain_blocks
        GET /api/v1/instance/peers
        GET /api/v1/instance/rules
        GET /api/v1/instance/extended_description
        GET /api/v1/instance/translation_languages
        GET /api/v1/trends
        GET /api/v1/trends/links
        GET /api/v1/trends/statuses
        GET /api/v1/trends/tags
        GET /api/v1/domain_blocks
        GET /api/v1/endorsements
        GET /api/v1/filters
        GET /api/v2/filters
        GET /api/v1/lists
        GET /api/v1/accounts/{ident}/lists
        GET /api/v1/notifications/requests
        GET /api/v1/notifications/requests/merged
        GET /api/v1/notifications/policy
        GET /api/v2/notifications/policy
        GET /api/v1/scheduled_statuses
        GET /api/v1/suggestions
        GET /api/v2/suggestions
    """,
    "A stream that never carries anything, or a refusal": """
        GET /api/v1/streaming
        GET /api/v1/streaming/health
        GET /api/v1/streaming/list
        GET /api/v1/streaming/public/remote
        GET /api/v1/streaming/{name}
        GET /api/v1/streaming/{name}/{part}
    """,
    "Decides about a request to the viewer's own account, which only who has asked has": """
        POST /api/v1/follow_requests/{ident}/authorize
        POST /api/v1/follow_requests/{ident}/reject
    """,
    "Of the machine, not of members": """
        GET /health
        GET /healthz
        GET /readyz
        GET /metrics
        GET /favicon.ico
        GET /static/{name}
        GET /.well-known/nodeinfo
        GET /.well-known/host-meta
        GET /.well-known/host-meta.json
        GET /.well-known/oauth-authorization-server
        GET /docs
        GET /docs/openapi.json
        POST /oauth/token
        POST /oauth/revoke
        GET /oauth/authorize
        POST /oauth/authorize
    """,
    "A form of one's own: it shows its owner only": """
        GET /upload
        POST /upload
        POST /upload/photos
        GET /upload/photos/{media_id}
        GET /settings/profile
        POST /settings/profile
        GET /settings/account
        POST /settings/account/export
        POST /settings/account/delete
        GET /settings/hashtags
        GET /auth/password
        POST /auth/password
        GET /auth/password/new
        POST /auth/password/new
        GET /auth/password/reset
        POST /auth/password/reset
        GET /auth/sign_in
        POST /auth/sign_in
        POST /auth/sign_out
        GET /auth/sessions
        POST /auth/sessions/end
        GET /auth/apps
        POST /auth/apps/end
        GET /auth/sign_up
        POST /auth/sign_up
        GET /auth/confirm
        POST /auth/confirm
    """,
    "A button or a form of a page: it answers with a redirect or its own button, and calls what the API calls (tests/api/oauth/test_pages.py)": """
        POST /p/{post_id}/comment
        POST /p/{post_id}/edit
        POST /p/{post_id}/delete
        POST /p/{post_id}/{name}
        POST /conversations
        POST /conversations/{ident}/remove
        POST /notifications/clear
        POST /{handle}/follow
        POST /{handle}/unfollow
        POST /{handle}/bell
        POST /{handle}/unbell
        POST /{handle}/show_shares
        POST /{handle}/hide_shares
        POST /{handle}/mute
        POST /{handle}/unmute
        POST /{handle}/block
        POST /{handle}/unblock
        POST /{handle}/remove_follower
        POST /{handle}/accept
        POST /{handle}/refuse
        POST /{handle}/note
        POST /tags/{name}/follow
        POST /tags/{name}/unfollow
        POST /tags/{name}/feature
        POST /tags/{name}/unfeature
    """,
}  # fmt: skip


def all_routes() -> list[str]:
    """`METHOD /path` of each route of the site; WS for a WebSocket."""
    return [
        f"{method} {re.sub(r':[a-z]+}', '}', path)}"
        for route in ROUTES
        for path in route.paths
        for method in _methods(route)
    ]


def _methods(route: Any) -> list[str]:
    return sorted(getattr(route, "http_methods", ["WS"]))


def excepted() -> list[str]:
    """The routes of EXCEPTIONS."""
    return [line.strip() for lines in EXCEPTIONS.values() for line in lines.strip().splitlines()]
