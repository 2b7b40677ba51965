"""Access and portability: everything of one person, for the tenant who has to answer them."""

from fastapi import APIRouter
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from api.deps import SessionDep, TenantDep
from tracking_core.portability import export
from tracking_core.privacy.identifiers import identifier

router = APIRouter(prefix="/api/v1/privacy", tags=["privacy"])
# It is one person's, and nobody's cache's.
_HEADERS = {"Cache-Control": "no-store", "Content-Disposition": 'attachment; filename="privacy-export.json"'}


class ExportAsked(BaseModel):
    """``kind`` is email, phone, document, click_id or order."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    kind: str = Field(max_length=20)
    value: str = Field(max_length=320, repr=False)


@router.post("/export")
async def export_person(asked: ExportAsked, tenant: TenantDep, session: SessionDep) -> StreamingResponse:
    """All the hub holds of the person, as ``hub.privacy-export/1``. Ends with ``"is_complete": true``, or broke off."""
    named = identifier(asked.kind, asked.value, country=tenant.default_country)
    person = await export.find(session, tenant, named, actor="tenant_api")
    return StreamingResponse(export.written(tenant, person), media_type="application/json", headers=_HEADERS)
