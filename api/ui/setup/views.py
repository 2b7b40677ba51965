"""What a step of the wizard is rendered from."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from uuid import UUID

from fastapi import Request
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from api import trail
from api.ui import paths
from api.ui.chat.views import chat_of
from api.ui.rendering import Lenient, page
from api.ui.setup import times
from api.ui.setup.choices import chosen_now, contact_shown
from api.ui.setup.forms import GATEWAY_FIELDS
from api.ui.setup.guides import guides_of
from api.ui.setup.kept import checked_last, field_names
from api.ui.setup.review import is_working, review_of
from api.ui.setup.steps import Step, next_of, steps_of
from api.ui.visitor import Visitor, person
from tracking_core.configuration.current import read_current
from tracking_core.kit.ids import new_hex
from tracking_core.models import ConsentMode, Role, SetupSession, Tenant
from tracking_core.secrets.kept import kept_by, kept_for_each
from tracking_core.setup import status
from tracking_core.tenants import service as tenants

_UNPROCESSABLE, _CONFLICT = 422, 409


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A form that comes back: what was typed, without secrets, with a sentence for each field that is wrong; or one
    sentence about all of it."""

    fields: Mapping[str, str] = field(default_factory=dict, repr=False)
    errors: Mapping[str, str] = field(default_factory=dict)
    notice: str = ""


@dataclass(frozen=True, slots=True)
class Wizard:
    """A setup as somebody looks at it; in its chat, the newest messages or those ``before`` one."""

    session: AsyncSession
    request: Request
    who: Visitor
    setup: SetupSession
    before: UUID | None = None

    async def page(self, step: Step, refused: Refused | None = None) -> Response:
        context = await self.context(step, refused or Refused())
        context["chat"] = await chat_of(self.session, self.setup, self.who, before=self.before)
        http_status = 200
        if refused is not None:
            http_status = _UNPROCESSABLE if refused.errors else _CONFLICT
        return page(f"setup/{step.value}.html", self.who, http_status=http_status, **context)

    async def live(self, step: Step) -> Response:
        """The parts of the step that a setup changes by itself."""
        return page(f"setup/live/{step.value}.html", self.who, **await self.context(step, Refused()))

    async def context(self, step: Step, refused: Refused) -> dict[str, Any]:
        setup, locale = self.setup, self.who.locale
        tenant = await tenants.get(self.session, setup.tenant_id)
        shared: dict[str, Any] = {
            "setup": setup,
            "here": f"{paths.SETUPS}/{setup.id}",
            "seq": setup.event_seq,
            "tenant": tenant,
            "status": await status.of(self.session, setup, locale=locale),
            "steps": steps_of(setup.stages, step, has_contact=setup.contact is not None),
            "step": step,
            "next_step": next_of(step),
            "fields": Lenient(refused.fields),
            "errors": Lenient(refused.errors),
            "notice": refused.notice,
            "facts": {name: Lenient(setup.facts.get(name, {})) for name in ("gateway", "meta", "url")},
            "once": new_hex(),
            "when": partial(times.told, locale=locale),
            "is_working": await is_working(self.session, setup),
            "is_seller": person(self.who).role is Role.SELLER,
        }
        return {**shared, **await _MORE[step](self, tenant)}


async def _business(wizard: Wizard, tenant: Tenant) -> dict[str, Any]:
    chosen = await chosen_now(wizard.session, wizard.setup)
    return {"contact": Lenient(contact_shown(wizard.setup, tenant, wizard.who)), "chosen": chosen}


async def _gateway(wizard: Wizard, tenant: Tenant) -> dict[str, Any]:
    entries = await trail.entries(wizard.session, wizard.setup.id)
    kept = await kept_for_each(wizard.session, wizard.setup, GATEWAY_FIELDS)
    current = await read_current(wizard.session, tenant.id)
    gateways = {
        name: {
            "fields": fields,
            "kept": Lenient(field_names(kept[name])),
            "can_verify": current.endpoint_of(name) is not None,
            "guides": guides_of(name),
        }
        for name, fields in GATEWAY_FIELDS.items()
    }
    return {"gateways": gateways, "last": Lenient(checked_last(entries))}


async def _meta(wizard: Wizard, _tenant: Tenant) -> dict[str, Any]:
    kept = await kept_by(wizard.session, wizard.setup)
    chosen = await chosen_now(wizard.session, wizard.setup)
    last = Lenient(checked_last(await trail.entries(wizard.session, wizard.setup.id)))
    return {"kept": Lenient(field_names(kept)), "chosen": chosen, "guides": guides_of("meta"), "last": last}


async def _sales_page(wizard: Wizard, tenant: Tenant) -> dict[str, Any]:
    key = await tenants.write_key(wizard.session, tenant.id)
    base_url = wizard.request.app.state.settings.base_url
    last = Lenient(checked_last(await trail.entries(wizard.session, wizard.setup.id)))
    chosen = await chosen_now(wizard.session, wizard.setup)
    asks = chosen["consent_mode"] == ConsentMode.OPT_IN
    return {"base_url": base_url, "write_key": key, "asks_consent": asks, "guides": guides_of("page"), "last": last}


async def _review(wizard: Wizard, _tenant: Tenant) -> dict[str, Any]:
    review = await review_of(wizard.session, wizard.setup, wizard.who.locale)
    return {"review": review, "chosen": await chosen_now(wizard.session, wizard.setup)}


_MORE: Mapping[Step, Callable[[Wizard, Tenant], Awaitable[dict[str, Any]]]] = {
    Step.BUSINESS: _business,
    Step.GATEWAY: _gateway,
    Step.META: _meta,
    Step.PAGE: _sales_page,
    Step.REVIEW: _review,
}
