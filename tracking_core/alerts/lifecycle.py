"""From findings to alerts: one open for each incident, opened once, damped when it flaps, recovered when it is over."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from tracking_core.alerts import outbox
from tracking_core.alerts.findings import Finding, Key
from tracking_core.alerts.handling import active, silenced_until
from tracking_core.alerts.registry import OBJECTIVES, Code
from tracking_core.models import Alert, AlertSilence, AlertState, Severity

# What comes back within it is the same incident, which then has to stay away for twice as long each time.
FLAPPING = timedelta(minutes=30)
_CLEAR_LEAST, _CLEAR_MOST = timedelta(minutes=2), timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Changes:
    """The alerts that opened, also again or as a page after a ticket, and those that recovered."""

    opened: tuple[Alert, ...]
    recovered: tuple[Alert, ...]


async def apply(
    session: AsyncSession, looked_at: Collection[Code], findings: Iterable[Finding], now: datetime
) -> Changes:
    """Of the objectives that were ``looked_at``: what is found is open, and what is not found is on its way to recover.
    The others stay as they are. Messages are written with the change, once each."""
    known, silences = await _open(session), await active(session, now)
    by_key = {finding.key: finding for finding in findings}
    opened, recovered = [], []
    for key, finding in by_key.items():
        if key not in known:
            known[key] = await _opened(session, finding, silences, now)
            opened.append(known[key])
    for key, alert in known.items():
        if key.objective in looked_at:
            found = by_key.get(key)
            if found is not None and _is_as_bad(alert, found):
                opened += await _seen(session, alert, found, now)
            else:
                recovered += await _cleared(session, alert, now)
        if alert.state == AlertState.OPEN:
            await _silenced(session, alert, silences, now)
    await session.flush()
    await _followed(session, known.values(), recovered, now)
    return Changes(tuple(opened), tuple(recovered))


async def _open(session: AsyncSession) -> dict[Key, Alert]:
    known = [code.value for code in Code]
    query = select(Alert).where(Alert.state == AlertState.OPEN, col(Alert.objective).in_(known))
    query = query.order_by(col(Alert.id)).with_for_update()
    rows = (await session.scalars(query.execution_options(populate_existing=True))).all()
    return {_key(row): row for row in rows}


def _key(alert: Alert) -> Key:
    return Key(alert.tenant_id, Code(alert.objective), alert.scope)


async def _opened(session: AsyncSession, finding: Finding, silences: list[AlertSilence], now: datetime) -> Alert:
    alert = await _flapping(session, finding.key, now)
    if alert is None:
        alert = Alert(
            tenant_id=finding.key.tenant_id,
            objective=finding.key.objective,
            scope=finding.key.scope,
            severity=finding.severity,
            opened_at=now,
            last_seen_at=now,
        )
        session.add(alert)
    else:
        alert.state, alert.recovered_at = AlertState.OPEN, None
        alert.openings, alert.flaps = alert.openings + 1, alert.flaps + 1
        alert.acknowledged_at = alert.acknowledged_by = None
        alert.severity = finding.severity
    alert.facts = dict(finding.facts)
    alert.last_seen_at, alert.clear_since = now, None
    alert.silenced_until = silenced_until(silences, alert.tenant_id, alert.objective)
    await session.flush()
    if alert.silenced_until is None:
        await outbox.opened(session, alert, now)
    return alert


async def _flapping(session: AsyncSession, key: Key, now: datetime) -> Alert | None:
    """The same incident, if it recovered a moment ago."""
    query = select(Alert).where(
        Alert.state == AlertState.RECOVERED,
        col(Alert.recovered_at) > now - FLAPPING,
        Alert.tenant_id == key.tenant_id,
        Alert.objective == key.objective,
        Alert.scope == key.scope,
    )
    return (await session.scalars(query.order_by(col(Alert.recovered_at).desc()).limit(1).with_for_update())).first()


def _is_as_bad(alert: Alert, found: Finding) -> bool:
    """A page that would be a ticket by now is over: it was told, and told louder."""
    return found.severity.rank >= Severity(alert.severity).rank


async def _seen(session: AsyncSession, alert: Alert, found: Finding, now: datetime) -> list[Alert]:
    alert.last_seen_at, alert.clear_since, alert.facts = now, None, dict(found.facts)
    if found.severity == alert.severity:
        return []
    alert.severity, alert.openings = found.severity, alert.openings + 1
    if alert.silenced_until is None:
        await outbox.opened(session, alert, now)
    return [alert]


async def _cleared(session: AsyncSession, alert: Alert, now: datetime) -> list[Alert]:
    alert.clear_since = alert.clear_since or now
    if now - alert.clear_since < _clear_after(alert):
        return []
    alert.state, alert.recovered_at, alert.clear_since = AlertState.RECOVERED, now, None
    await outbox.recovered(session, alert, now)
    return [alert]


def _clear_after(alert: Alert) -> timedelta:
    """The objective's own, twice as long each time it came back."""
    own = OBJECTIVES[Code(alert.objective)].clear_after
    if not alert.flaps:
        return own
    doubled: timedelta = max(own, _CLEAR_LEAST) * 2 ** min(alert.flaps, 10)
    return min(doubled, max(own, _CLEAR_MOST))


async def _silenced(session: AsyncSession, alert: Alert, silences: list[AlertSilence], now: datetime) -> None:
    """A silence that ended tells what is still open, if nobody was told; otherwise people are reminded in time."""
    was, alert.silenced_until = alert.silenced_until, silenced_until(silences, alert.tenant_id, alert.objective)
    if alert.silenced_until is not None:
        return
    if was is not None:
        await outbox.opened(session, alert, now)
    await outbox.remind(session, alert, now)


async def _followed(session: AsyncSession, known: Iterable[Alert], recovered: list[Alert], now: datetime) -> None:
    """Operators, told that it is over for the hub, hear of the tenants for whom it is not."""
    over = {alert.objective for alert in recovered if alert.tenant_id is None}
    for alert in known:
        is_left = alert.objective in over and alert.tenant_id is not None
        if is_left and alert.state == AlertState.OPEN and alert.silenced_until is None:
            await outbox.goes_on(session, alert, now)


def by_state(changes: Changes) -> Mapping[str, int]:
    return {"opened": len(changes.opened), "recovered": len(changes.recovered)}
