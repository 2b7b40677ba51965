"""The wizard: one page for each step, which says how far it is and what is to be done. Every form works alone; with
scripts the page follows the setup live."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from api.deps import SessionDep
from api.ui import paths
from api.ui.setup.access import setup_of
from api.ui.setup.steps import Step, first_open
from api.ui.setup.views import Wizard
from api.ui.visitor import SignedInDep

router = APIRouter(prefix=paths.SETUPS, include_in_schema=False)


@router.get("/{session_id}")
async def wizard(
    session_id: UUID,
    who: SignedInDep,
    session: SessionDep,
    request: Request,
    step: Annotated[Step | None, Query()] = None,
    before: Annotated[UUID | None, Query()] = None,
) -> Response:
    """The step asked for, else the first that is not done; in the chat, the messages ``before`` one."""
    setup = await setup_of(session, who, session_id)
    shown = step or first_open(setup.stages, has_contact=setup.contact is not None)
    return await Wizard(session, request, who, setup, before).page(shown)


@router.get("/{session_id}/fragments/{step}")
async def fragment(session_id: UUID, step: Step, who: SignedInDep, session: SessionDep, request: Request) -> Response:
    """Those parts of a step that change while somebody looks at it."""
    setup = await setup_of(session, who, session_id)
    return await Wizard(session, request, who, setup).live(step)
