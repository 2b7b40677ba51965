"""What a seller says of themselves and chooses: who to reach, whose consent counts, which visits are reported too."""

from collections.abc import Mapping
from typing import Any

from fastapi import Request
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from api.inbox import ask
from api.ui.setup.access import caller_of
from api.ui.setup.forms import Fields, FormInvalid, checked, errors_of, preferences_wish
from api.ui.visitor import Visitor, person
from tools.inputs import Preferences
from tracking_core.configuration.spec import Spec
from tracking_core.configuration.versions import active_version
from tracking_core.handoff import service as handoffs
from tracking_core.handoff.contact import Contact
from tracking_core.models import BrowserEvent, Role, SetupSession, Tenant
from tracking_core.tenants import service as tenants

CONTACT = ("name", "email", "phone")
_TEST_CODE = "test_event_code"


def contact_shown(setup: SetupSession, tenant: Tenant, who: Visitor) -> dict[str, str]:
    """What the form begins with. Somebody's contact is shown to the seller only; who else reads it does so where that
    is written down."""
    if person(who).role is not Role.SELLER:
        return {}
    kept = handoffs.contact_of(setup, tenants.cipher_of(tenant))
    if kept is None:
        return {"name": person(who).user.name, "email": person(who).user.email}
    return {name: value for name in CONTACT if (value := getattr(kept, name))}


async def keep_contact(session: AsyncSession, setup: SetupSession, fields: Fields, locale: str) -> None:
    """All empty keeps what there is. Raises FormInvalid."""
    said = {name: value for name in CONTACT if (value := fields.get(name, "").strip())}
    if not said and setup.contact is not None:
        return
    try:
        contact = Contact.model_validate(said)
    except ValidationError as invalid:
        errors = errors_of(invalid, locale)
        raise FormInvalid({name or "email": message for name, message in errors.items()}) from None
    tenant = await tenants.get(session, setup.tenant_id)
    handoffs.keep_contact(setup, contact, tenants.cipher_of(tenant))
    await session.flush()


def preferences_in(fields: Fields, locale: str) -> Preferences:
    """Those that the form has: an unticked box is no field, so a list says that it was shown. Raises FormInvalid."""
    said: dict[str, Any] = {}
    if "consent_mode" in fields:
        said["consent_mode"] = fields["consent_mode"]
    if "browser_events" in fields:
        said["browser_events"] = [one.value for one in BrowserEvent if fields.get(f"event-{one.value}")]
    if _TEST_CODE in fields:
        said[_TEST_CODE] = fields[_TEST_CODE].strip() or None
    return checked(Preferences, said, locale)


async def choose(request: Request, who: Visitor, setup: SetupSession, now: Mapping[str, Any], fields: Fields) -> None:
    """Ask for what differs from ``now``, which is chosen already. Raises FormInvalid, and as ``ask``."""
    wanted = preferences_in(fields, who.locale).chosen()
    changed = {name: value for name, value in wanted.items() if value != now.get(name)}
    if changed:
        wish = preferences_wish(Preferences.model_validate(changed), fields)
        await ask(request, caller_of(who, setup), setup.id, wish)


async def chosen_now(session: AsyncSession, setup: SetupSession) -> dict[str, Any]:
    """What a plan would take: the setup's own choice, else what is in use."""
    tenant = await tenants.get(session, setup.tenant_id)
    active, _ = await active_version(session, setup.tenant_id)
    events = Spec.from_json(active.spec).dataset.browser_events if active else ()
    in_use = {"consent_mode": tenant.consent_mode, "browser_events": [str(one) for one in events], _TEST_CODE: None}
    return {**in_use, **setup.facts.get("preferences", {})}
