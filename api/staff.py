"""Who of our own people asks, from the staff key they sent."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from api.deps import SessionDep
from tracking_core.models import StaffRole
from tracking_core.staff import service as staff
from tracking_core.staff.errors import StaffKeyUnknown


@dataclass(frozen=True, slots=True)
class StaffCaller:
    name: str
    role: StaffRole

    @property
    def is_operator(self) -> bool:
        return self.role is StaffRole.OPERATOR


async def _staff(request: Request, session: SessionDep) -> StaffCaller:
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not key:
        raise StaffKeyUnknown
    row = await staff.by_key(session, key.strip())
    return StaffCaller(row.name, StaffRole(row.role))


StaffDep = Annotated[StaffCaller, Depends(_staff)]
