"""The route table: every route handler of the site, in one list that tests can walk."""

from typing import Any

from heliograph.web.api import accounts, favourites, follows, instance, media, statuses, timelines
from heliograph.web.operate import health

ROUTES: list[Any] = [
    *accounts.ROUTES,
    *favourites.ROUTES,
    *follows.ROUTES,
    *instance.ROUTES,
    *media.ROUTES,
    *statuses.ROUTES,
    *timelines.ROUTES,
    *health.ROUTES,
]
