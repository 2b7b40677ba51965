"""One case, everything on one screen: the file as the database has it now, what happened, and what can be done."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from api import trail
from api.ui.desk.checks import tried_last
from api.ui.desk.clocks import SlaClock, lasting, moment, sla_clock
from api.ui.desk.configuration import ConfigurationDiff, configuration_diff
from api.ui.desk.queue import step_label
from api.ui.desk.timeline import Entry, timeline
from api.ui.desk.words import CASE_STATES, STAGE_STATUSES, word
from api.ui.visitor import Visitor, person
from tracking_core.errors import NotFound
from tracking_core.handoff import presence
from tracking_core.handoff.build import Trouble, build
from tracking_core.handoff.codes import SENTENCES, Reason
from tracking_core.handoff.languages import package_in
from tracking_core.handoff.package import HandoffPackage
from tracking_core.handoff.queue import listed
from tracking_core.handoff.rows import LIVE
from tracking_core.handoff.summary import LABELS
from tracking_core.i18n import translate
from tracking_core.kit import clock
from tracking_core.models import HandoffState, Role, SetupHandoff, SetupSession
from tracking_core.settings import Settings
from tracking_core.setup import status
from tracking_core.setup.outcome import Stage
from tracking_core.tenants import service as tenants


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """Whose the case is and how it stands. ``seen`` and ``read`` go with every form: when the case had
    changed last, and when the last message was written that is shown."""

    id: str
    session_id: str
    shop: str
    priority: str
    reason: str
    step: str
    state: str
    state_word: str
    owner: str | None
    clock: SlaClock
    created_at: str
    created: str
    age: str
    seen: str
    read: str
    is_live: bool
    is_mine: bool
    may_release: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StageView:
    """One stage of the setup, as it is now."""

    label: str
    status: str
    word: str
    message: str
    recommendation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseView:
    """``package`` is the file made anew while the case is live; of a closed one, as it was last written. Its sentences
    are in ``language``. ``others`` look at the case too. ``earlier`` counts what is not in the timeline any more;
    ``after`` is the number of the session's last event that is in here."""

    head: Head
    package: HandoffPackage
    language: str
    others: tuple[str, ...]
    has_contact: bool
    timeline: tuple[Entry, ...]
    earlier: int
    stages: tuple[StageView, ...]
    status: dict[str, Any] = field(repr=False)
    configuration: ConfigurationDiff | None
    tried: dict[str, str]
    after: int


async def case_of(session: AsyncSession, handoff_id: UUID) -> tuple[SetupHandoff, SetupSession]:
    """The case and its setup. Raises NotFound."""
    handoff = await session.get(SetupHandoff, handoff_id)
    if handoff is None:
        raise NotFound(what="handoff")
    return handoff, await session.get_one(SetupSession, handoff.session_id)


async def case_view(
    session: AsyncSession, who: Visitor, handoff: SetupHandoff, owner: SetupSession, settings: Settings
) -> CaseView:
    now, locale = clock.now(), who.locale
    after = owner.event_seq  # read before the rest, which may say more
    tenant = await tenants.get(session, handoff.tenant_id)
    package, language = await _package(session, handoff, owner, settings, locale)
    told, ledger = await status.of(session, owner, locale=locale), await trail.entries(session, owner.id)
    shown, earlier = timeline(handoff, ledger, now, locale)
    return CaseView(
        head=_head(handoff, tenant.name, who, now, read=_read(package)),
        package=package,
        language=language,
        others=tuple(await presence.look(session, handoff.id, person(who).user.id, now=now)),
        has_contact=owner.contact is not None,
        timeline=shown,
        earlier=earlier,
        stages=tuple(_stage(name, one, locale) for name, one in told["stages"].items()),
        status=told,
        configuration=await configuration_diff(session, handoff.tenant_id, locale),
        tried=tried_last(owner, ledger),
        after=after,
    )


async def _package(
    session: AsyncSession, handoff: SetupHandoff, owner: SetupSession, settings: Settings, locale: str
) -> tuple[HandoffPackage, str]:
    """And the language of its sentences."""
    written, language = package_in(handoff, locale)
    if handoff.state not in LIVE:
        return written, language
    trouble = Trouble(step=written.progress.step, code=written.reason.failure)
    return await build(session, handoff, owner, trouble, settings, locale=locale), locale


def _read(package: HandoffPackage) -> str:
    said = package.conversation.messages
    return said[-1].at.isoformat() if said else ""


def _head(handoff: SetupHandoff, shop: str, who: Visitor, now: datetime, *, read: str) -> Head:
    told, locale, asking = listed(handoff, shop, now), who.locale, person(who)
    is_taken = handoff.state == HandoffState.TAKEN
    is_mine = is_taken and handoff.owner == asking.user.name
    return Head(
        id=told["handoff_id"],
        session_id=told["session_id"],
        shop=shop,
        priority=handoff.priority,
        reason=translate(SENTENCES[Reason(handoff.reason)], locale),
        step=step_label(handoff, locale),
        state=handoff.state,
        state_word=word(CASE_STATES, handoff.state, locale),
        owner=handoff.owner,
        clock=sla_clock(told, now, locale),
        created_at=told["created_at"],
        created=moment(handoff.created_at, now, locale),
        age=lasting((now - handoff.created_at).total_seconds()),
        seen=handoff.updated_at.isoformat(),
        read=read,
        is_live=handoff.state in LIVE,
        is_mine=is_mine,
        may_release=is_mine or (is_taken and asking.role is Role.OPERATOR),
    )


def _stage(name: str, told: dict[str, Any], locale: str) -> StageView:
    label = translate(LABELS[Stage(name)], locale)
    return StageView(
        label=label[:1].upper() + label[1:],
        status=told["status"],
        word=word(STAGE_STATUSES, told["status"], locale),
        message=told.get("message", ""),
        recommendation=told.get("recommendation", ""),
    )
