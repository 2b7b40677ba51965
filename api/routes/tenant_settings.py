"""Settings of a tenant: by its own key, or by an operator for any tenant."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter
from pydantic import Field

from api.deps import SessionDep, TenantDep
from api.operators import OperatorDep
from tracking_core.tenants import preferences
from tracking_core.tenants.preferences import BOUNDS, Preferences, version_of

router = APIRouter(prefix="/api/v1/tenant/settings", tags=["settings"])
operations = APIRouter(prefix="/api/v1/operations/tenants", tags=["operations"])


class SettingsChange(Preferences):
    """All of them, with the ``version`` that was read before."""

    version: str = Field(max_length=64)

    def preferences(self) -> Preferences:
        return Preferences.model_validate(self.model_dump(exclude={"version"}))


@router.get("")
async def read_settings(tenant: TenantDep, session: SessionDep) -> dict[str, Any]:
    """The settings, their version, and the bounds of each."""
    return _told(await preferences.read(session, tenant.id))


@router.put("")
async def change_settings(wanted: SettingsChange, tenant: TenantDep, session: SessionDep) -> dict[str, Any]:
    """Set them. 409: somebody else did meanwhile, or a setup that is under way decides on the consent."""
    changed = await preferences.change(
        session, tenant.id, wanted.preferences(), version=wanted.version, actor="tenant_api"
    )
    return _told(changed)


@operations.get("/{tenant_id}/settings")
async def read_settings_of(tenant_id: UUID, _operator: OperatorDep, session: SessionDep) -> dict[str, Any]:
    """The same of any tenant."""
    return _told(await preferences.read(session, tenant_id))


@operations.put("/{tenant_id}/settings")
async def change_settings_of(
    tenant_id: UUID, wanted: SettingsChange, operator: OperatorDep, session: SessionDep
) -> dict[str, Any]:
    """The same for any tenant."""
    changed = await preferences.change(
        session, tenant_id, wanted.preferences(), version=wanted.version, actor=f"staff:{operator.name}"
    )
    return _told(changed)


def _told(known: Preferences) -> dict[str, Any]:
    bounds = {name: {"least": float(least), "most": float(most)} for name, (least, most) in BOUNDS.items()}
    return {
        **known.model_dump(mode="json"),
        "match_threshold": float(known.match_threshold),
        "version": version_of(known),
        "bounds": bounds,
    }
