"""How things went over time, for charts: counts, failures, waits, by tenant or by dataset.

Counts of a bucket nobody was heard in are 0, percentiles and rates there None. Made-up sales of proofs and their visits
count only when asked for. Buckets are whole: the range grows to theirs, and days begin at midnight in São Paulo.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.connections.problems import problem
from tracking_core.errors import InvalidRequest
from tracking_core.handoff.sla import ZONE
from tracking_core.kit import clock
from tracking_core.reporting.counting import FAMILIES, Asked
from tracking_core.reporting.metrics import Key, Metric, Unit
from tracking_core.reporting.scope import Period, Scope, Where

POINTS_MAX = 400
GROUPS_MAX = 20
RANGE_TOO_LONG = "This is too long for a chart: ask for at most a year."
RANGE_OPEN = "A chart needs a beginning and an end."
TOO_FAR = "Nothing is known of such a time."
WIDTHS = (timedelta(minutes=1), timedelta(minutes=5), timedelta(hours=1), timedelta(days=1))
_COLUMNS = {"none": None, "tenant": "tenant_id", "dataset": "connection_id"}
_RANGE_MAX = timedelta(days=366)
# Midnight where the sellers are; its offset is whole hours, so the other widths begin as a clock shows them.
ORIGIN = datetime(2020, 1, 1, tzinfo=ZONE)
# The busiest first, because a chart has room for a few.
_TENANTS = """
SELECT t.id, t.name AS label FROM tenants t WHERE {where}
ORDER BY (SELECT count(*) FROM conversions c
          WHERE c.tenant_id = t.id AND c.created_at >= :since AND c.created_at < :until) DESC, t.id LIMIT :most
"""
_DATASETS = """
SELECT k.id, k.dataset_id AS label FROM meta_connections k WHERE {where}
ORDER BY (SELECT count(*) FROM deliveries d WHERE d.tenant_id = k.tenant_id AND d.connection_id = k.id
          AND d.created_at >= :since AND d.created_at < :until) DESC, k.id LIMIT :most
"""


class GroupBy(StrEnum):
    NONE = "none"
    TENANT = "tenant"
    DATASET = "dataset"


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesSearch:
    """``period`` has both ends. Asked for one connection, or by dataset, what has no dataset is left out. Without
    ``metrics`` all are told."""

    period: Period
    group_by: GroupBy = GroupBy.NONE
    connection_id: UUID | None = None
    metrics: Collection[Metric] = ()
    include_synthetic: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """A tenant or a connection."""

    id: UUID
    label: str


@dataclass(frozen=True, slots=True)
class Line:
    """A value for each of the series' ``starts``. Without a ``group`` it is of all that was asked for."""

    metric: Metric
    unit: Unit
    group: Group | None
    values: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class Series:
    since: datetime
    until: datetime
    bucket_seconds: int
    starts: tuple[datetime, ...]
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Buckets:
    since: datetime
    width: timedelta
    count: int

    @property
    def until(self) -> datetime:
        return self.since + self.width * self.count

    @property
    def starts(self) -> tuple[datetime, ...]:
        return tuple(self.since + self.width * n for n in range(self.count))


def buckets_of(period: Period) -> Buckets:
    """The finest whole buckets that are few enough. Raises InvalidRequest for a range that is open or too long."""
    since, until = period.since, period.until
    if since is None or until is None:
        raise InvalidRequest([problem("until", RANGE_OPEN)])
    if since < ORIGIN or until > clock.now() + _RANGE_MAX:
        raise InvalidRequest([problem("since", TOO_FAR)])
    if until - since > _RANGE_MAX:
        raise InvalidRequest([problem("since", RANGE_TOO_LONG)])
    for width in WIDTHS:
        first = (since - ORIGIN) // width
        count = -((ORIGIN - until) // width) - first
        if count <= POINTS_MAX:
            break
    return Buckets((ORIGIN + first * width).astimezone(since.tzinfo), width, count)


async def series(session: AsyncSession, scope: Scope, wanted: SeriesSearch) -> Series:
    """Raises InvalidRequest for a range that is open or too long."""
    buckets = buckets_of(wanted.period)
    groups = await _groups(session, scope, wanted, buckets)
    asked = Asked(
        scope=scope,
        since=buckets.since,
        until=buckets.until,
        width=buckets.width,
        origin=ORIGIN,
        group_column=_COLUMNS[wanted.group_by],
        groups=None if groups is None else [one.id for one in groups],
        connection_id=wanted.connection_id,
        include_synthetic=wanted.include_synthetic,
    )
    told = [metric for metric in Metric if metric in (wanted.metrics or Metric)]
    told = [metric for metric in told if metric.has_dataset or not asked.is_of_datasets]
    found: dict[Key, float] = {}
    for family in FAMILIES:
        if family.metrics.intersection(told):
            found |= await family.count(session, asked)
    lines = [_line(metric, group, found, buckets) for group in _each(groups) for metric in told]
    return Series(buckets.since, buckets.until, int(buckets.width.total_seconds()), buckets.starts, tuple(lines))


async def _groups(
    session: AsyncSession, scope: Scope, wanted: SeriesSearch, buckets: Buckets
) -> Sequence[Group] | None:
    if wanted.group_by is GroupBy.NONE:
        return None
    where = Where(values={"since": buckets.since, "until": buckets.until, "most": GROUPS_MAX})
    if wanted.group_by is GroupBy.TENANT:
        where.scope("t.id", scope)
        query = _TENANTS.format(where=where.text)
    else:
        where.scope("k.tenant_id", scope)
        where.given("k.id = :connection", connection=wanted.connection_id)
        query = _DATASETS.format(where=where.text)
    return [Group(row.id, row.label) for row in await session.execute(text(query), where.values)]


def _each(groups: Sequence[Group] | None) -> Sequence[Group | None]:
    return [None] if groups is None else groups


def _line(metric: Metric, group: Group | None, found: Mapping[Key, float], buckets: Buckets) -> Line:
    key = group.id if group else None
    if metric is Metric.MATCH_RATE:
        values = tuple(_rate(found, key, at) for at in buckets.starts)
    else:
        absent = 0.0 if metric.unit is Unit.COUNT else None
        values = tuple(found.get((metric, key, at), absent) for at in buckets.starts)
    return Line(metric, metric.unit, group, values)


def _rate(found: Mapping[Key, float], group: UUID | None, at: datetime) -> float | None:
    paid = found.get((Metric.SALES_APPROVED, group, at))
    return found[(Metric.SALES_MATCHED, group, at)] / paid if paid else None
