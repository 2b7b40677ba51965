"""What may be asked of the operator's console: unknown names and impossible values are told as such."""

from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from tracking_core.delivery.replay_selection import Moment
from tracking_core.kit import clock
from tracking_core.ledger.read import LedgerState
from tracking_core.models import DeliveryState
from tracking_core.reporting import audit, connections, deliveries, sales
from tracking_core.reporting import series as charts
from tracking_core.reporting.metrics import Metric
from tracking_core.reporting.pages import PAGE_MAX, Place
from tracking_core.reporting.scope import Period

# No control character, which the database would refuse, and no more than any of these is long.
Word = Annotated[str, StringConstraints(strip_whitespace=True, max_length=254, pattern=r"^[^\x00-\x1f\x7f]*$")]
_DAY = timedelta(days=1)


class ScopeQuery(BaseModel):
    """Without ``tenant_id`` it is about all tenants. What is left empty is not asked for."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    tenant_id: UUID | None = None

    @model_validator(mode="before")
    @classmethod
    def _without_blanks(cls, asked: Any) -> Any:
        """Query parameters are texts, or lists of them."""
        said = asked.items() if isinstance(asked, dict) else ()
        return {key: value for key, value in said if not isinstance(value, str) or value.strip()}


class TableQuery(ScopeQuery):
    cursor: str | None = Field(default=None, max_length=200)
    limit: int = Field(default=50, ge=1, le=PAGE_MAX)

    def place(self, table: str) -> Place:
        return Place(table, self.cursor, self.limit)


class TimedQuery(TableQuery):
    since: Moment | None = None
    until: Moment | None = None

    @property
    def period(self) -> Period:
        return Period(self.since, self.until)


class SummedQuery(TimedQuery):
    """``summary`` counts all that is found, too, which takes longer the more that is."""

    summary: bool = False


class SalesQuery(SummedQuery):
    order: Word | None = None
    email: Word | None = Field(default=None, repr=False)
    click_id: Word | None = None
    state: LedgerState | None = None
    gateway: Word | None = None
    dataset_id: Word | None = None
    connection_id: UUID | None = None
    include_synthetic: bool = False

    @property
    def search(self) -> sales.SaleSearch:
        known = self.model_dump(exclude={*SummedQuery.model_fields, "email"})
        person = sales.email_subject(self.email) if self.email is not None else None
        return sales.SaleSearch(**known, person=person, period=self.period)


class DeadLettersQuery(SummedQuery):
    connection_id: UUID | None = None
    dataset_id: Word | None = None
    reason: Word | None = None
    include_synthetic: bool = False

    @property
    def search(self) -> deliveries.DeliverySearch:
        known = self.model_dump(exclude=set(SummedQuery.model_fields))
        return deliveries.DeliverySearch(**{"state": DeliveryState.DEAD, **known}, period=self.period)


class DeliveriesQuery(DeadLettersQuery):
    state: DeliveryState | None = None


class ConnectionsQuery(TableQuery):
    """``only_troubled`` leaves out what was switched off; ``trouble`` is one kind of it."""

    only_troubled: bool = False
    trouble: connections.Trouble | None = None


class SeriesQuery(ScopeQuery):
    """Without a beginning, the day before the end; without an end, until now."""

    since: Moment | None = None
    until: Moment | None = None
    group_by: charts.GroupBy = charts.GroupBy.NONE
    connection_id: UUID | None = None
    metric: list[Metric] = []
    include_synthetic: bool = False

    @property
    def search(self) -> charts.SeriesSearch:
        until = self.until or clock.now()
        return charts.SeriesSearch(
            period=Period(self.since or max(until, charts.ORIGIN + _DAY) - _DAY, until),
            group_by=self.group_by,
            connection_id=self.connection_id,
            metrics=self.metric,
            include_synthetic=self.include_synthetic,
        )


class AuditQuery(TimedQuery):
    actor: Word | None = None
    action: Word | None = None

    @property
    def search(self) -> audit.AuditSearch:
        return audit.AuditSearch(actor=self.actor, action=self.action, period=self.period)
