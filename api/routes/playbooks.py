"""``GET /api/v1/setup/playbooks/{code}``: what to do about a failure, the same that the agent goes by."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request

from agent.prompts.playbooks import playbook_of
from tracking_core.errors import NotFound
from tracking_core.i18n import negotiate

router = APIRouter(prefix="/api/v1/setup/playbooks", tags=["setup"])


@router.get("/{code}")
async def read_playbook(
    code: Annotated[str, Path(pattern=r"^[a-z][a-z0-9_]{0,63}$")], request: Request
) -> dict[str, Any]:
    """Title, cause, steps and a question, in the language asked for. 404 for a code that has none. No key is needed:
    nothing in it is anybody's."""
    found = playbook_of(code, {}, negotiate(request.headers.get("accept-language")))
    if found is None:
        raise NotFound(what="playbook")
    return asdict(found)
