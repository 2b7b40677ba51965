"""What handing over costs and brings, counted over the sessions begun in a span of time."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

_COUNTED = text("""
SELECT count(DISTINCT s.id) AS sessions,
    count(DISTINCT s.id) FILTER (WHERE c.is_chatted) AS chatted,
    count(DISTINCT s.id) FILTER (WHERE c.is_chatted AND s.state = 'done' AND h.id IS NULL) AS done_alone,
    count(h.id) AS cases,
    count(h.id) FILTER (WHERE h.state = 'resolved') AS resolved,
    count(h.id) FILTER (WHERE h.state = 'returned') AS returned,
    count(h.id) FILTER (WHERE h.notes @> '[{"kind": "breached"}]') AS breached,
    count(h.id) FILTER (WHERE h.notes @> '[{"kind": "asked"}]') AS asked_again,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM first.at - h.created_at)) AS first_reply_seconds
FROM setup_sessions s
LEFT JOIN setup_handoffs h ON h.session_id = s.id
CROSS JOIN LATERAL (SELECT EXISTS (SELECT FROM setup_turns t WHERE t.session_id = s.id) AS is_chatted) AS c
LEFT JOIN LATERAL (
    SELECT min((note ->> 'at')::timestamptz) AS at FROM jsonb_array_elements(h.notes) AS note
    WHERE note ->> 'kind' IN ('replied', 'asked')
) AS first ON true
WHERE s.created_at >= :since AND s.created_at < :until
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class Measures:
    """``chatted`` are the sessions in which the agent answered, ``done_alone`` those of them that were proved without a
    person. ``asked_again`` are cases in which the seller was asked something: the most that can have stood in the case
    file already. ``first_reply_seconds`` is the median of the cases that were answered."""

    sessions: int
    chatted: int
    done_alone: int
    cases: int
    resolved: int
    returned: int
    breached: int
    asked_again: int
    first_reply_seconds: float | None

    @property
    def involvement(self) -> float:
        """Of all sessions, those the agent had a part in."""
        return self.chatted / self.sessions if self.sessions else 0.0

    @property
    def resolution(self) -> float:
        """Of these, the setups it brought to their proof by itself. Silence is none."""
        return self.done_alone / self.chatted if self.chatted else 0.0

    @property
    def automation(self) -> float:
        return self.involvement * self.resolution


async def measures(session: AsyncSession, *, since: datetime, until: datetime) -> Measures:
    row = (await session.execute(_COUNTED, {"since": since, "until": until})).one()
    return Measures(**row._mapping)
