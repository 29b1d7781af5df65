"""The route table: every route handler of the site, in one list that tests can walk."""

from typing import Any

from heliograph.web.api import (
    accounts,
    apps,
    favourites,
    follows,
    instance,
    media,
    oauth,
    registration,
    statuses,
    timelines,
)
from heliograph.web.operate import health
from heliograph.web.pages import authorize, passwords, sessions, signup

ROUTES: list[Any] = [
    *accounts.ROUTES,
    *apps.ROUTES,
    *favourites.ROUTES,
    *follows.ROUTES,
    *instance.ROUTES,
    *media.ROUTES,
    *oauth.ROUTES,
    *registration.ROUTES,
    *statuses.ROUTES,
    *timelines.ROUTES,
    *health.ROUTES,
    *authorize.ROUTES,
    *passwords.ROUTES,
    *sessions.ROUTES,
    *signup.ROUTES,
]
