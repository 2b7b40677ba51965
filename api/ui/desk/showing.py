"""The page of a case: read anew, or once more with what somebody typed and why it did not go through."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from uuid import UUID

from fastapi import Request
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from api.ui.desk.case import case_of, case_view
from api.ui.desk.checks import FIELDS
from api.ui.desk.clocks import moment
from api.ui.desk.words import ROLES, word
from api.ui.rendering import Lenient, page
from api.ui.setup.forms import SECRET_FIELDS
from api.ui.visitor import Visitor
from tracking_core.errors import HubError
from tracking_core.handoff.action_words import action_word, state_word
from tracking_core.handoff.contact import Contact
from tracking_core.handoff.desk import MESSAGE_LIMIT
from tracking_core.i18n import translate
from tracking_core.kit import clock
from tracking_core.kit.ids import new_hex
from tracking_core.models import IntentState, SetupIntent
from tracking_core.setup.meanings import describe, fault_of
from tracking_core.setup.outcome import Fault

ASKED_FOR = "Asked for. What comes of it appears here by itself."
PLAN_WAITS = "The plan waits for the seller's approval: only they can give it, in their setup."
NOT_IN_VAULT = "The vault holds no credential for this check. Ask the seller to enter it in their setup."


class Act(StrEnum):
    """What a person can do with a case."""

    TAKE = "take"
    RELEASE = "release"
    REPLY = "reply"
    ASK = "ask"
    RESUME = "resume"
    RESOLVE = "resolve"


DONE: dict[Act, str] = {
    Act.TAKE: "The case is yours: the assistant is silent, and what the seller writes comes to you.",
    Act.RELEASE: "The case is back in the queue.",
    Act.REPLY: "Your message is in the seller's chat.",
    Act.ASK: "Your question is in the seller's chat, and they were told that you wait for an answer.",
    Act.RESUME: "The case is given back: the assistant goes on with the seller.",
    Act.RESOLVE: "The case is resolved, and the seller was told.",
}


FORMS = (*Act, *FIELDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One sentence at the top."""

    text: str
    is_good: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """A form that comes back: which, what was typed, and what is wrong with it."""

    form: str
    fields: Mapping[str, str] = field(default_factory=dict, repr=False)
    errors: Mapping[str, str] = field(default_factory=dict)
    refusal: str = ""
    http_status: int = 409


async def case_page(
    session: AsyncSession,
    request: Request,
    who: Visitor,
    handoff_id: UUID,
    *,
    notice: Notice | None = None,
    again: Again | None = None,
    contact: Contact | None = None,
) -> Response:
    """Raises NotFound. ``contact`` only for who asked for it, which is on record."""
    handoff, owner = await case_of(session, handoff_id)
    view = await case_view(session, who, handoff, owner, request.app.state.settings)
    back = again or Again(form="")
    return page(
        "desk/case.html",
        who,
        http_status=back.http_status if again else 200,
        case=view,
        values=Lenient(view.tried),
        head=view.head,
        file=view.package,
        lang="" if view.language == who.locale else view.language.replace("_", "-"),
        notice=notice,
        again=back,
        typed={name: Lenient(back.fields if name == back.form else {}) for name in FORMS},
        unsent=back.fields.get("text", ""),
        errors=Lenient(back.errors),
        lacks_secret=bool(set(back.errors) & set(SECRET_FIELDS)),
        not_in_vault=translate(NOT_IN_VAULT, who.locale),
        contact=contact,
        limit=MESSAGE_LIMIT,
        moment_now=clock.now().isoformat(),
        once=back.fields.get("once") or new_hex(),
        **_words(who.locale),
    )


def _words(locale: str) -> dict[str, Any]:
    """How the template says what the file names by code."""
    now = clock.now()
    return {
        "role_word": lambda code: word(ROLES, code, locale),
        "state_word": lambda code: state_word(code, locale),
        "action_word": lambda name: action_word(name, locale),
        "moment": lambda at: moment(at, now, locale),
    }


def refusal_of(error: HubError, locale: str) -> str:
    message = translate(error.message, locale)
    return message.format(**error.params) if error.params else message


async def notice_of(
    session: AsyncSession, session_id: UUID, done: Act | None, asked: UUID | None, locale: str
) -> Notice | None:
    """What to say first: what was just done, or what came of what was asked for."""
    if done is not None:
        return Notice(text=translate(DONE[done], locale))
    intent = await session.get(SetupIntent, asked) if asked else None
    if intent is None or intent.session_id != session_id:
        return None
    if intent.state == IntentState.QUEUED or intent.code is None:
        waits = intent.result.get("outcome") == "awaiting_approval"
        return Notice(text=translate(PLAN_WAITS if waits else ASKED_FOR, locale))
    said = describe(intent.code, intent.result.get("params", {}), locale)
    text = " ".join(filter(None, (said["message"], said.get("recommendation"))))
    return Notice(text=text, is_good=fault_of(intent.code) is Fault.NOBODY)
