"""Every part that pages share, in one place, to be looked at and tested."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from api.ui.operations.faces import OperatorConsole
from api.ui.operations.sayings import Sayings
from api.ui.rendering import page
from tracking_core.kit import clock

router = APIRouter()
_FEW, _MANY = 5, 1_000


@router.get("/components")
async def components(console: OperatorConsole, rows: Annotated[int, Query(ge=0, le=_MANY)] = _FEW) -> Response:
    """``rows`` of its table: as many as a page ever holds stay smooth."""
    say, now = Sayings(console.who.locale), clock.now()
    return page("components/gallery.html", console.who, say=say, rows=rows, now=now)
