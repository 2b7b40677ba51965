"""Who the rows name that bear an identifier: whether it may be followed without reaching somebody else."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.consent.subjects import subjects_of

_COLUMNS = {"email": "email_hash", "phone": "phone_hash", "click": "click_id", "visit": "session_id"}
_SUBJECTS = {"email": "email_hash", "phone": "phone_hash", "click": "click_id", "visit": "session_id"}
# A few names are enough to know that it is not one person's.
_EVENTS = """
SELECT v.value, array_agg(DISTINCT encode(e.email_hash, 'hex')) FILTER (WHERE e.email_hash IS NOT NULL) AS emails,
    array_agg(DISTINCT encode(e.phone_hash, 'hex')) FILTER (WHERE e.phone_hash IS NOT NULL) AS phones
FROM unnest(CAST(:values AS text[])) AS v(value) CROSS JOIN LATERAL (
    SELECT email_hash, phone_hash FROM tracking_events t
    WHERE t.tenant_id = :tenant AND t.{column} = {typed} AND (t.email_hash IS NOT NULL OR t.phone_hash IS NOT NULL)
    LIMIT 1000
) AS e GROUP BY v.value
"""
_SALES = text("""
SELECT consent_subjects, user_data -> 'em' AS em, user_data -> 'ph' AS ph FROM conversions
WHERE tenant_id = :tenant AND consent_subjects && CAST(:subjects AS uuid[]) LIMIT 10000
""")


@dataclass(slots=True)
class Names:
    """Hashes in hex."""

    emails: set[str] = field(default_factory=set)
    phones: set[str] = field(default_factory=set)


NOBODY = Names()


def fits(named: Names, emails: Collection[str], phones: Collection[str]) -> bool:
    """Whether the rows name nobody but this person. An e-mail says who; a phone does where there is none."""
    if named.emails:
        return named.emails <= set(emails) if emails else len(named.emails) == 1
    if named.phones and phones:
        return bool(named.phones & set(phones)) or bool(emails)
    return len(named.phones) <= 1 or bool(emails)


def as_set(value: Any) -> set[str]:
    """Of Meta's ``em`` or ``ph``: one hash, or several."""
    return set(value) if isinstance(value, list) else {value} if value else set()


async def named_by(session: AsyncSession, tenant_id: UUID, kind: str, values: Sequence[str]) -> dict[str, Names]:
    """Whom the events and sales that bear each of the values name."""
    typed = "decode(v.value, 'hex')" if kind in ("email", "phone") else "v.value"
    query = text(_EVENTS.format(column=_COLUMNS[kind], typed=typed))
    found: dict[str, Names] = {}
    for row in (await session.execute(query, {"tenant": tenant_id, "values": list(values)})).all():
        found[row.value] = Names(set(row.emails or ()), set(row.phones or ()))
    by_subject = {subjects_of(**{_SUBJECTS[kind]: one})[0]: one for one in values}
    rows = await session.execute(_SALES, {"tenant": tenant_id, "subjects": list(by_subject)})
    for row in rows.all():
        for subject in set(row.consent_subjects) & set(by_subject):
            names = found.setdefault(by_subject[subject], Names())
            names.emails |= as_set(row.em)
            names.phones |= as_set(row.ph)
    return found
