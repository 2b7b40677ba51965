"""What every page of the alerts is given."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import HTMLResponse

from api.ui.alerts import places, views
from api.ui.alerts.places import Place
from api.ui.alerts.words import TITLES
from api.ui.operations.faces import OPERATOR, Console
from api.ui.operations.sayings import Sayings
from api.ui.rendering import page
from api.ui.visitor import Visitor
from tracking_core.alerts import service
from tracking_core.alerts.channels import service as channels
from tracking_core.alerts.channels.explain import explain
from tracking_core.kit import clock
from tracking_core.models import AlertState, Tenant
from tracking_core.reporting.metrics import Unit
from tracking_core.reporting.pages import Place as At
from tracking_core.reporting.scope import EVERYONE, Scope

_PAST = 10


def show(
    name: str, who: Visitor, *, tenant: Tenant | None = None, http_status: int = 200, **context: Any
) -> HTMLResponse:
    """The template of this name; ``tenant`` narrows an operator's pages."""
    console = Console(face=OPERATOR, who=who, tenant=tenant)
    known = {"places": places, "views": views, "titles": TITLES, "explain": explain, "units": Unit}
    told = {"console": console, "say": Sayings(who.locale), "now": clock.now(), **known, **context}
    return page(f"alerts/{name}.html", who, http_status=http_status, **told)


async def show_place(session: AsyncSession, place: Place, *, http_status: int = 200, **context: Any) -> HTMLResponse:
    """The page on which the place's channels are. ``context``: what became of a form, by the names of ``_NOTHING``."""
    told = {**_NOTHING, "where": place, "channels": await channels.listed(session, place.tenant_id), **context}
    told |= await (_sellers(session, place) if place.is_sellers else _settings(session, place))
    name = "seller" if place.is_sellers else "settings"
    return show(name, place.who, tenant=place.tenant, http_status=http_status, **told)


# ``added``, ``tested`` and ``saved`` name what a form did; ``secret`` is shown once; ``wrong`` are sentences by the
# field of the form that adds a channel, ``given`` what stood in it; ``threshold`` is the form that was refused.
_NOTHING: dict[str, Any] = {
    "added": "",
    "tested": "",
    "saved": "",
    "secret": "",
    "wrong": {},
    "given": {},
    "threshold": None,
    "most_channels": channels.MOST,
}


async def _settings(session: AsyncSession, place: Place) -> dict[str, Any]:
    return {"objectives": await service.objectives(session, scope_of(place.tenant), clock.now())}


async def _sellers(session: AsyncSession, place: Place) -> dict[str, Any]:
    scope, now, locale = scope_of(place.tenant), clock.now(), place.who.locale
    past = await service.list_alerts(session, scope, At(service.TABLE, limit=_PAST), state=AlertState.RECOVERED)
    open_ = await service.open_alerts(session, scope)
    cards = [views.alert_card(one, locale, now, is_sellers=True) for one in open_]
    return {"cards": cards, "past": [views.alert_card(one, locale, now, is_sellers=True) for one in past.items]}


def scope_of(tenant: Tenant | None) -> Scope:
    return Scope(tenant.id) if tenant else EVERYONE
