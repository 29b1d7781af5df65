"""/api/v1/markers: how far you have read, the same on all your devices."""

import msgspec
from litestar import Response

from heliograph.base import ids
from heliograph.base.errors import InvalidInputError
from heliograph.domain.notifications.markers import TIMELINES, Marker
from heliograph.web.access import product_of, user, viewer
from heliograph.web.entities.notification import MarkerEntity, marker
from heliograph.web.parameters import fields
from heliograph.web.request import Request
from heliograph.web.routes import api_get, api_post, as_json


class PlaceForm(msgspec.Struct, frozen=True):
    """A place in a timeline."""

    last_read_id: str | int | None = None


class MarkersForm(msgspec.Struct, frozen=True):
    """The markers that are set."""

    home: PlaceForm | None = None
    notifications: PlaceForm | None = None


@api_get("/api/v1/markers", user("read:statuses"), dict[str, MarkerEntity], texts=["timeline"])
async def get(request: Request) -> Response[bytes]:
    """Your markers of `timeline[]`, `home` and `notifications`; what has not been set is left out."""
    query = request.query_params
    asked = {*query.getall("timeline[]", []), *query.getall("timeline", [])}
    wanted = [name for name in TIMELINES if name in asked]
    return _answer(await product_of(request).markers.of(viewer(request), wanted) if wanted else [])


@api_post("/api/v1/markers", user("write:statuses"), dict[str, MarkerEntity])
async def put(request: Request) -> Response[bytes]:
    """Set markers: `home[last_read_id]`, `notifications[last_read_id]`."""
    form = await fields(request, MarkersForm)
    last_read = {name: _last_read(name, getattr(form, name)) for name in TIMELINES if getattr(form, name)}
    return _answer(await product_of(request).markers.set(viewer(request), last_read) if last_read else [])


def _last_read(name: str, place: PlaceForm) -> int:
    ident = ids.parse(place.last_read_id)
    if ident is None:
        raise InvalidInputError(f"{name}[last_read_id]: expected an id, a whole number")
    return ident


def _answer(found: list[Marker]) -> Response[bytes]:
    return as_json(msgspec.json.encode({each.timeline: marker(each) for each in found}))


ROUTES = [get, put]
