"""Routes that only an operator of ours may use."""

from typing import Annotated

from fastapi import Depends

from api.staff import StaffCaller, StaffDep
from tracking_core.errors import Forbidden


async def _operator(staff: StaffDep) -> StaffCaller:
    if not staff.is_operator:
        raise Forbidden
    return staff


OperatorDep = Annotated[StaffCaller, Depends(_operator)]
