"""Write down what became of a request: an attempt row for every delivery, and each delivery's next state."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.delivery import counted as metrics
from tracking_core.delivery.lease import Batch, Leased
from tracking_core.delivery.retry_policy import next_attempt
from tracking_core.destinations.meta_capi.client import SendResult
from tracking_core.destinations.meta_capi.errors import FailureClass, Verdict
from tracking_core.kit.ids import new_id

# Codes nobody has documented, of an event that was sent alone: a few tries in case they pass, then a person looks.
UNKNOWN_ATTEMPTS_MAX = 5

# A row that is no longer ours may have been erased, and what is written after the receipt nobody searches: of such a
# request only codes are kept. Locked, so that an erasure is either before this and seen, or finds what this wrote.
_ATTEMPTS = """
WITH sent AS (
    SELECT d.id, d.lease_id IS NOT DISTINCT FROM :lease AS is_ours FROM deliveries d
    WHERE d.id = ANY(:deliveries) ORDER BY d.id FOR NO KEY UPDATE
), request AS (SELECT bool_and(is_ours) AS is_ours FROM sent)
INSERT INTO dispatch_attempts (id, delivery_id, tenant_id, connection_id, request_id, batch_size, started_at,
    latency_ms, outcome, http_status, code, subcode, fbtrace_id, api_version, request_digest, response, ambiguous)
SELECT gen_random_uuid(), sent.id, :tenant, :connection, :request, :size, :started, :latency, :outcome, :status,
    :code, :subcode, :trace, :version, CASE WHEN request.is_ours THEN :digest END,
    CASE WHEN request.is_ours THEN :response END, :ambiguous
FROM sent, request
"""
_DELIVERED = """
UPDATE deliveries SET state = 'delivered', reason = NULL, attempts = attempts + 1, delivered_at = :now,
    lease_id = NULL, leased_at = NULL
WHERE id = ANY(:ids) AND state IN ('waiting', 'retrying')
"""
_POSTPONED = """
UPDATE deliveries d SET state = 'retrying', reason = :reason, attempts = d.attempts + :spent, due_at = u.due,
    lease_id = NULL, leased_at = NULL,
    first_ambiguous_at = coalesce(d.first_ambiguous_at, CAST(:ambiguous_at AS timestamptz))
FROM unnest(CAST(:ids AS uuid[]), CAST(:dues AS timestamptz[])) AS u(id, due)
WHERE d.id = u.id AND d.lease_id = :lease
"""
_RETURNED = """
UPDATE deliveries SET due_at = :now, lease_id = NULL, leased_at = NULL WHERE id = ANY(:ids) AND lease_id = :lease
"""
_DEAD = """
UPDATE deliveries SET state = 'dead', reason = :reason, attempts = attempts + 1, lease_id = NULL, leased_at = NULL,
    died_at = :now
WHERE id = ANY(:ids) AND lease_id = :lease
"""


async def record_attempts(
    session: AsyncSession, batch: Batch, sent: Sequence[Leased], result: SendResult, started: datetime
) -> None:
    """One row per delivery of the request, whatever the outcome."""
    verdict = result.verdict
    values = {
        "lease": batch.lease_id,
        "tenant": batch.tenant_id,
        "connection": batch.connection_id,
        "request": new_id(),
        "size": len(sent),
        "started": started,
        "latency": result.latency_ms,
        "outcome": verdict.failure.value if verdict else "accepted",
        "status": result.http_status,
        "code": verdict.code if verdict else None,
        "subcode": verdict.subcode if verdict else None,
        "trace": result.fbtrace_id,
        "version": result.api_version,
        "digest": result.request_digest,
        "response": result.response_excerpt,
        "ambiguous": bool(verdict and verdict.is_ambiguous),
        "deliveries": [one.id for one in sent],
    }
    await session.execute(text(_ATTEMPTS), values)


async def delivered(session: AsyncSession, sent: Sequence[Leased], now: datetime) -> None:
    await session.execute(text(_DELIVERED), {"ids": [one.id for one in sent], "now": now})


async def postpone(
    session: AsyncSession, batch: Batch, sent: Sequence[Leased], verdict: Verdict, now: datetime
) -> None:
    """Plan the next attempt of each, or bury those with no useful moment left."""
    is_final = verdict.failure is FailureClass.UNKNOWN and verdict.code is not None
    again: list[tuple[UUID, datetime]] = []
    over: list[UUID] = []
    for one in sent:
        ambiguous_at = one.schedule.first_ambiguous_at or (now if verdict.is_ambiguous else None)
        schedule = replace(one.schedule, first_ambiguous_at=ambiguous_at)
        due = next_attempt(schedule, now, retry_after_seconds=verdict.retry_after_seconds)
        if due is None or (is_final and one.schedule.attempts + 1 >= UNKNOWN_ATTEMPTS_MAX):
            over.append(one.id)
        else:
            again.append((one.id, due))
    if again:
        values: dict[str, Any] = {
            "ids": [delivery for delivery, _ in again],
            "dues": [due for _, due in again],
            "reason": reason_of(verdict),
            "spent": 1,
            "lease": batch.lease_id,
            "ambiguous_at": now if verdict.is_ambiguous else None,
        }
        await session.execute(text(_POSTPONED), values)
    if over:
        reason = reason_of(verdict) if is_final else "deadline_passed"
        await session.execute(text(_DEAD), {"ids": over, "reason": reason, "lease": batch.lease_id, "now": now})
        metrics.buried(session, "unknown" if is_final else "deadline", len(over))


async def bury(session: AsyncSession, batch: Batch, one: Leased, verdict: Verdict, now: datetime) -> None:
    values = {"ids": [one.id], "reason": reason_of(verdict), "lease": batch.lease_id, "now": now}
    await session.execute(text(_DEAD), values)
    metrics.buried(session, "payload", 1)


async def give_back(session: AsyncSession, batch: Batch, sent: Sequence[Leased], now: datetime) -> None:
    """Unsent after all: due at once, no attempt spent."""
    values = {"ids": [one.id for one in sent], "now": now, "lease": batch.lease_id}
    await session.execute(text(_RETURNED), values)


def reason_of(verdict: Verdict) -> str:
    """A stable text: the class and Meta's numbers, as in ``payload:100/2804050``."""
    numbers = "/".join(str(number) for number in (verdict.code, verdict.subcode) if number is not None)
    return f"{verdict.failure}:{numbers}" if numbers else str(verdict.failure)
