"""One tenant: what is set for it, and the way to everything of it."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import RedirectResponse, Response

from api.deps import SessionDep
from api.routes.tenant_settings import SettingsChange
from api.ui import paths
from api.ui.operations.faces import OPERATOR, Console
from api.ui.operations.forms import Form
from api.ui.operations.sayings import Sayings
from api.ui.operations.showing import show
from api.ui.visitor import OperatorDep, Visitor
from tracking_core.db.engine import transaction
from tracking_core.errors import Conflict
from tracking_core.models import ConsentMode
from tracking_core.tenants import preferences
from tracking_core.tenants import service as tenants
from tracking_core.tenants.preferences import BOUNDS, Preferences, version_of

router = APIRouter(prefix="/tenants")
_SEE_OTHER, _UNPROCESSABLE = 303, 422
_NAMES = tuple(Preferences.model_fields)


@router.get("/{tenant_id:uuid}")
async def read_tenant(tenant_id: UUID, who: OperatorDep, session: SessionDep, request: Request) -> Response:
    console = await _console(session, who, tenant_id)
    known = await preferences.read(session, tenant_id)
    form = Form({**_fields(known, who.locale), "version": version_of(known)}, who.locale)
    return _page(console, form, is_saved="saved" in request.query_params)


@router.post("/{tenant_id:uuid}")
async def change_settings(tenant_id: UUID, who: OperatorDep, request: Request) -> Response:
    """Save them all. What somebody else saved meanwhile is shown beside what was to be saved, and nothing is lost."""
    said = {name: value for name, value in (await request.form()).items() if isinstance(value, str)}
    form = Form(said, who.locale)
    try:
        wanted = _wanted(form)
        async with transaction() as session:
            console = await _console(session, who, tenant_id)
            await preferences.change(
                session, tenant_id, wanted.preferences(), version=wanted.version, actor=console.actor
            )
    except ValidationError:
        return await _again(who, tenant_id, form)
    except Conflict as conflict:
        return await _again(who, tenant_id, form, conflict=conflict)
    return RedirectResponse(f"{paths.OPERATIONS}/tenants/{tenant_id}?saved=1", _SEE_OTHER)


async def _again(who: Visitor, tenant_id: UUID, form: Form, *, conflict: Conflict | None = None) -> Response:
    """The form as it was sent, with what is wrong or what is in use now."""
    if conflict is None:
        with form.checked():
            _wanted(form)
    async with transaction() as session:
        console = await _console(session, who, tenant_id)
        now = await preferences.read(session, tenant_id)
    shown = Form({**form.fields, "version": version_of(now)}, who.locale, form.errors)
    status = conflict.status if conflict else _UNPROCESSABLE
    return _page(console, shown, conflict=conflict, in_use=_fields(now, who.locale), http_status=status)


async def _console(session: AsyncSession, who: Visitor, tenant_id: UUID) -> Console:
    return Console(face=OPERATOR, who=who, tenant=await tenants.get(session, tenant_id))


def _page(console: Console, form: Form, *, http_status: int = 200, **context: Any) -> Response:
    known: dict[str, Any] = {"is_saved": False, "conflict": None, "in_use": None, **context}
    return show("tenant", console, http_status=http_status, form=form, bounds=BOUNDS, modes=ConsentMode, **known)


def _wanted(form: Form) -> SettingsChange:
    """Raises ValidationError. A number may have the comma of the reader's language."""
    said = {name: form.fields.get(name, "") for name in (*_NAMES, "version")}
    return SettingsChange.model_validate({**said, "match_threshold": said["match_threshold"].replace(",", ".")})


def _fields(known: Preferences, locale: str) -> dict[str, str]:
    said = {name: str(value) for name, value in known.model_dump(mode="json").items()}
    return {**said, "match_threshold": Sayings(locale).score(known.match_threshold)}
