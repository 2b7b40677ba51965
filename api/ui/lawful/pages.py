"""``/ops/retention``: how long each kind of data is kept, and whether what is past its time went."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.deps import SessionDep
from api.ui.lawful.words import EFFECTS, KINDS
from api.ui.operations.faces import OPERATOR, OperatorConsole
from api.ui.operations.sayings import Sayings
from api.ui.rendering import page
from tracking_core.i18n import translate
from tracking_core.kit import clock
from tracking_core.retention.status import KindStatus, overview

router = APIRouter(include_in_schema=False)


@router.get(f"{OPERATOR.base}/retention")
async def show_retention(console: OperatorConsole, session: SessionDep, request: Request) -> Response:
    found = await overview(session, request.app.state.settings, clock.now())
    rows = [_row(one, console.who.locale) for one in found]
    failed = [row for row in rows if row["error"]]
    say = Sayings(console.who.locale)
    return page("lawful/retention.html", console.who, console=console, say=say, rows=rows, failed=failed)


def _row(one: KindStatus, locale: str) -> dict[str, object]:
    name, goes = KINDS[one.kind]
    return {
        "status": one,
        "name": translate(name, locale),
        "goes": translate(goes, locale),
        "effect": translate(EFFECTS[one.effect], locale),
        "error": one.last.error if one.last else None,
    }
