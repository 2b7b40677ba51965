"""Assemble the case file from the database: a few bounded queries, no model, every text scanned."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from tracking_core.handoff import progress
from tracking_core.handoff.codes import SENTENCES, Reason
from tracking_core.handoff.evidence import attempts, evidence, message_of
from tracking_core.handoff.external import external_state
from tracking_core.handoff.package import (
    MAX_BYTES,
    MAX_MESSAGES,
    PACKAGE_VERSION,
    Case,
    Conversation,
    Customer,
    GiveBack,
    HandoffPackage,
    Line,
    Quote,
    ReasonGiven,
)
from tracking_core.handoff.summary import summary
from tracking_core.handoff.texts import QUOTE, said
from tracking_core.i18n import DEFAULT_LOCALE, translate
from tracking_core.models import MessageRole, SetupHandoff, SetupMessage, SetupSession
from tracking_core.safety.scanner import mask
from tracking_core.secrets.wording import kinds_in
from tracking_core.settings import Settings
from tracking_core.tenants import service as tenants

DESK_PATH = "/api/v1/handoffs"
GIVE_BACK = {
    "resume": "Give the case back to the agent",
    "resolve": "Close the case",
    "ask_seller": "Ask the seller something",
}
_PATHS = {"resume": "resume", "resolve": "resolve", "ask_seller": "ask"}
_SHRINK = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """What the last escalation was about: a stage, and the code of what failed there."""

    step: str | None = None
    code: str | None = None


async def build(
    session: AsyncSession,
    handoff: SetupHandoff,
    owner: SetupSession,
    trouble: Trouble,
    settings: Settings,
    *,
    locale: str = DEFAULT_LOCALE,
) -> HandoffPackage:
    """At most ``MAX_BYTES`` as JSON, whatever the session holds. Its own sentences are in the language."""
    link = f"{settings.base_url}/setup/sessions/{owner.id}"
    tenant = await tenants.get(session, owner.tenant_id)
    customer = Customer(tenant_id=tenant.id, name=said(tenant.name), has_contact=owner.contact is not None)
    tried, external = await attempts(session, owner.id, locale), await external_state(session, owner, locale)
    reason, way = _reason(handoff, owner, trouble, locale), progress.progress(owner, trouble.step, locale)
    next_step = progress.next_step(owner, Reason(handoff.reason), way.step, trouble.code, locale)
    lines, omitted = await _messages(session, owner.id, locale)
    made = HandoffPackage(
        version=PACKAGE_VERSION,
        case=_case(handoff, owner, link),
        reason=reason,
        customer=customer,
        progress=way,
        last_said=await _last_said(session, owner.id, locale),
        attempts=tried[0],
        evidence=await evidence(session, owner.id),
        external_state=external,
        next_step=next_step,
        conversation=Conversation(
            summary=summary(customer, reason, way, tried, external, next_step, locale),
            messages=lines,
            omitted=omitted,
            link=link,
        ),
        give_back=_give_back(handoff.id, locale),
    )
    return bounded(_scanned(made))


def bounded(package: HandoffPackage) -> HandoffPackage:
    """The oldest messages go first, then the oldest attempts and outcomes: what is left fits by its own limits."""
    while len(orjson.dumps(package.to_json())) > MAX_BYTES:
        package = _shorter(package)
    return package


def _shorter(package: HandoffPackage) -> HandoffPackage:
    said_, seen = package.conversation, package.evidence
    if said_.messages:
        gone = -(-len(said_.messages) // _SHRINK)
        changed = {"messages": said_.messages[gone:], "omitted": said_.omitted + gone}
        return package.model_copy(update={"conversation": said_.model_copy(update=changed)})
    if package.attempts:
        return package.model_copy(update={"attempts": package.attempts[: len(package.attempts) // 2]})
    shorter = {"outcomes": seen.outcomes[:-1], "screenshots": seen.screenshots[:-1], "page": {}}
    assert seen.outcomes or seen.screenshots or seen.page, "what is left fits by its own limits"
    return package.model_copy(update={"evidence": seen.model_copy(update=shorter)})


def _scanned(package: HandoffPackage) -> HandoffPackage:
    """Once more, all of it: a part that is made anew one day cannot forget it."""
    return HandoffPackage.from_json(_masked(package.to_json()))


def _masked(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _masked(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_masked(item) for item in value]
    return mask(value) if isinstance(value, str) else value


def _case(handoff: SetupHandoff, owner: SetupSession, link: str) -> Case:
    known = {"id": handoff.id, "created_at": handoff.created_at, "due_at": handoff.due_at}
    return Case.model_validate({**known, "priority": handoff.priority, "locale": owner.locale, "link": link})


def _reason(handoff: SetupHandoff, owner: SetupSession, trouble: Trouble, locale: str) -> ReasonGiven:
    sentence = translate(SENTENCES[Reason(handoff.reason)], locale)
    params = progress.params_of(owner, trouble.code)
    message = message_of(trouble.code, params, locale)
    return ReasonGiven(code=handoff.reason, sentence=sentence, failure=trouble.code, failure_message=message)


async def _last_said(session: AsyncSession, session_id: UUID, locale: str) -> Quote | None:
    query = select(SetupMessage).where(SetupMessage.session_id == session_id, SetupMessage.role == MessageRole.SELLER)
    newest = query.order_by(col(SetupMessage.created_at).desc(), col(SetupMessage.id).desc()).limit(1)
    row = (await session.scalars(newest)).first()
    return Quote(text=said(row.text, QUOTE, kinds=kinds_in([row]), locale=locale), at=row.created_at) if row else None


async def _messages(session: AsyncSession, session_id: UUID, locale: str) -> tuple[tuple[Line, ...], int]:
    """The newest, oldest first, and how many came before them."""
    mine = SetupMessage.session_id == session_id
    newest = select(SetupMessage).where(mine).order_by(col(SetupMessage.created_at).desc(), col(SetupMessage.id).desc())
    rows = (await session.scalars(newest.limit(MAX_MESSAGES))).all()
    total = await session.scalar(select(func.count()).where(mine)) or 0
    kinds = kinds_in(rows)
    lines = (
        Line(
            role=row.role,
            text=said(row.text, QUOTE, kinds=kinds, locale=locale),
            code=row.code,
            at=row.created_at,
        )
        for row in rows[::-1]
    )
    return tuple(lines), total - len(rows)


def _give_back(handoff_id: UUID, locale: str) -> tuple[GiveBack, ...]:
    return tuple(
        GiveBack.model_validate(
            {
                "action": action,
                "label": translate(label, locale),
                "method": "POST",
                "path": f"{DESK_PATH}/{handoff_id}/{_PATHS[action]}",
            }
        )
        for action, label in GIVE_BACK.items()
    )
