"""The configuration in use, beside the one before it."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from tracking_core.configuration import lines
from tracking_core.configuration.spec import Spec
from tracking_core.configuration.versions import list_versions
from tracking_core.i18n import translate
from tracking_core.models import ConfigurationState, TrackingConfiguration

FIELDS = {
    "dataset": "Meta dataset",
    "test_code": "Test code",
    "browser_events": "Visits that are sent",
    "accounts": "Checkout accounts",
    "page": "Sales page",
    "consent": "Consent",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldDiff:
    """One line of the comparison, empty where there is nothing."""

    label: str
    before: str
    now: str

    @property
    def is_changed(self) -> bool:
        return self.before != self.now


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigurationDiff:
    """``before`` is None for the first version."""

    version: int
    before: int | None
    fields: tuple[FieldDiff, ...]


async def configuration_diff(session: AsyncSession, tenant_id: UUID, locale: str) -> ConfigurationDiff | None:
    """None when no configuration is in use."""
    versions = await list_versions(session, tenant_id)
    active = next((one for one in versions if one.state == ConfigurationState.ACTIVE), None)
    if active is None:
        return None
    earlier = next((one for one in versions if one.version < active.version), None)
    now, before = _told(active, locale), _told(earlier, locale) if earlier else {}
    fields = tuple(
        FieldDiff(label=translate(label, locale), before=before.get(name, ""), now=now[name])
        for name, label in FIELDS.items()
    )
    return ConfigurationDiff(version=active.version, before=earlier.version if earlier else None, fields=fields)


def _told(row: TrackingConfiguration, locale: str) -> dict[str, str]:
    """What the version says, credentials aside; in the words of a plan's diff."""
    spec = Spec.from_json(row.spec)
    consent, visits = lines.consent(spec.consent_mode, spec.consent_mode), lines.browser_events(spec.dataset, ())
    accounts = (f"{one.gateway.title()} {one.account_id or ''}".strip() for one in spec.endpoints)
    return {
        "dataset": f"{spec.dataset.dataset_name} ({spec.dataset.dataset_id})",
        "test_code": spec.dataset.test_event_code or "",
        "browser_events": translate(visits.after or "", locale),
        "accounts": ", ".join(accounts),
        "page": spec.landing_url,
        "consent": translate(consent.after or "", locale),
    }
