"""What each tenant, and the hub, set otherwise than the registry says."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import select

from tracking_core.alerts.registry import OBJECTIVES, Code
from tracking_core.models import ObjectiveSetting


@dataclass(frozen=True, slots=True)
class Limits:
    """The numbers in use for one objective of one tenant, or of the hub."""

    numbers: Mapping[str, float]
    is_enabled: bool

    def __getitem__(self, name: str) -> float:
        return self.numbers[name]

    @property
    def facts(self) -> dict[str, float]:
        """As an alert keeps them."""
        return {f"limit_{name}": value for name, value in self.numbers.items()}


class Thresholds:
    """Read once for an evaluation. A tenant's own go before the registry's; the hub's are its own alone."""

    def __init__(self, rows: Mapping[tuple[UUID | None, str], ObjectiveSetting]) -> None:
        self._rows = rows

    def of(self, code: Code, tenant_id: UUID | None) -> Limits:
        row = self._rows.get((tenant_id, code.value))
        defaults = {name: number.default for name, number in OBJECTIVES[code].numbers.items()}
        if row is None:
            return Limits(defaults, True)
        return Limits({**defaults, **_known(row.overrides, defaults)}, row.enabled)

    def least(self, code: Code, name: str) -> float:
        """The lowest in use by anybody: what is below it concerns nobody."""
        set_ = [row.overrides[name] for (_, of), row in self._rows.items() if of == code and name in row.overrides]
        return min([OBJECTIVES[code].numbers[name].default, *set_])


async def load(session: AsyncSession) -> Thresholds:
    rows = (await session.scalars(select(ObjectiveSetting))).all()
    return Thresholds({(row.tenant_id, row.objective): row for row in rows})


def _known(overrides: Mapping[str, float], defaults: Mapping[str, float]) -> dict[str, float]:
    """Without numbers that the objective no longer has."""
    return {name: value for name, value in overrides.items() if name in defaults}
