"""What a tenant may set by itself, within bounds.

Two people who edit at once do not overwrite each other: whoever saves says which values they started from
(``version_of``), and is refused when these are no longer the ones in use.

Consent has a second place: a version of the tracking configuration tells the consent it was approved with. What counts
when a sale is decided, and what a plan compares with, is the tenant's row, so that is the truth, and it is set here.
The active version tells what is in use, so it is brought along in the same transaction; older versions stay what they
were, and to go back to one is a plan, which shows the consent it brings. A new version is not made: undoing a setup
ends the version that the setup made, and must find it still the active one. While a plan waits for its decision or a
setup is at work, consent is that setup's: its plan was made for the consent there was, and would put that into a
version without a word of it. Then it is refused here, and is to be changed there or a little later.
"""

from decimal import Decimal
from hashlib import sha256
from typing import Annotated, Any, NamedTuple
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from tracking_core.audit.service import record
from tracking_core.configuration.versions import active_version
from tracking_core.errors import Conflict, NotFound
from tracking_core.models import ConsentMode, SessionState, SetupSession, Tenant
from tracking_core.tenants.lookup import get


class Bounds(NamedTuple):
    """Both ends are allowed."""

    least: Decimal | int
    most: Decimal | int


# Below 0.3 two weak signals of a stranger are a match; no score is above 1.
MATCH_THRESHOLD = Bounds(Decimal("0.3"), Decimal(1))
# A sale is not explained by a click of more than a quarter of a year ago.
ATTRIBUTION_WINDOW_DAYS = Bounds(1, 90)
ESCALATE_AFTER = Bounds(1, 10)
BOUNDS = {
    "match_threshold": MATCH_THRESHOLD,
    "attribution_window_days": ATTRIBUTION_WINDOW_DAYS,
    "escalate_after": ESCALATE_AFTER,
}
_THOUSANDTH = Decimal("0.001")
_AT_WORK = (SessionState.WORKING, SessionState.AWAITING_APPROVAL)


class SettingsChanged(Conflict):
    code = "tenant_settings_changed"
    message = "Somebody changed these settings after you opened them. Look at them again, then save."


class ConsentInSetup(Conflict):
    code = "consent_in_setup"
    message = (
        "A setup is under way, and its plan was made for the consent in use. Decide on the plan or wait until the "
    )
    message += "setup is done, then change the consent."


class Preferences(BaseModel):
    """All of them; a threshold has at most three decimal places, as scores have."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    match_threshold: Annotated[
        Decimal,
        Field(ge=MATCH_THRESHOLD.least, le=MATCH_THRESHOLD.most, decimal_places=3),
        AfterValidator(lambda value: value.quantize(_THOUSANDTH)),
    ]
    attribution_window_days: int = Field(ge=ATTRIBUTION_WINDOW_DAYS.least, le=ATTRIBUTION_WINDOW_DAYS.most)
    consent_mode: ConsentMode
    escalate_after: int = Field(ge=ESCALATE_AFTER.least, le=ESCALATE_AFTER.most)


def version_of(preferences: Preferences) -> str:
    """The same for the same values."""
    return sha256(preferences.model_dump_json().encode()).hexdigest()[:16]


async def read(session: AsyncSession, tenant_id: UUID) -> Preferences:
    """Raises NotFound."""
    return _of(await get(session, tenant_id))


async def change(
    session: AsyncSession, tenant_id: UUID, wanted: Preferences, *, version: str, actor: str
) -> Preferences:
    """Set them all. ``version`` is that of the values the change was made from; what is so already stays so and changes
    nothing. Raises NotFound, SettingsChanged, ConsentInSetup."""
    tenant = await _held(session, tenant_id)
    before = _of(tenant)
    if wanted == before:
        return before
    if version != version_of(before):
        raise SettingsChanged
    if wanted.consent_mode != before.consent_mode:
        await _bring_along(session, tenant_id, wanted.consent_mode)
    tenant.match_threshold = wanted.match_threshold
    tenant.attribution_window_days = wanted.attribution_window_days
    tenant.consent_mode = wanted.consent_mode
    tenant.escalate_after = wanted.escalate_after
    subject, changes = str(tenant_id), _changes(before, wanted)
    record(session, actor=actor, action="tenant.settings_changed", subject=subject, tenant_id=tenant_id, **changes)
    return wanted


async def _held(session: AsyncSession, tenant_id: UUID) -> Tenant:
    """One change at a time, and none while a plan's action is carried out; rows that refer to it may still come in."""
    query = select(Tenant).where(Tenant.id == tenant_id).with_for_update(key_share=True)
    tenant = (await session.scalars(query, execution_options={"populate_existing": True})).first()
    if tenant is None:
        raise NotFound(what="tenant")
    return tenant


async def _bring_along(session: AsyncSession, tenant_id: UUID, mode: ConsentMode) -> None:
    at_work = select(SetupSession.id).where(SetupSession.tenant_id == tenant_id, col(SetupSession.state).in_(_AT_WORK))
    if (await session.scalars(at_work.limit(1))).first() is not None:
        raise ConsentInSetup
    active, _ = await active_version(session, tenant_id)
    if active is not None:
        active.spec = {**active.spec, "consent_mode": mode.value}


def _of(tenant: Tenant) -> Preferences:
    """As they stand, whatever the bounds were when they were set."""
    return Preferences.model_construct(
        match_threshold=tenant.match_threshold.quantize(_THOUSANDTH),
        attribution_window_days=tenant.attribution_window_days,
        consent_mode=ConsentMode(tenant.consent_mode),
        escalate_after=tenant.escalate_after,
    )


def _changes(before: Preferences, after: Preferences) -> dict[str, Any]:
    """``{name: {"old": …, "new": …}}`` of those that differ."""
    old, new = before.model_dump(mode="json"), after.model_dump(mode="json")
    return {name: {"old": old[name], "new": new[name]} for name in new if old[name] != new[name]}
