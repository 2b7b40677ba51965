"""What the visitor of a sale's click answered about ads: often not with the click itself, but in a later event."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.matching.match import MatchResult, Rule
from tracking_core.pipeline.stages import Sale

# Two look-ups by index for each sale. Of two answers of one moment the no counts. What a robot grants is nobody's, but
# in a proof, whose visitor is one.
_NEWEST = """
SELECT DISTINCT ON (w.n) w.n, said.consent_ads
FROM unnest(CAST(:n AS int[]), CAST(:tenant AS uuid[]), CAST(:click AS text[]), CAST(:session AS text[]),
            CAST(:since AS timestamptz[]), CAST(:synthetic AS boolean[]))
    AS w(n, tenant_id, click_id, session_id, since, is_synthetic)
CROSS JOIN LATERAL (
    (SELECT t.consent_ads, t.received_at FROM tracking_events t
     WHERE t.tenant_id = w.tenant_id AND t.click_id = w.click_id AND t.received_at >= w.since
       AND t.received_at >= :earliest AND (NOT t.consent_ads OR (t.consent_ads AND (t.is_bot = 0 OR w.is_synthetic)))
     ORDER BY t.received_at DESC, t.consent_ads LIMIT 1)
    UNION ALL
    (SELECT t.consent_ads, t.received_at FROM tracking_events t
     WHERE t.tenant_id = w.tenant_id AND t.session_id = w.session_id AND t.received_at >= w.since
       AND t.received_at >= :earliest AND (NOT t.consent_ads OR (t.consent_ads AND (t.is_bot = 0 OR w.is_synthetic)))
     ORDER BY t.received_at DESC, t.consent_ads LIMIT 1)
) AS said
ORDER BY w.n, said.received_at DESC, said.consent_ads
"""


async def newest_answers(
    session: AsyncSession, sales: Sequence[Sale], results: Sequence[MatchResult]
) -> dict[int, bool]:
    """By position, the newest answer in any event of the matched click or session. A likeness of address and time
    (``score``) may keep a sale back; it never speaks a yes for somebody."""
    wanted = [
        (n, sale.rules.tenant_id, click, click.received_at - timedelta(days=sale.rules.attribution_window_days))
        for n, (sale, result) in enumerate(zip(sales, results, strict=True))
        if (click := result.candidate)
    ]
    if not wanted:
        return {}
    values = {
        "n": [n for n, _, _, _ in wanted],
        "tenant": [tenant_id for _, tenant_id, _, _ in wanted],
        "click": [click.click_id for _, _, click, _ in wanted],
        "session": [click.session_id for _, _, click, _ in wanted],
        "since": [since for _, _, _, since in wanted],
        "synthetic": [sales[n].conversion.is_synthetic for n, _, _, _ in wanted],
        "earliest": min(since for _, _, _, since in wanted),
    }
    rows = await session.execute(text(_NEWEST), values)
    return {n: said for n, said in rows if not (said and results[n].rule is Rule.SCORE)}
