"""What happened, from the ledger: attempts counted, the last outcomes, the page, the pictures."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from tracking_core.handoff.package import Attempt, Evidence, ProviderAnswer, Screenshot
from tracking_core.handoff.texts import said, small
from tracking_core.models import SetupActionLog, SetupScreenshot
from tracking_core.setup.meanings import all_meanings, describe

_ATTEMPTS, _OUTCOMES, _PICTURES = 20, 10, 5
_PROBE = "probe_landing_url"
_NEWEST_FIRST = (col(SetupActionLog.started_at).desc(), col(SetupActionLog.id).desc())
# The same credential pasted twice has two references and is one attempt; what a plan carries is no argument. A row
# that was opened again after a failure keeps the earlier tries.
_COUNTED = text("""
SELECT action, state, code, masked, sum(tries)::int AS tries, min(started_at) AS first_at, max(started_at) AS last_at,
    (array_agg(params ORDER BY started_at DESC))[1] AS params, (sum(sum(tries)) OVER ())::int AS all_tries,
    (sum(sum(tries) FILTER (WHERE state IN ('failed', 'undo_failed'))) OVER ())::int AS all_failed
FROM (
    SELECT action, state, code, started_at, output -> 'params' AS params,
        1 + coalesce(jsonb_array_length(output -> 'earlier'), 0) AS tries,
        regexp_replace((input - 'spec' - 'undoes')::text, 'secret:[0-9a-f-]{36}', 'secret', 'g') AS masked
    FROM setup_action_logs WHERE session_id = :session_id
) AS tried
GROUP BY action, state, code, masked ORDER BY max(started_at) DESC LIMIT :limit
""")


@dataclass(frozen=True, slots=True)
class Tally:
    """All tries of the session, and those that failed."""

    tries: int = 0
    failed: int = 0


async def attempts(session: AsyncSession, session_id: UUID, locale: str) -> tuple[tuple[Attempt, ...], Tally]:
    """The newest kinds of attempts, newest first, and the count of all."""
    rows = (await session.execute(_COUNTED, {"session_id": session_id, "limit": _ATTEMPTS})).all()
    tally = Tally(rows[0].all_tries, rows[0].all_failed or 0) if rows else Tally()
    return tuple(_attempt(row, locale) for row in rows), tally


def _attempt(row: Row[Any], locale: str) -> Attempt:
    return Attempt(
        action=row.action,
        input=small(orjson.loads(row.masked)),
        state=row.state,
        code=row.code,
        message=message_of(row.code, row.params or {}, locale),
        count=row.tries,
        first_at=row.first_at,
        last_at=row.last_at,
    )


async def evidence(session: AsyncSession, session_id: UUID) -> Evidence:
    mine = select(SetupActionLog).where(SetupActionLog.session_id == session_id).order_by(*_NEWEST_FIRST)
    recent = (await session.scalars(mine.limit(_OUTCOMES))).all()
    looked = (await session.scalars(mine.where(SetupActionLog.action == _PROBE).limit(1))).first()
    return Evidence(
        outcomes=tuple(_answer(row) for row in recent),
        page=small(looked.output.get("facts", {})) if looked else {},
        screenshots=await _screenshots(session, session_id),
    )


def message_of(code: str | None, params: dict[str, Any], locale: str) -> str | None:
    """The code in the reader's words; None for one we have no words for."""
    if code is None or code not in all_meanings():
        return None
    return said(describe(code, params, locale)["message"])


def _answer(row: SetupActionLog) -> ProviderAnswer:
    return ProviderAnswer(
        action=row.action,
        state=row.state,
        code=row.code,
        reason=said(row.reason) if row.reason else None,
        return_code=row.return_code,
        provider_request_id=said(row.provider_request_id) if row.provider_request_id else None,
        latency_ms=row.latency_ms,
        at=row.finished_at or row.started_at,
    )


async def _screenshots(session: AsyncSession, session_id: UUID) -> tuple[Screenshot, ...]:
    query = select(SetupScreenshot).where(SetupScreenshot.session_id == session_id)
    rows = (await session.scalars(query.order_by(col(SetupScreenshot.created_at).desc()).limit(_PICTURES))).all()
    return tuple(
        Screenshot(id=row.id, state=row.state, at=row.created_at, extraction=small(row.extraction)) for row in rows
    )
