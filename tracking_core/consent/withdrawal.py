"""What somebody says who does not say it in their browser: they wrote a mail, and the shop or we enter it.

A refusal counts for all that is known to be theirs: the identifiers given, the clicks and visits in which these were
left, and the identifiers of their sales. It takes effect as every refusal does: what waits, is retried, is held or is
replayed asks again when it is sent (``delivery.lease``), so nothing of it leaves the hub once this is committed but
what a worker is sending at that moment.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.audit.service import record
from tracking_core.consent.records import Said, append
from tracking_core.consent.subjects import subjects_of
from tracking_core.errors import InvalidRequest
from tracking_core.identity.normalize import normalize_email, normalize_phone
from tracking_core.kit.hashing import sha256_hex
from tracking_core.models import ConsentSource

NOBODY = "Say whose consent it is: an e-mail, a phone number or a click id."
UNREADABLE = "This value is not accepted."
# More is no person: the shop's own address, left in every form, must not silence everybody. Then it is for what was
# given alone.
_LINKED_MAX = 1_000
_VISITS = text("""
SELECT DISTINCT click_id, session_id FROM tracking_events
WHERE tenant_id = :tenant AND (email_hash = decode(:email, 'hex') OR phone_hash = decode(:phone, 'hex')
    OR click_id = :click) LIMIT :limit
""")
_SALES = text("""
SELECT DISTINCT unnest(consent_subjects) FROM conversions
WHERE tenant_id = :tenant AND consent_subjects && CAST(:subjects AS uuid[]) LIMIT :limit
""")
_REFUSE = text("""
INSERT INTO consents (tenant_id, subject, granted, changed_at)
SELECT :tenant, subject, false, :now FROM unnest(CAST(:subjects AS uuid[])) AS u(subject) ORDER BY subject
ON CONFLICT (tenant_id, subject) DO UPDATE SET granted = false, changed_at = excluded.changed_at
""")
_GRANT = text("""
WITH theirs AS MATERIALIZED (
    SELECT subject FROM consents WHERE tenant_id = :tenant AND subject = ANY(CAST(:subjects AS uuid[]))
    ORDER BY subject FOR UPDATE
)
UPDATE consents c SET granted = true, changed_at = :now
FROM theirs WHERE c.tenant_id = :tenant AND c.subject = theirs.subject
""")
_REACHED = text("""
SELECT d.state, count(*) AS deliveries FROM deliveries d
WHERE d.tenant_id = :tenant AND d.state IN ('waiting', 'retrying', 'dead') AND d.conversion_id IN (
    SELECT id FROM conversions WHERE tenant_id = :tenant AND consent_subjects && CAST(:subjects AS uuid[]))
GROUP BY d.state
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """Whose consent it is, in the form it is kept by; hashes are hex."""

    email_hash: str | None = None
    phone_hash: str | None = None
    click_id: str | None = None

    @property
    def subjects(self) -> tuple[UUID, ...]:
        return subjects_of(email_hash=self.email_hash, phone_hash=self.phone_hash, click_id=self.click_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entered:
    """``subjects`` is how many identifiers it counts for; ``reached`` how many deliveries of sales it stops, by state:
    dead ones are stopped if somebody replays them."""

    granted: bool
    subjects: int
    is_recorded: bool
    reached: dict[str, int]


def named(*, email: str | None, phone: str | None, click_id: str | None, country: str) -> Named:
    """Raises InvalidRequest when nothing is named, or one cannot be read; the value is not repeated."""
    if not (email or phone or click_id):
        raise InvalidRequest([{"field": "email", "code": "missing", "message": NOBODY}])
    return Named(
        email_hash=_hashed("email", email, normalize_email(email)),
        phone_hash=_hashed("phone", phone, normalize_phone(phone, country)),
        click_id=click_id or None,
    )


async def enter(
    session: AsyncSession,
    tenant_id: UUID,
    who: Named,
    *,
    granted: bool,
    source: ConsentSource,
    actor: str,
    now: datetime,
    text_version: str | None = None,
) -> Entered:
    """What they say, from now on. A grant lifts their earlier refusals; it does not speak for sales and visits that
    came without any consent where the tenant asks for one (``opt_in``)."""
    subjects = await _all_of(session, tenant_id, who)
    values = {"tenant": tenant_id, "subjects": subjects, "now": now}
    await session.execute(_GRANT if granted else _REFUSE, values)
    said = Said(
        tenant_id=tenant_id,
        granted=granted,
        at=now,
        source=source,
        person=subjects,
        text_version=text_version,
        actor=actor,
    )
    written = await append(session, [said])
    action, count = "consent.granted" if granted else "consent.withdrawn", len(subjects)
    record(session, actor=actor, action=action, subject=str(tenant_id), tenant_id=tenant_id, subjects=count)
    reached = {} if granted else await _reached(session, tenant_id, subjects)
    return Entered(granted=granted, subjects=count, is_recorded=bool(written), reached=reached)


async def _all_of(session: AsyncSession, tenant_id: UUID, who: Named) -> list[UUID]:
    """The identifiers given, those left in the same visits, and those of the same sales, in one order."""
    given = {"email": who.email_hash or "", "phone": who.phone_hash or "", "click": who.click_id}
    visits = (await session.execute(_VISITS, {"tenant": tenant_id, "limit": _LINKED_MAX + 1, **given})).all()
    found = {*who.subjects}
    if len(visits) <= _LINKED_MAX:
        found.update(*(subjects_of(click_id=row.click_id, session_id=row.session_id) for row in visits))
    values = {"tenant": tenant_id, "subjects": list(found), "limit": _LINKED_MAX + 1}
    linked = (await session.scalars(_SALES, values)).all()
    return sorted({*found, *linked} if len(linked) <= _LINKED_MAX else found)


async def _reached(session: AsyncSession, tenant_id: UUID, subjects: Sequence[UUID]) -> dict[str, int]:
    rows = await session.execute(_REACHED, {"tenant": tenant_id, "subjects": list(subjects)})
    return {row.state: row.deliveries for row in rows}


def _hashed(field: str, said: str | None, normal: str | None) -> str | None:
    if not said:
        return None
    if normal is None:
        raise InvalidRequest([{"field": field, "code": "malformed", "message": UNREADABLE}])
    return sha256_hex(normal)
