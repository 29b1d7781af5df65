"""The route table: every route handler of the site, in one list that tests can walk."""

from typing import Any

from heliograph.web.api import (
    accounts,
    apps,
    favourites,
    follows,
    instance,
    later,
    media,
    oauth,
    reblogs,
    registration,
    search,
    statuses,
    streaming,
    timelines,
)
from heliograph.web.operate import health
from heliograph.web.pages import (
    assets,
    authorize,
    docs,
    front,
    passwords,
    post,
    profile,
    sessions,
    settings,
    signup,
    upload,
)
from heliograph.web.pages import search as search_pages

ROUTES: list[Any] = [
    *accounts.ROUTES,
    *apps.ROUTES,
    *favourites.ROUTES,
    *follows.ROUTES,
    *instance.ROUTES,
    *later.ROUTES,
    *media.ROUTES,
    *oauth.ROUTES,
    *reblogs.ROUTES,
    *registration.ROUTES,
    *search.ROUTES,
    *statuses.ROUTES,
    *streaming.ROUTES,
    *timelines.ROUTES,
    *health.ROUTES,
    *assets.ROUTES,
    *authorize.ROUTES,
    *docs.ROUTES,
    *front.ROUTES,
    *passwords.ROUTES,
    *post.ROUTES,
    *profile.ROUTES,
    *search_pages.ROUTES,
    *sessions.ROUTES,
    *settings.ROUTES,
    *signup.ROUTES,
    *upload.ROUTES,
]
