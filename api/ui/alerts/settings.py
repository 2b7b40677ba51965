"""The place itself: thresholds and channels of the hub or of a shop for an operator, a seller's alerts and channels."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import RedirectResponse, Response

from api.deps import SessionDep
from api.ui.alerts.places import Place, PlaceDep
from api.ui.alerts.showing import scope_of, show_place
from api.ui.alerts.words import read as read_number
from tracking_core.alerts import service
from tracking_core.alerts.service import ObjectiveChange, ObjectiveView
from tracking_core.errors import InvalidRequest, NotFound
from tracking_core.kit import clock

router = APIRouter()
thresholds = APIRouter(prefix="/thresholds")
_SEE_OTHER, _UNPROCESSABLE = 303, 422
_Named = Annotated[str, Query(max_length=64)]


@router.get("")
async def read(
    place: PlaceDep, session: SessionDep, added: _Named = "", tested: _Named = "", saved: _Named = ""
) -> Response:
    return await show_place(session, place, added=added, tested=tested, saved=saved)


@thresholds.post("/{code}")
async def save(code: str, place: PlaceDep, session: SessionDep, request: Request) -> Response:
    """What is left empty goes back to the default. Raises NotFound."""
    said = {name: value for name, value in (await request.form()).items() if isinstance(value, str)}
    known = await _known(session, place, code)
    wanted, errors = _wanted(known, said, place.who.locale)
    if errors:
        threshold = {"code": code, "said": said, "errors": errors, "is_enabled": "enabled" in said}
        return await show_place(session, place, http_status=_UNPROCESSABLE, threshold=threshold)
    await service.set_objective(session, place.tenant_id, code, wanted, actor=place.actor, now=clock.now())
    return RedirectResponse(place.to(saved=code) + f"#objective-{code}", _SEE_OTHER)


async def _known(session: AsyncSession, place: Place, code: str) -> ObjectiveView:
    found = await service.objectives(session, scope_of(place.tenant), clock.now())
    known = next((one for one in found if one.code == code), None)
    if known is None:
        raise NotFound(what="objective")
    return known


def _wanted(known: ObjectiveView, said: dict[str, str], locale: str) -> tuple[ObjectiveChange, dict[str, str]]:
    """What is asked for, and a sentence for each number that is none or out of bounds."""
    numbers, errors = {}, {}
    for name, number in known.numbers.items():
        try:
            numbers[name] = read_number(name, said.get(name, ""), number, locale)
        except InvalidRequest as wrong:
            errors[name] = wrong.errors[0]["message"]
    return ObjectiveChange(enabled="enabled" in said, numbers=numbers), errors
