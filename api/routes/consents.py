"""Consents of a tenant's visitors and buyers: the proofs, and what somebody said who wrote a mail instead."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from api.deps import SessionDep, TenantDep
from tracking_core.consent import records, withdrawal
from tracking_core.consent.records import Place
from tracking_core.consent.withdrawal import Named
from tracking_core.errors import InvalidRequest
from tracking_core.kit import clock
from tracking_core.models import ConsentRecord, ConsentSource, Tenant

router = APIRouter(prefix="/api/v1/consents", tags=["consents"])
_Email = Annotated[str, Field(max_length=320)]
_Phone = Annotated[str, Field(max_length=64)]
_ClickId = Annotated[str, Field(max_length=128)]
_HALF_A_PLACE = "Give both before and before_id, as the last page said them."


class Person(BaseModel):
    """Of one person; what is given together is all theirs."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    email: _Email | None = Field(default=None, repr=False)
    phone: _Phone | None = Field(default=None, repr=False)
    click_id: _ClickId | None = None

    def named(self, tenant: Tenant) -> Named:
        return withdrawal.named(
            email=self.email, phone=self.phone, click_id=self.click_id, country=tenant.default_country
        )


class ConsentSaid(Person):
    """``text_version`` names the text they answered to, if there was one."""

    granted: bool = False
    text_version: Annotated[str, Field(max_length=64)] | None = None


class ConsentsQuery(BaseModel):
    """``person`` is looked for by POST ``/search``: an e-mail has no place in an address."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    click_id: _ClickId | None = None
    granted: bool | None = None
    before: datetime | None = None
    before_id: UUID | None = None
    limit: int = Field(default=100, ge=1, le=500)

    @property
    def place(self) -> Place | None:
        if (self.before is None) != (self.before_id is None):
            raise InvalidRequest([{"field": "before_id", "code": "missing", "message": _HALF_A_PLACE}])
        return Place(at=self.before, id=self.before_id) if self.before and self.before_id else None


@router.get("")
async def list_consents(
    asked: Annotated[ConsentsQuery, Query()], tenant: TenantDep, session: SessionDep
) -> dict[str, Any]:
    """The proofs, newest first. A new one of a browser is listed within two minutes; it took effect at once."""
    subjects = Named(click_id=asked.click_id).subjects if asked.click_id else None
    found = await records.search(
        session, tenant.id, subjects=subjects, granted=asked.granted, before=asked.place, limit=asked.limit
    )
    return {"items": [_told(one) for one in found], "next": _next(found, asked.limit)}


@router.post("/search")
async def search_consents(
    person: Person, tenant: TenantDep, session: SessionDep, limit: Annotated[int, Query(ge=1, le=500)] = 100
) -> dict[str, Any]:
    """The proofs of one person, newest first."""
    subjects = person.named(tenant).subjects
    found = await records.search(session, tenant.id, subjects=subjects, limit=limit)
    return {"items": [_told(one) for one in found], "next": None}


@router.post("")
async def say_consent(said: ConsentSaid, tenant: TenantDep, session: SessionDep) -> dict[str, Any]:
    """What a person told the shop, from now on: a withdrawal, unless ``granted`` is true. It reaches what waits."""
    done = await withdrawal.enter(
        session,
        tenant.id,
        said.named(tenant),
        granted=said.granted,
        source=ConsentSource.API,
        actor="tenant_api",
        now=clock.now(),
        text_version=said.text_version,
    )
    state: Literal["granted", "withdrawn"] = "granted" if done.granted else "withdrawn"
    return {"state": state, "identifiers": done.subjects, "is_new": done.is_recorded, "deliveries": done.reached}


def _told(row: ConsentRecord) -> dict[str, Any]:
    return row.model_dump(exclude={"tenant_id", "created_at"})


def _next(found: list[ConsentRecord], limit: int) -> dict[str, Any] | None:
    return {"before": found[-1].at, "before_id": found[-1].id} if len(found) == limit else None
