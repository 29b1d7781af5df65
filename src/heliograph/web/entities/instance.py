"""Instance (v1 and v2) and nodeinfo: what the site says of itself."""

from typing import Any

from heliograph import __version__
from heliograph.base.settings import Settings
from heliograph.domain.accounts.account import DISPLAY_NAME_MAX, FIELD_MAX, FIELDS_MAX, NOTE_MAX
from heliograph.domain.media.uploads import MAX_DESCRIPTION
from heliograph.domain.posts.pins import PINS_AT_MOST
from heliograph.domain.posts.post import MAX_CHARACTERS, MAX_PHOTOS
from heliograph.web.addresses import Addresses

# Clients read the number in front to know which API to expect.
API_VERSION = "4.5.0"
MIME_TYPES = ["image/jpeg", "image/png", "image/webp", "image/gif", "image/heic", "image/heif"]


def version() -> str:
    """The version as clients parse it."""
    return f"{API_VERSION} (compatible; Heliograph {__version__})"


def configuration(settings: Settings, addresses: Addresses) -> dict[str, Any]:
    """The limits that clients keep to."""
    return {
        "urls": {
            "streaming": addresses.base.replace("http", "ws", 1),
            "status": None,
            "about": addresses.base,
            "privacy_policy": None,
            "terms_of_service": None,
        },
        "vapid": {"public_key": ""},
        "accounts": {
            "max_display_name_length": DISPLAY_NAME_MAX,
            "max_note_length": NOTE_MAX,
            # Avatars and headers have no descriptions yet.
            "max_avatar_description_length": 0,
            "max_header_description_length": 0,
            "max_featured_tags": 0,
            "max_pinned_statuses": PINS_AT_MOST,
            "max_profile_fields": FIELDS_MAX,
            "profile_field_name_limit": FIELD_MAX,
            "profile_field_value_limit": FIELD_MAX,
        },
        "statuses": {
            "max_characters": MAX_CHARACTERS,
            "max_media_attachments": MAX_PHOTOS,
            "characters_reserved_per_url": 23,
        },
        "media_attachments": {
            "supported_mime_types": MIME_TYPES,
            "description_limit": MAX_DESCRIPTION,
            "image_size_limit": settings.upload_max_bytes,
            "image_matrix_limit": settings.upload_max_megapixels * 1_000_000,
            "video_size_limit": 0,
            "video_frame_rate_limit": 0,
            "video_matrix_limit": 0,
        },
        "polls": {"max_options": 0, "max_characters_per_option": 0, "min_expiration": 0, "max_expiration": 0},
        "translation": {"enabled": False},
        "timelines_access": {
            "live_feeds": {"local": "public", "remote": "disabled"},
            "hashtag_feeds": {"local": "public", "remote": "disabled"},
            "trending_link_feeds": {"local": "disabled", "remote": "disabled"},
        },
        "limited_federation": True,
    }


def v2(settings: Settings, addresses: Addresses, usage: dict[str, int]) -> dict[str, Any]:
    """GET /api/v2/instance."""
    return {
        "domain": addresses.domain,
        "title": settings.site_name,
        "version": version(),
        "source_url": addresses.base,
        "description": settings.site_description,
        "wrapstodon": None,
        "usage": {"users": {"active_month": usage["active_month"]}},
        "thumbnail": {
            "url": f"{addresses.base}/static/thumbnail.png",
            "description": "",
            "versions": {},
        },
        "icon": [],
        "languages": ["en"],
        "configuration": configuration(settings, addresses),
        "registrations": {
            "enabled": settings.registration != "closed",
            "approval_required": settings.registration == "approval",
            "reason_required": settings.registration == "approval",
            "message": None,
            "min_age": None,
            "url": f"{addresses.base}/auth/sign_up",
        },
        "api_versions": {"mastodon": 7},
        "contact": {"email": settings.contact_email, "account": None},
        "rules": [],
    }


def v1(settings: Settings, addresses: Addresses, usage: dict[str, int]) -> dict[str, Any]:
    """GET /api/v1/instance."""
    return {
        "uri": addresses.domain,
        "title": settings.site_name,
        "short_description": settings.site_description,
        "description": settings.site_description,
        "email": settings.contact_email,
        "version": version(),
        "urls": {"streaming_api": addresses.base.replace("http", "ws", 1)},
        "stats": {"user_count": usage["accounts"], "status_count": usage["posts"], "domain_count": 1},
        "thumbnail": f"{addresses.base}/static/thumbnail.png",
        "languages": ["en"],
        "registrations": settings.registration != "closed",
        "approval_required": settings.registration == "approval",
        "invites_enabled": False,
        "configuration": configuration(settings, addresses),
        "contact_account": None,
        "rules": [],
    }


def nodeinfo(settings: Settings, usage: dict[str, int]) -> dict[str, Any]:
    """GET /nodeinfo/2.0 (schema: nodeinfo.diaspora.software)."""
    return {
        "version": "2.0",
        "software": {"name": "heliograph", "version": __version__},
        "protocols": [],
        "services": {"outbound": [], "inbound": []},
        "usage": {
            "users": {
                "total": usage["accounts"],
                "activeMonth": usage["active_month"],
                "activeHalfyear": usage["active_half_year"],
            },
            "localPosts": usage["posts"],
        },
        "openRegistrations": settings.registration == "open",
        "metadata": {"nodeName": settings.site_name, "nodeDescription": settings.site_description},
    }
